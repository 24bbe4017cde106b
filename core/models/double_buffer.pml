/* DoubleBuffer with death at any step: writers that take turns, readers that copy without a lock,
 * viewers that pin. The state is the word of DoubleBufferState, bit by bit; a value is two words,
 * both the version they belong to. The locks are robust: who died holds none.
 *
 *   -DWRITERS= -DWRITES= -DREADERS= -DVIEWERS=    WRITES by each writer; a reader reads twice
 *   -DWRITER_KILLS= -DVIEWER_KILLS=               up to so many die, at any steps
 *   -DMUTANT_...                                  one planted bug, each explained where it is
 */

#define BUFFERS 3
#define PIN 1
#define PIN_AND_HELD 7
#define CURRENT(s) ((s) >> 3 & 3)
#define HELD(s) ((s) >> 1 & 3)
#define VERSION(s) ((s) >> 5)
#define NEXT(s) ((CURRENT(s) + 1) % BUFFERS)
#ifdef MUTANT_WRITE_INTO_HELD /* Mutant: writers do not pass over what is pinned. */
#define FREE_BUFFER(s) NEXT(s)
#else
#define FREE_BUFFER(s) (HELD(s) == NEXT(s) + 1 -> (NEXT(s) + 1) % BUFFERS : NEXT(s))
#endif
#ifdef MUTANT_HOLD_NOT_NOTED /* Mutant: who makes another current forgets what was pinned. */
#define HOLDING(s) HELD(s)
#else
#define HOLDING(s) (((s) & PIN) && HELD(s) == 0 -> CURRENT(s) + 1 : HELD(s))
#endif
#define WITH_CURRENT(s, b) ((VERSION(s) + 1) << 5 | (b) << 3 | HOLDING(s) << 1 | ((s) & PIN))

short state;
byte stamp[BUFFERS];
byte first[BUFFERS];
byte second[BUFFERS];
byte writer_lock; /* 1 + who holds it */
byte viewer_lock;
bool writer_alive[WRITERS];
bool viewer_alive[VIEWERS];

/* Not part of it: what the properties are told by. */
byte named;    /* how often a writer named a new current buffer */
byte finished; /* how many of all */
byte dead;     /* finished or not */

proctype writer(byte k) {
  byte writes, b;
  short seen;
turn:
  {
    if
    :: writes == WRITES -> finished++; goto idle
#ifdef MUTANT_WRITERS_TOGETHER /* Mutant: no turns. */
    :: writes < WRITES -> skip
#else
    :: d_step { writes < WRITES && writer_lock == 0 -> writer_lock = 1 + k }
#endif
    fi;
    d_step { seen = state; b = FREE_BUFFER(seen) };
#ifndef MUTANT_STAMP_AFTER_WORDS
    stamp[b] = VERSION(seen) + 1;
#endif
    first[b] = VERSION(seen) + 1;
    second[b] = VERSION(seen) + 1;
#ifdef MUTANT_STAMP_AFTER_WORDS
    stamp[b] = VERSION(seen) + 1;
#endif
name:
    if
#ifdef MUTANT_STATE_BY_STORE /* Mutant: a pin that was made meanwhile is lost. */
    :: d_step { true -> state = WITH_CURRENT(seen, b); named++ }
#else
    :: d_step { state == seen -> state = WITH_CURRENT(seen, b); named++ }
    :: d_step { state != seen -> seen = state }; goto name
#endif
    fi;
    d_step { writer_lock = 0; writes++; b = 0; seen = 0 };
    goto turn;
idle:
    false
  } unless {
    d_step { !writer_alive[k] -> b = 0; seen = 0 };
    false
  }
}

