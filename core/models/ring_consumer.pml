/* Part of ring.pml: who pops. */

#define POP_TURN (mine == 0 -> phase == 0 : phase == 1 || phase == 3)
#ifdef MUTANT_NO_STEP_OVER /* Mutant: an abandoned slot is waited for. */
#define IS_ABANDONED false
#else
#define IS_ABANDONED (word[SLOT(pos)] == ABANDONED(pos))
#endif
/* Mutants: the slot that is repaired need not be claimed; or that is asked after the intents. */
#if defined(MUTANT_REPAIR_UNCLAIMED) || defined(MUTANT_CLAIM_SEEN_LATE)
#define CLAIMED_BY_PRODUCER true
#else
#define CLAIMED_BY_PRODUCER (write_position > pos)
#endif
#ifdef MUTANT_CLAIM_SEEN_LATE
#define STILL_CLAIMED (write_position > pos)
#else
#define STILL_CLAIMED true
#endif

/* For adoption: a filled slot that a consumer has claimed, and nobody who lives. */
#define TAKEN_SLOT(s) ((word[s] & 3) == 1 && (word[s] >> 2) < read_position)
#define COVERED_BY(c, s) (alive[c] && COVERS(intent[c], word[s] >> 2, DEQ))
#if CONSUMERS == 1
#define COVERED(s) COVERED_BY(FIRST_CONSUMER, s)
#else
#define COVERED(s) (COVERED_BY(FIRST_CONSUMER, s) || COVERED_BY(FIRST_CONSUMER + 1, s))
#endif
#if SLOTS == 1
#define MAY_ADOPT (TAKEN_SLOT(0) && (!futile || !COVERED(0)))
#else
#define MAY_ADOPT \
  (TAKEN_SLOT(0) && (!futile || !COVERED(0)) || TAKEN_SLOT(1) && (!futile || !COVERED(1)))
#endif

inline deliver(id) {
  assert(committed & BIT(id));    /* never what was not pushed */
  assert(!(delivered & BIT(id))); /* never twice */
  delivered = delivered | BIT(id);
  if
  :: redelivered -> skip
  :: else ->
     assert(!(taken[k - FIRST_CONSUMER] & LATER(id))); /* in order within a producer */
     taken[k - FIRST_CONSUMER] = taken[k - FIRST_CONSUMER] | BIT(id)
  fi
}

inline give_back(p) {
  word[SLOT(p)] = FREE(p + SLOTS);
  held--
}

inline begin_pop() {
  n = 0;
  i = 0;
  w = 0;
  seen = 0;
  other = 0;
  redelivered = false
}

#ifdef MPSC
#define NEXT_TO_READ pos
#else
#define NEXT_TO_READ read_position
#endif

