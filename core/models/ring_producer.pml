/* Part of ring.pml: who pushes. */

#define PUSH_TURN (mine == phase)
#define WANTED ((END_MESSAGE(k) - next) < BATCH -> (END_MESSAGE(k) - next) : BATCH)
#define USED ((pos - read_position) & 255)
#define BACK (pos - CAPACITY) /* the position that must be free again for pos */
#define CAPACITY_ALLOWS(p) (word[SLOT((p) - CAPACITY)] == FREE((p) - CAPACITY + SLOTS))

#ifdef MPSC
#define HAS_ROOM (pos - read_position < CAPACITY && word[SLOT(pos)] == FREE(pos))
#elif CAPACITY == SLOTS
#define HAS_ROOM (word[SLOT(pos)] == FREE(pos))
#else
#define HAS_ROOM (word[SLOT(pos)] == FREE(pos) && CAPACITY_ALLOWS(pos))
#endif

/* Mutant: a slot is given back that no consumer has claimed. */
#ifdef MUTANT_RELEASE_UNREAD
#define CLAIMED_BY_CONSUMER(p) true
#else
#define CLAIMED_BY_CONSUMER(p) (read_position > (p))
#endif
#ifdef REDELIVER
#define RELEASABLE(p) (word[SLOT(p)] == ABANDONED(p) && CLAIMED_BY_CONSUMER(p))
#else
#define RELEASABLE(p) \
  ((word[SLOT(p)] == FULL(p) || word[SLOT(p)] == ABANDONED(p)) && CLAIMED_BY_CONSUMER(p))
#endif

/* Mutant: a batch asks only whether its first slot is free. */
#ifdef MUTANT_BATCH_BY_FIRST_SLOT
#define SEEN_FREE (n > 0 || word[SLOT(pos)] == FREE(pos))
#else
#define SEEN_FREE (word[SLOT(pos + n)] == FREE(pos + n))
#endif

inline commit(p, id) {
  word[SLOT(p)] = FULL(p);
  committed = committed | BIT(id)
}

inline begin_push() {
  pos = write_position;
  n = 0;
  i = 0;
  w = 0;
  seen = 0;
  other = 0
}