/* Copies without a lock: two tries, each may find that a writer was faster. */
proctype reader() {
  byte tries, a, b, was;
  short seen;
#ifdef MUTANT_STAMP_READ_FIRST
  byte early;
#endif
  do
  :: tries < 2 ->
     seen = state;
#ifdef MUTANT_STAMP_READ_FIRST
     early = stamp[CURRENT(seen)];
#endif
     a = first[CURRENT(seen)];
     b = second[CURRENT(seen)];
     d_step {
       if
#ifdef MUTANT_NO_STAMP_CHECK
       :: true ->
#elif defined(MUTANT_STAMP_READ_FIRST)
       :: early == VERSION(seen) ->
#else
       :: stamp[CURRENT(seen)] == VERSION(seen) ->
#endif
          assert(a == VERSION(seen) && b == VERSION(seen)); /* never torn */
          assert(VERSION(seen) >= was);                     /* never back */
          was = VERSION(seen)
       :: else -> skip
       fi;
       tries++;
       a = 0;
       b = 0;
       seen = 0
     }
  :: tries == 2 -> break
  od;
  finished++
}

proctype viewer(byte k) {
  byte a, b;
  short seen;
  {
    d_step { viewer_lock == 0 -> viewer_lock = 1 + k };
#ifndef MUTANT_KEEP_DEAD_PIN /* Mutant: the pin of a dead viewer is not taken back. */
    if
    :: state & PIN -> state = state & ~PIN_AND_HELD
    :: !(state & PIN) -> skip
    fi;
#endif
    d_step { seen = state; state = state + PIN };
    a = first[CURRENT(seen)];
    b = second[CURRENT(seen)];
    d_step {
      assert(a == VERSION(seen) && b == VERSION(seen)); /* never torn */
      a = 0;
      b = 0
    };
    d_step { /* and the same for as long as the view lives */
      assert(first[CURRENT(seen)] == VERSION(seen) && second[CURRENT(seen)] == VERSION(seen));
      seen = 0
    };
#ifdef MUTANT_UNLOCK_BEFORE_LET_GO /* Mutant: letting go ends the next one's pin. */
    viewer_lock = 0;
#endif
#ifdef MUTANT_KEEP_HELD /* Mutant: only the bit is cleared. */
    state = state & ~PIN;
#else
    state = state & ~PIN_AND_HELD;
#endif
    d_step {
#ifndef MUTANT_UNLOCK_BEFORE_LET_GO
      viewer_lock = 0;
#endif
      finished++
    };
    false
  } unless {
    d_step { !viewer_alive[k] -> a = 0; b = 0; seen = 0 };
    false
  }
}

byte writer_kills; /* so many will still die */
byte viewer_kills;

#define MAY_KILL_WRITER(k) (writer_kills > 0 && writer_alive[k])
#define MAY_KILL_VIEWER(k) (viewer_kills > 0 && viewer_alive[k])

inline kill_writer(k) {
  writer_alive[k] = false;
  writer_kills--;
  dead++;
  if
  :: writer_lock == 1 + k -> writer_lock = 0
  :: else -> skip
  fi
}

inline kill_viewer(k) {
  viewer_alive[k] = false;
  viewer_kills--;
  dead++;
  if
  :: viewer_lock == 1 + k -> viewer_lock = 0
  :: else -> skip
  fi
}

proctype killer() {
  do
  :: d_step { MAY_KILL_WRITER(0) -> kill_writer(0) }
#if WRITERS > 1
  :: d_step { MAY_KILL_WRITER(1) -> kill_writer(1) }
#endif
  :: d_step { MAY_KILL_VIEWER(0) -> kill_viewer(0) }
#if VIEWERS > 1
  :: d_step { MAY_KILL_VIEWER(1) -> kill_viewer(1) }
#endif
  od
}

init {
  byte i;
  d_step {
    for (i in writer_alive) { writer_alive[i] = true }
    for (i in viewer_alive) { viewer_alive[i] = true }
    i = 0
  };
  select (writer_kills : 0 .. WRITER_KILLS);
  select (viewer_kills : 0 .. VIEWER_KILLS);
  atomic {
    for (i in writer_alive) { run writer(i) }
    for (i in viewer_alive) { run viewer(i) }
    for (i : 1 .. READERS) { run reader() }
    run killer();
    i = 0
  };
  timeout -> d_step {
    /* Nobody who lives was held up by the dead, and no write was lost. */
    assert(finished + dead >= WRITERS + VIEWERS + READERS);
    assert(VERSION(state) == named);
    assert(first[CURRENT(state)] == named && second[CURRENT(state)] == named)
  }
}
