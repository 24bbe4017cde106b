/* The ring of SPSC with death at any step: a position each, and with WORDS a word in each slot by
 * which the consumer finds its element.
 *
 *   -DMESSAGES= -DCAPACITY= -DBATCH=          BATCH 1 or 2
 *   -DPRODUCER_KILLS= -DCONSUMER_KILLS=       up to so many die, at any steps
 *   -DRESTART                                 a new process takes each dead one's place
 *   -DWORDS
 *   -DMUTANT_...                              one planted bug, each explained where it is
 *
 * One transition is one access to shared memory. Whoever waits for ever is found at the timeout. A
 * claim that was not published is not there, so a new producer writes the same messages again, and
 * with a new process for each dead one every message must come once.
 */

#define SLOT(p) ((p) % CAPACITY)
#define START CAPACITY

byte payload[CAPACITY]; /* 0: being written */
#ifdef WORDS
byte word[CAPACITY]; /* the position that the slot is full for */
#endif
byte write_position = START;
byte read_position = START;
bool producer_alive = true;
bool consumer_alive = true;

/* Not part of the ring: what the properties are told by. */
byte delivered; /* the number of the last one */
bool finished;
#ifdef WORDS
byte batch_at, batch_size; /* what is being marked; size 0: nothing */
byte pushed; /* the number of the last one that is published, or being published */
#endif

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
#ifdef WORDS
    d_step { /* the first of a dead one's batch is there: so are all */
      assert(batch_size < 2 || word[SLOT(batch_at)] != batch_at ||
             word[SLOT(batch_at + 1)] == batch_at + 1);
      batch_size = 0
    };
    limit = pos;
    pos = read_position;
published:
    if
    :: d_step { pos < limit && word[SLOT(pos)] == pos -> pos++ }; goto published
    :: d_step { !(pos < limit && word[SLOT(pos)] == pos) -> i = pos }
    fi;
clear:
    if
#ifndef MUTANT_KEEP_WORDS /* Mutant: what was not published comes to light behind the next push. */
    :: d_step { i < limit -> word[SLOT(i)] = 0; i++ }; goto clear
    :: i == limit -> skip
#else
    :: true -> skip
#endif
    fi;
    d_step { write_position = pos; i = 0; next = pos - START + 1; pushed = pos - START };
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
#ifdef WORDS
    :: d_step { limit != pos -> n = 1; i = 0 } /* another process may want less */
#endif
    fi;
#ifdef MUTANT_COMMIT_BEFORE_COPY
    write_position = pos + n;
#ifdef WORDS
    word[SLOT(pos)] = pos;
#endif
#endif
fill:
    if
    :: i < n -> payload[SLOT(pos + i)] = 0; d_step { payload[SLOT(pos + i)] = next + i; i++ };
       goto fill
#ifdef WORDS
    :: d_step { i == n -> write_position = pos + n; i = 0;
                batch_at = pos; batch_size = n; pushed = pos + n - START }
    fi;
mark: /* the first one last: before it is there, nobody comes to the others */
    if
#ifdef MUTANT_WORDS_FORWARD /* Mutant: a part of a batch is seen. */
    :: d_step { i < n -> word[SLOT(pos + i)] = pos + i; i++ }; goto mark
#else
    :: d_step { i < n -> word[SLOT(pos + n - 1 - i)] = pos + n - 1 - i; i++ }; goto mark
#endif
    :: d_step { i == n -> pos = pos + n; next = next + n; n = 0; i = 0; batch_size = 0 };
       goto claim
    fi;
#else
    :: d_step { i == n -> pos = pos + n; write_position = pos; next = next + n; n = 0; i = 0 };
       goto claim
    fi;
#endif
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
#ifdef WORDS
claim:
    (word[SLOT(pos)] == pos);
    limit = pos + 1;
count:
    if
    :: d_step { limit - pos < BATCH && limit - pos < CAPACITY && word[SLOT(limit)] == limit ->
                limit++ }; goto count
    :: !(limit - pos < BATCH && limit - pos < CAPACITY && word[SLOT(limit)] == limit) -> skip
    fi;
#ifdef MUTANT_COUNTED_IS_THERE /* Mutant: an element is taken by the position alone. */
    limit = write_position;
#endif
#else
    limit = write_position;
claim:
    if
    :: limit - pos < BATCH -> limit = write_position
    :: limit - pos >= BATCH -> skip
    fi;
#endif
    if
#ifndef WORDS
    :: limit == pos -> (write_position != limit); goto claim
#endif
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
#ifdef WORDS
         assert(delivered + n <= pushed);
#endif
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
#ifdef WORDS
    assert(!consumer_alive || word[SLOT(read_position)] != read_position);
    assert(!consumer_alive || !producer_alive || read_position == write_position);
#else
    assert(!consumer_alive || read_position == write_position);
#endif
    /* What was pushed was delivered, or is still there. */
    assert(delivered == read_position - START);
    assert(!finished || write_position - START == MESSAGES)
  }
}