proctype producer(byte k; byte mine) {
  byte next = FIRST_MESSAGE(k);
  byte pos, n, i, room, w, other, seen;
attach:
  {
#ifdef MUTANT_STALE_ENTRY /* Mutant: what the dead one announced stays in the entry. */
    skip;
#else
    intent[ENTRY(k)] = 0;
#endif
publish: /* a push ends here, and the next begins */
    if
    :: d_step { i < n -> commit(pos + i, next - n + i); i++ }; goto publish
    :: d_step { i == n && next < END_MESSAGE(k) -> begin_push() }
    :: d_step { i == n && next == END_MESSAGE(k) -> begin_push(); pos = 0; finished[k] = true };
       goto idle
    fi;
search:
#ifdef MPSC
    if
#ifdef MUTANT_OVER_CAPACITY /* Mutant: all slots are used. */
    :: d_step { USED <= SLOTS -> room = SLOTS - USED }
    :: d_step { USED > SLOTS -> room = 0 }
#else
    :: d_step { USED <= CAPACITY -> room = CAPACITY - USED }
    :: d_step { USED > CAPACITY -> room = 0 } /* the position is out of date */
#endif
    fi;
look:
    if
    :: d_step { n < WANTED && n < room && SEEN_FREE -> n++ }; goto look
    :: n == 0 && !(n < room && word[SLOT(pos)] == FREE(pos)) -> goto no_room
    :: n > 0 && (n == WANTED || !(n < room && SEEN_FREE)) -> skip
    fi;
#else
look:
    if
#if CAPACITY == SLOTS || defined(MUTANT_OVER_CAPACITY)
    :: d_step { n < WANTED && SEEN_FREE -> n++ }; goto look
#else
    :: n < WANTED && SEEN_FREE ->
       if
       :: d_step { CAPACITY_ALLOWS(pos + n) -> n++ }; goto look
       :: n == 0 && !CAPACITY_ALLOWS(pos + n) -> goto no_room
       :: n > 0 && !CAPACITY_ALLOWS(pos + n) -> skip
       fi
#endif
    :: n == 0 && word[SLOT(pos)] != FREE(pos) -> goto no_room
    :: n > 0 && (n == WANTED || !SEEN_FREE) -> skip
    fi;
#endif
#if !defined(MUTANT_NO_ANNOUNCE) && !defined(MUTANT_ANNOUNCE_AFTER_CLAIM)
    intent[ENTRY(k)] = INTENT(pos, n, ENQ);
#endif
    if
    :: d_step {
         write_position == pos ->
         write_position = pos + n;
         next = next + n;
         held = held + n;
         assert(held <= CAPACITY) /* never more than the capacity */
       }
    :: d_step { write_position != pos -> begin_push() }; goto search
    fi;
#ifdef MUTANT_ANNOUNCE_AFTER_CLAIM
    intent[ENTRY(k)] = INTENT(pos, n, ENQ);
#endif
fill:
    if
    :: d_step {
         i < n ->
#ifdef MUTANT_COMMIT_BEFORE_COPY
         commit(pos + i, next - n + i);
#endif
         payload[SLOT(pos + i)] = 0
       };
       d_step { payload[SLOT(pos + i)] = next - n + i; i++ };
       goto fill
    :: d_step { i == n -> commit(pos, next - n); i = 1 }; goto publish
#ifdef ABORTS
    :: d_step { i == n -> i = 0 }
    fi;
abandon:
    if
    :: d_step { i < n -> word[SLOT(pos + i)] = ABANDONED(pos + i); i++ }; goto abandon
    :: i == n -> goto publish
#endif
    fi;
no_room:
#ifndef MUTANT_KEEP_INTENT /* Mutant: who waits still announces what another one has claimed. */
    intent[ENTRY(k)] = 0;
#endif
waiting:
    if
    :: d_step { PUSH_TURN && (write_position != pos || HAS_ROOM) -> begin_push() }; goto search
#if defined(MPMC) && !defined(MUTANT_NO_REPAIR)
    :: d_step {
         PUSH_TURN && write_position == pos && RELEASABLE(BACK) && !STILL_COVERED ->
         w = word[SLOT(BACK)];
         seen = 0;
         other = FIRST_CONSUMER
       }
    fi;
scan: /* for a living consumer that has announced BACK */
    if
    :: d_step { other < AUDIT_CONSUMER && !COVERS(intent[other], BACK, DEQ) -> other++ }; goto scan
    :: d_step {
         other < AUDIT_CONSUMER && COVERS(intent[other], BACK, DEQ) -> seen = intent[other]
       };
       if
       :: CONSUMER_ALIVE(other) -> goto waiting
       :: d_step { !CONSUMER_ALIVE(other) -> seen = 0; other++ }; goto scan
       fi
#ifdef MUTANT_REPAIR_BY_STORE
    :: d_step { other == AUDIT_CONSUMER -> word[SLOT(BACK)] = FREE(BACK + SLOTS); held-- };
#else
    :: d_step {
         other == AUDIT_CONSUMER && word[SLOT(BACK)] == w ->
         word[SLOT(BACK)] = FREE(BACK + SLOTS);
         held--;
         uncounted = uncounted + (w & 1)
       }
    :: d_step { other == AUDIT_CONSUMER && word[SLOT(BACK)] != w -> begin_push() }; goto search
#endif
    fi;
    if /* count the drop */
    :: d_step {
         w & 1 ->
         drops++;
#ifndef MUTANT_REPAIR_BY_STORE
         uncounted--;
#endif
         begin_push()
       }
    :: d_step { !(w & 1) -> begin_push() }
    fi;
    goto search;
#else
    fi;
#endif
idle:
    false
  } unless {
    d_step { !alive[k] -> begin_push(); pos = 0; room = 0 };
#ifdef RESTART
    d_step { phase == 0 -> alive[k] = true };
    goto attach
#else
    false
#endif
  }
}
