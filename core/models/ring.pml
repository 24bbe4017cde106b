/* The rings of MPSC and MPMC with death at any step: slot words, intents, repair by survivors,
 * entries that a new process takes over, redelivery. The memory is sequentially consistent; what
 * weaker memory does is the matter of ring_orders.cpp.
 *
 *   -DMPSC | -DMPMC | -DMPMC -DREDELIVER          policy; REDELIVER is at least once
 *   -DPRODUCERS= -DCONSUMERS= -DPER_PRODUCER=     sizes; MPSC has one consumer
 *   -DCAPACITY= -DSLOTS= -DBATCH=                 SLOTS a power of two, BATCH 1 or 2
 *   -DPRODUCER_KILLS= -DCONSUMER_KILLS=           up to so many die, at any steps
 *   -DRESTART                                     a new process takes each dead one's entry
 *   -DABORTS                                      claims may be given back as abandoned
 *   -DMUTANT_...                                  one planted bug, each explained where it is
 *
 * One transition is one access to shared memory. A stopped process is one that is not scheduled,
 * so every run is also one with stops. Waiting is a guard that holds when a try could end
 * differently from the last one; whoever waits for ever is therefore found at the first timeout,
 * when nobody can go on. Then a fresh consumer drains the ring, a fresh producer fills it to its
 * capacity, and it is drained again.
 */


/* Participants: producers, the audit's, consumers, the audit's. */
#define AUDIT_PRODUCER PRODUCERS
#define FIRST_CONSUMER (PRODUCERS + 1)
#define AUDIT_CONSUMER (FIRST_CONSUMER + CONSUMERS)
#define PARTICIPANTS (AUDIT_CONSUMER + 1)

/* Messages have numbers from 1; 0 is a payload that is being written. */
#define MESSAGES (PRODUCERS * PER_PRODUCER)
#define FIRST_MESSAGE(k) ((k) * PER_PRODUCER + 1)
#define END_MESSAGE(k) \
  ((k) == AUDIT_PRODUCER -> MESSAGES + CAPACITY + 1 : ((k) + 1) * PER_PRODUCER + 1)
#define PRODUCER_OF(id) ((id) > MESSAGES -> AUDIT_PRODUCER : ((id) - 1) / PER_PRODUCER)
#define BIT(id) (1 << (id))
/* The later messages of the same producer. */
#define LATER(id) (BIT(END_MESSAGE(PRODUCER_OF(id))) - BIT((id) + 1))

#define START SLOTS /* not 0, so that one capacity back is a position too */
#define SLOT(p) ((p) % SLOTS)
#define FREE(p) ((p) << 2)
#define FULL(p) ((p) << 2 | 1)
#define ABANDONED(p) ((p) << 2 | 2)

#define ENQ 1
#define DEQ 2
#define INTENT(p, n, op) ((p) << 3 | ((n) - 1) << 2 | (op))
#define COVERS(v, p, op) \
  (((v) & 3) == (op) && ((v) >> 3) <= (p) && (p) <= ((v) >> 3) + (((v) >> 2) & 1))

byte word[SLOTS];
byte payload[SLOTS];
byte write_position = START;
byte read_position = START;
byte intent[PARTICIPANTS];
bool alive[PARTICIPANTS]; /* the kernel's lock of the entry is held */
byte adopter;             /* 1 + who holds the lock of adoption; the kernel releases it */
byte drops;

/* Not part of the ring: what the properties are told by. */
byte phase; /* 0 the run, 1 audit drains, 2 audit fills, 3 audit drains */
byte producer_kills; /* so many will still die */
byte consumer_kills;
bool finished[PRODUCERS + 1];
short committed; /* sets of messages */
short delivered;
short taken[CONSUMERS + 1]; /* by each consumer, in order */
byte held;                  /* positions claimed by producers and not free again */
byte uncounted;             /* dropped by who died before it counted the drop */

