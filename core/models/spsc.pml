/* The ring of SPSC with death at any step: a position each, no slot words.
 *
 *   -DMESSAGES= -DCAPACITY= -DBATCH=          BATCH 1 or 2
 *   -DPRODUCER_KILLS= -DCONSUMER_KILLS=       up to so many die, at any steps
 *   -DRESTART                                 a new process takes each dead one's place
 *   -DMUTANT_...                              one planted bug, each explained where it is
 *
 * One transition is one access to shared memory. Whoever waits for ever is found at the timeout. A
 * claim that was not published is not there, so a new producer writes the same messages again, and
 * with a new process for each dead one every message must come once.
 */

#define SLOT(p) ((p) % CAPACITY)
#define START CAPACITY

byte payload[CAPACITY]; /* 0: being written */
byte write_position = START;
byte read_position = START;
bool producer_alive = true;
bool consumer_alive = true;

/* Not part of the ring: what the properties are told by. */
byte delivered; /* the number of the last one */
bool finished;

#ifdef MUTANT_OVER_CAPACITY /* Mutant: one more than there are slots. */
#define LIMIT (read_position + CAPACITY + 1)
#else
#define LIMIT (read_position + CAPACITY)
#endif
#define WANTED_TO_PUSH (MESSAGES - next + 1 < BATCH -> MESSAGES - next + 1 : BATCH)
#define LEAST(a, b) ((a) < (b) -> (a) : (b))

proctype producer() {
  byte next = 1;
  byte pos, limit, n, i;
attach:
  {
#ifdef MUTANT_NO_POSITION_AT_ATTACH /* Mutant: a new producer begins where the first one did. */
    pos = START;
#else
    pos = write_position;
#endif
    limit = LIMIT;
claim:
    if
    :: d_step { next > MESSAGES -> finished = true }; goto idle
    :: next <= MESSAGES && limit - pos < WANTED_TO_PUSH -> limit = LIMIT
    :: next <= MESSAGES && limit - pos >= WANTED_TO_PUSH -> skip
    fi;
    if
    :: limit == pos -> (LIMIT != limit); goto claim
    :: d_step { limit != pos -> n = LEAST(WANTED_TO_PUSH, limit - pos); i = 0 }
    fi;
#ifdef MUTANT_COMMIT_BEFORE_COPY
    write_position = pos + n;
#endif
fill:
    if
    :: i < n -> payload[SLOT(pos + i)] = 0; d_step { payload[SLOT(pos + i)] = next + i; i++ };
       goto fill
    :: d_step { i == n -> pos = pos + n; write_position = pos; next = next + n; n = 0; i = 0 };
       goto claim
    fi;
idle:
    false
  } unless {
    d_step { !producer_alive -> pos = 0; limit = 0; n = 0; i = 0 };
#ifdef RESTART
    producer_alive = true;
    goto attach
#else
    false
#endif
  }
}

proctype consumer() {
  byte pos, limit, n, i;
  byte got[BATCH];
attach:
  {
    pos = read_position;
    limit = write_position;
claim:
    if
    :: limit - pos < BATCH -> limit = write_position
    :: limit - pos >= BATCH -> skip
    fi;
    if
    :: limit == pos -> (write_position != limit); goto claim
    :: d_step { limit != pos -> n = LEAST(BATCH, limit - pos); i = 0 }
    fi;
#ifdef MUTANT_RELEASE_BEFORE_COPY
    read_position = pos + n;
#endif
copy:
    if
    :: i < n -> got[i] = payload[SLOT(pos + i)];
       d_step { assert(got[i] != 0 && got[i] == payload[SLOT(pos + i)]); i++ }; /* never torn */
       goto copy
    :: d_step {
         i == n ->
         i = 0;
         do
         :: i < n -> assert(got[i] == delivered + 1); delivered++; got[i] = 0; i++
         :: else -> break
         od;
         pos = pos + n;
#ifdef MUTANT_RELEASE_IN_CHUNKS /* Mutant: what pop returned is said to the producer later. */
         if
         :: limit == pos || pos % CAPACITY == 0 -> read_position = pos
         :: else -> skip
         fi;
#else
         read_position = pos;
#endif
         n = 0;
         i = 0
       };
       goto claim
    fi
  } unless {
    d_step {
      !consumer_alive ->
      pos = 0;
      limit = 0;
      n = 0;
      for (i in got) { got[i] = 0 }
      i = 0
    };
#ifdef RESTART
    consumer_alive = true;
    goto attach
#else
    false
#endif
  }
}

byte producer_kills; /* so many will still die */
byte consumer_kills;

proctype killer() {
  do
  :: d_step { producer_kills > 0 && producer_alive -> producer_alive = false; producer_kills-- }
  :: d_step { consumer_kills > 0 && consumer_alive -> consumer_alive = false; consumer_kills-- }
  od
}

init {
  select (producer_kills : 0 .. PRODUCER_KILLS);
  select (consumer_kills : 0 .. CONSUMER_KILLS);
  atomic { run producer(); run consumer(); run killer() };
  timeout -> d_step {
    /* Who lives waits for nothing that will come; a producer alone had the whole capacity. */
    assert(!producer_alive || finished ||
           !consumer_alive && write_position - read_position == CAPACITY);
    assert(!consumer_alive || read_position == write_position);
    /* What was pushed was delivered, or is still there. */
    assert(delivered == read_position - START);
    assert(!finished || write_position - START == MESSAGES)
  }
}
