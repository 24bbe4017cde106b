/* WaitPoint: no wake-up is lost. A waker's publication waits in the store buffer of its core, which
 * is why a barrier is needed: where SLEEPER_PAYS it is the membarrier of who goes to sleep,
 * elsewhere the waker's own. What a slice of sleep is for is the death of a waker between
 * publication and wake.
 *
 *   -DWAKERS= -DSLEEPERS=                 each waker publishes one, each sleeper waits for one
 *   -DSLEEPER_PAYS | -DWAKER_PAYS         who pays for the barrier
 *   -DWAKER_KILLS= -DSLEEPER_KILLS=       up to so many die, at any steps
 *   -DMUTANT_...                          one planted bug, each explained where it is
 */

byte published;
bool buffered[WAKERS]; /* the publication is in the store buffer, where only the waker sees it */
byte event;
bool sleeping;
bool asleep[SLEEPERS]; /* in the kernel's queue */
bool waker_alive[WAKERS];
bool sleeper_alive[SLEEPERS];

/* Not part of it: what the properties are told by. */
byte taken;
byte slices; /* sleeps that no waker ended */

/* A store buffer empties when the core likes, also that of the dead. */
proctype store_buffer(byte k) {
  d_step { buffered[k] -> buffered[k] = false; published++ }
}

inline wake_all() {
  d_step {
    for (i in asleep) { asleep[i] = false }
    i = 0
  }
}

proctype waker(byte k) {
  byte i;
  {
    buffered[k] = true;
#ifdef WAKER_PAYS
    (!buffered[k]); /* the full barrier, with the read */
#endif
    if
    :: !sleeping -> goto idle
    :: sleeping -> skip
    fi;
    (!buffered[k]); /* stores leave the buffer in order, and what follows is one */
#ifndef MUTANT_FLAG_CLEARED_LAST /* Mutant: who announced meanwhile is taken back. */
    sleeping = false;
#endif
#ifndef MUTANT_NO_EVENT /* Mutant: who is about to sleep is not told. */
    event++;
#endif
#ifdef MUTANT_FLAG_CLEARED_LAST
    sleeping = false;
#endif
#ifdef MUTANT_WAKE_ONE /* Mutant: the others sleep on, and nothing says that they do. */
    if
    :: asleep[0] -> asleep[0] = false
    :: !asleep[0] && asleep[SLEEPERS - 1] -> asleep[SLEEPERS - 1] = false
    :: !asleep[0] && !asleep[SLEEPERS - 1] -> skip
    fi;
#else
    wake_all();
#endif
idle: /* there are no more */
    false
  } unless {
    !waker_alive[k];
    false
  }
}

#define TRY_TO_TAKE \
  if \
  :: d_step { published > taken -> taken++ }; goto idle \
  :: published == taken -> skip \
  fi

proctype sleeper(byte k) {
  byte seen, i;
attempt:
  {
    TRY_TO_TAKE;
#ifndef MUTANT_EVENT_READ_LATE /* Mutant: a wake between the try and the read is not seen. */
    seen = event;
#endif
#ifdef MUTANT_ANNOUNCED_LATE /* Mutant: who published before the announcement does not wake. */
    TRY_TO_TAKE;
#endif
    sleeping = true;
#if defined(SLEEPER_PAYS) && !defined(MUTANT_NO_BARRIER)
membarrier:
    if
    :: d_step { i < WAKERS && buffered[i] -> buffered[i] = false; published++; i++ };
       goto membarrier
    :: d_step { i < WAKERS && !buffered[i] -> i++ }; goto membarrier
    :: d_step { i == WAKERS -> i = 0 }
    fi;
#endif
#if !defined(MUTANT_ANNOUNCED_LATE) && !defined(MUTANT_NO_SECOND_TRY)
    TRY_TO_TAKE;
#endif
#ifdef MUTANT_EVENT_READ_LATE
    seen = event;
#endif
    if /* the futex: compared and asleep in one */
    :: d_step { event == seen -> asleep[k] = true; seen = 0 }; (!asleep[k])
    :: d_step { event != seen -> seen = 0 }
    fi;
    goto attempt;
idle:
    false
  } unless {
    d_step { !sleeper_alive[k] -> asleep[k] = false; seen = 0; i = 0 };
    false
  }
}

byte waker_kills; /* so many will still die */
byte sleeper_kills;
byte dead_wakers;
byte dead_sleepers;

proctype killer() {
  do
  :: d_step {
       waker_kills > 0 && waker_alive[0] ->
       waker_alive[0] = false;
       waker_kills--;
       dead_wakers++
     }
  :: d_step {
       sleeper_kills > 0 && sleeper_alive[0] ->
       sleeper_alive[0] = false;
       sleeper_kills--;
       dead_sleepers++
     }
  od
}

init {
  byte i;
  d_step {
    for (i in waker_alive) { waker_alive[i] = true }
    for (i in sleeper_alive) { sleeper_alive[i] = true }
    i = 0
  };
  select (waker_kills : 0 .. WAKER_KILLS);
  select (sleeper_kills : 0 .. SLEEPER_KILLS);
  atomic {
    for (i in waker_alive) { run waker(i); run store_buffer(i) }
    for (i in sleeper_alive) { run sleeper(i) }
    run killer();
    i = 0
  };
quiet:
  timeout;
  if
  :: published > taken && (asleep[0] || asleep[SLEEPERS - 1]) ->
     d_step {
       slices++;
       assert(slices <= dead_wakers); /* nobody sleeps beside what there is, but for a dead waker */
       for (i in asleep) { asleep[i] = false }
       i = 0
     };
     goto quiet
  :: d_step {
       published == taken || !asleep[0] && !asleep[SLEEPERS - 1] ->
       assert(published == taken || taken >= SLEEPERS - dead_sleepers)
     }
  fi
}