/* Mutant: two living producers announce in one entry. */
#ifdef MUTANT_SHARED_ENTRY
#define ENTRY(k) ((k) < PRODUCERS -> 0 : (k))
#define ALIVE(k) ((k) == 0 -> alive[0] || alive[1] : alive[k])
#else
#define ENTRY(k) (k)
#define ALIVE(k) alive[k]
#endif
/* Mutants: repair does not ask whether the claimer lives. */
#ifdef MUTANT_REPAIR_LIVING_PRODUCER
#define PRODUCER_ALIVE(k) false
#else
#define PRODUCER_ALIVE(k) ALIVE(k)
#endif
#ifdef MUTANT_REPAIR_LIVING_CONSUMER
#define CONSUMER_ALIVE(k) false
#else
#define CONSUMER_ALIVE(k) ALIVE(k)
#endif
/* Mutant: adoption does not ask either. */
#ifdef MUTANT_ADOPT_FROM_LIVING
#define HOLDER_ALIVE(k) false
#else
#define HOLDER_ALIVE(k) ALIVE(k)
#endif

/* What the last futile look at the intents saw has not changed. */
#define STILL_COVERED (seen != 0 && intent[other] == seen && ALIVE(other))

#include "ring_producer.pml"
#include "ring_consumer.pml"

/* --- death, and the audit ------------------------------------------------------------------- */

inline kill(k) {
  alive[k] = false;
  if
  :: adopter == 1 + k -> adopter = 0
  :: else -> skip
  fi
}

#define MAY_KILL_PRODUCER(k) (phase == 0 && producer_kills > 0 && alive[k])
#define MAY_KILL_CONSUMER(k) (phase == 0 && consumer_kills > 0 && alive[k])

proctype killer() {
  do
  :: d_step { MAY_KILL_PRODUCER(0) -> producer_kills--; kill(0) }
#if PRODUCERS > 1
  :: d_step { MAY_KILL_PRODUCER(1) -> producer_kills--; kill(1) }
#endif
  :: d_step { MAY_KILL_CONSUMER(FIRST_CONSUMER) -> consumer_kills--; kill(FIRST_CONSUMER) }
#if CONSUMERS > 1
  :: d_step { MAY_KILL_CONSUMER(FIRST_CONSUMER + 1) -> consumer_kills--; kill(FIRST_CONSUMER + 1) }
#endif
  od
}

#if CONSUMERS > 1
#define CONSUMER_LIVES (alive[FIRST_CONSUMER] || alive[FIRST_CONSUMER + 1])
#else
#define CONSUMER_LIVES alive[FIRST_CONSUMER]
#endif

/* Nobody is left waiting for what will not come. Where no consumer lives, producers may wait for
 * room that no survivor can make. */
inline check_survivors() {
  for (i : 0 .. PRODUCERS - 1) {
    assert(!alive[i] || finished[i] ||
           !CONSUMER_LIVES && write_position - read_position == CAPACITY)
  }
  assert(!CONSUMER_LIVES || read_position == write_position)
}

#if defined(MPMC) && !defined(REDELIVER)
#define MAX_DROPS (CONSUMER_KILLS * BATCH)
#else
#define MAX_DROPS 0
#endif

/* Each committed message was delivered, or is counted as dropped; every slot is free again. */
inline check_end() {
  lost = 0;
  for (i : 1 .. MESSAGES + CAPACITY) {
    lost = lost + ((committed & BIT(i)) && !(delivered & BIT(i)) -> 1 : 0)
  }
  assert(lost <= MAX_DROPS && lost == drops + uncounted);
  assert(read_position == write_position && held == 0);
  for (i : 0 .. SLOTS - 1) {
    assert(word[SLOT(write_position + i)] == FREE(write_position + i))
  }
}

init {
  byte i, lost;
  d_step {
    for (i : 0 .. SLOTS - 1) { word[i] = FREE(START + i) }
    for (i : 0 .. AUDIT_CONSUMER) { alive[i] = true }
    i = 0
  };
  select (producer_kills : 0 .. PRODUCER_KILLS);
  select (consumer_kills : 0 .. CONSUMER_KILLS);
  atomic {
    for (i : 0 .. PRODUCERS - 1) { run producer(i, 0) }
    for (i : FIRST_CONSUMER .. AUDIT_CONSUMER - 1) { run consumer(i, 0) }
    run killer();
    i = 0
  };
  timeout -> d_step { check_survivors(); i = 0; phase = 1 };
  run consumer(AUDIT_CONSUMER, 1);
  timeout -> d_step { assert(read_position == write_position); phase = 2 };
  run producer(AUDIT_PRODUCER, 2);
  timeout -> d_step {
    assert(finished[AUDIT_PRODUCER] && write_position - read_position == CAPACITY);
    phase = 3
  };
  timeout -> d_step { check_end() }
}