proctype consumer(byte k; byte mine) {
  byte pos, n, i, w, other, seen;
  byte got[BATCH];
  bool redelivered, futile;
attach:
  {
#ifndef MUTANT_STALE_ENTRY
    intent[k] = 0;
#endif
    pos = read_position;
#if defined(MPSC) && !defined(MUTANT_NO_HEALING)
heal: /* the dead one gave a slot back and did not say so */
    if
    :: d_step { word[SLOT(pos)] == FREE(pos + SLOTS) -> pos++ }; read_position = pos; goto heal
    :: word[SLOT(pos)] != FREE(pos + SLOTS) -> skip
    fi;
#endif
look:
    if
    :: d_step { n < BATCH && n < SLOTS && word[SLOT(pos + n)] == FULL(pos + n) -> n++ }; goto look
    :: n > 0 && (n == BATCH || n == SLOTS || word[SLOT(pos + n)] != FULL(pos + n)) -> skip
    :: d_step { n == 0 && IS_ABANDONED -> n = 1; w = ABANDONED(pos) }
    :: n == 0 && word[SLOT(pos)] != FULL(pos) && !IS_ABANDONED -> goto nothing
    fi;
#ifdef MPMC
    intent[k] = INTENT(pos, n, DEQ);
    if
    :: d_step { read_position == pos -> read_position = pos + n }
    :: d_step { read_position != pos -> pos = read_position; begin_pop() }; goto look
    fi;
#endif
#ifdef MUTANT_POSITION_BEFORE_RELEASE /* Mutant: dead between the two, the slot is never free. */
    read_position = pos + n;
#endif
copy:
    if
    :: d_step {
         i < n && w == 0 ->
#ifdef MUTANT_RELEASE_BEFORE_COPY
         give_back(pos + i);
#endif
         got[i] = payload[SLOT(pos + i)]
       };
       d_step {
         assert(got[i] != 0 && got[i] == payload[SLOT(pos + i)]); /* never torn */
         i++
       };
       goto copy
    :: d_step {
         i == n || w != 0 -> /* the first is given back, with which it counts as delivered */
         if
         :: w == 0 -> deliver(got[0]); got[0] = 0
         :: else -> skip
         fi;
#ifndef MUTANT_RELEASE_BEFORE_COPY
         give_back(pos);
#endif
         i = 1
       }
    fi;
release:
    if
    :: d_step {
         i < n ->
         deliver(got[i]);
         got[i] = 0;
#ifndef MUTANT_RELEASE_BEFORE_COPY
         give_back(pos + i);
#endif
         i++
       };
       goto release
#ifdef MPSC
    :: d_step { i == n -> pos = pos + n; read_position = pos; begin_pop() }; goto look
#else
    :: d_step { i == n -> pos = read_position; begin_pop(); futile = false }; goto look
#endif
    fi;
nothing:
#if defined(MPMC) && !defined(MUTANT_KEEP_INTENT)
    intent[k] = 0;
#endif
waiting:
    if
    :: d_step {
         POP_TURN && (read_position != pos || word[SLOT(pos)] == FULL(pos) || IS_ABANDONED) ->
         pos = NEXT_TO_READ;
         begin_pop()
       };
       goto look
#ifndef MUTANT_NO_REPAIR
    :: d_step {
         POP_TURN && word[SLOT(pos)] == FREE(pos) && CLAIMED_BY_PRODUCER && !STILL_COVERED ->
         seen = 0;
         other = 0
       };
       goto scan
#endif
#ifdef REDELIVER
#ifdef MUTANT_ADOPT_WITHOUT_LOCK
    :: d_step { POP_TURN && MAY_ADOPT -> begin_pop() }; goto adopt
#else
    :: d_step { POP_TURN && MAY_ADOPT && adopter == 0 -> adopter = 1 + k; begin_pop() }; goto adopt
#endif
#endif
    fi;
scan: /* for a living producer that has announced pos */
    if
    :: d_step { other < PRODUCERS && !COVERS(intent[other], pos, ENQ) -> other++ }; goto scan
    :: d_step { other < PRODUCERS && COVERS(intent[other], pos, ENQ) -> seen = intent[other] };
       if
       :: PRODUCER_ALIVE(other) -> goto waiting
       :: d_step { !PRODUCER_ALIVE(other) -> seen = 0; other++ }; goto scan
       fi
    :: d_step { other == PRODUCERS && !STILL_CLAIMED -> other = 0 }; goto waiting
#ifdef MUTANT_REPAIR_BY_STORE
    :: d_step { other == PRODUCERS -> word[SLOT(pos)] = ABANDONED(pos); other = 0 }; goto waiting
#else
    :: d_step {
         other == PRODUCERS && STILL_CLAIMED && word[SLOT(pos)] == FREE(pos) ->
         word[SLOT(pos)] = ABANDONED(pos);
         other = 0
       };
       goto waiting
    :: d_step { other == PRODUCERS && word[SLOT(pos)] != FREE(pos) -> other = 0 }; goto waiting
#endif
    fi;
#ifdef REDELIVER
adopt:
    if
    :: d_step { i < SLOTS && !TAKEN_SLOT(i) -> i++ }; goto adopt
    :: d_step { i < SLOTS && TAKEN_SLOT(i) -> w = word[i]; other = FIRST_CONSUMER }
    :: d_step { i == SLOTS -> adopter = 0; futile = true; begin_pop() }; goto waiting
    fi;
holder: /* is there a living one but this? */
    if
    :: d_step {
         other < AUDIT_CONSUMER && (other == k || !COVERS(intent[other], w >> 2, DEQ)) -> other++
       };
       goto holder
    :: other < AUDIT_CONSUMER && other != k && COVERS(intent[other], w >> 2, DEQ) ->
       if
       :: d_step { HOLDER_ALIVE(other) -> i++ }; goto adopt
       :: d_step { !HOLDER_ALIVE(other) -> other++ }; goto holder
       fi
#ifdef MUTANT_ADOPT_UNSEEN /* Mutant: whoever held it may have given it back before the look. */
    :: other == AUDIT_CONSUMER -> skip
#else
    :: other == AUDIT_CONSUMER && word[i] == w -> skip
    :: d_step { other == AUDIT_CONSUMER && word[i] != w -> i++ }; goto adopt
#endif
    fi;
#ifdef MUTANT_UNLOCK_BEFORE_ANNOUNCE
    adopter = 0;
    intent[k] = INTENT(w >> 2, 1, DEQ);
    d_step {
#else
    intent[k] = INTENT(w >> 2, 1, DEQ);
    d_step {
      adopter = 0;
#endif
      pos = w >> 2;
      begin_pop();
      n = 1;
      redelivered = true
    };
    goto copy
#endif
  } unless {
    d_step {
      !alive[k] ->
      pos = 0;
      begin_pop();
      futile = false;
      for (i in got) { got[i] = 0 }
      i = 0
    };
#ifdef RESTART
    d_step { phase == 0 -> alive[k] = true };
    goto attach
#else
    false
#endif
  }
}
