/* SPDX-License-Identifier: GPL-3.0-or-later
 * machine_impl.h -- what the files of machine/ share: the insides of a machine.  Nobody else includes it.
 *
 * machine.c   creation, counters
 * sched.c     run queues, placement, wake-ups: which thread a CPU runs next
 * sched_linux26.c  the same decisions as another system takes them
 * cpu.c       the CPU's one event: effects, ends of segments, interrupts
 * step.c      running one step: charging, deferring, touching
 * mutex.c     adaptive mutexes as intervals of time */
#ifndef SIM_MACHINE_MACHINE_IMPL_H
#define SIM_MACHINE_MACHINE_IMPL_H

#include "core/trace.h"
#include "machine/machine.h"

enum {
    N_PRIORITIES = 128,
    PRIORITY_INTERRUPT = N_PRIORITIES - 1, /* of an interrupt that became a thread */
    STEP_PS_MIN = 1000,                    /* a step takes at least this long, so that no loop stops the clock */
    HOLDS_MAX = 1024,                      /* intervals remembered per mutex */
};

struct effect {
    int64_t offset_ps;  /* from the start of its segment */
    int64_t slack_ps;   /* how much later it may be called */
    effect_fn *fn;      /* one of the two, or none when it was called early */
    late_effect_fn *late;
    void *owner;
    uint64_t value;
};

/* A mutex held during [from, to) of a step, offsets from the step's start. */
struct hold_record {
    struct mutex *mutex;
    int64_t from_ps, to_ps;
    bool stalled;       /* an interrupt has stopped the step inside the interval */
};

/* A level of execution of a CPU (a thread's or an interrupt's), running one segment of time: a switch or an entry,
 * which runs no code, or a step.  Interrupts move the thread level's 'base' on. */
enum segment { SEGMENT_NONE, SEGMENT_PREFIX, SEGMENT_STEP };
struct frame {
    enum segment segment;
    enum step_result result;     /* of the step */
    int64_t base_ps, length_ps;  /* the segment is [base, base + length) */
    int64_t next_ps;             /* offset of the next effect, INT64_MAX when there is none */
    struct effect *effects;      /* in order of offset; next..count are still to come */
    uint32_t next, count, room;
    int64_t user_ps;             /* part of length spent in user code, */
    int64_t spin_ps, protocol_ps; /* and further parts */
    int64_t paid_ps, paid_user_ps, paid_spin_ps, paid_protocol_ps; /* how much of each is in the counters */
    enum activity activity;      /* of the rest */
    struct mutex *blocked_on;    /* when the result is STEP_BLOCKED */
    struct hold_record *holds;   /* thread level only: in order of 'to_ps' */
    uint32_t n_holds, holds_room;
};

struct list {
    struct thread *head, *tail;
};

struct seat {
    int16_t core, node;
};

struct cpu {
    struct machine *m;
    struct entity *entity;
    struct event event;          /* next effect or end of the segment of the level that runs */
    int index, node, core;
    bool advancing;              /* inside cpu_event(): it looks at the queues again before it returns */
    bool in_irq;
    struct thread *thread;       /* dispatched here, NULL: none */
    struct interrupt *first, *last, *running; /* interrupts: waiting, accepted */
    struct frame task, irq;
    int64_t paused_ps;           /* in_irq: when the thread level was stopped */
    int64_t idle_ps;             /* idle: accounted until */
    int64_t carry_fs, carry_user_fs; /* charged but less than a picosecond */
    uint64_t counter[N_CPU_COUNTERS];
    int n_ready, n_unbound;      /* threads in the queues; those that may run elsewhere */
    uint64_t ready[N_PRIORITIES / 64]; /* which queues have threads */
    struct list queue[N_PRIORITIES];
};

enum thread_state { THREAD_ASLEEP, THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED };

struct thread {
    struct thread *next, *prev;  /* in a run queue, or ('next') among the waiters of a mutex */
    struct machine *m;
    char *name;
    uint32_t id;                 /* from 1, in order of creation */
    enum thread_state state;
    int priority, bound;
    enum activity activity;      /* never ACTIVITY_DEFAULT */
    int at;                      /* ready or running: CPU */
    int last;                    /* CPU that ran it last, -1: none yet */
    int waker;                   /* CPU of the step that wakes it, -1: none */
    int64_t left_ps;             /* when it last left a CPU */
    bool woken;                  /* since its running step began */
    bool wake_charged;           /* a wake-up that was paid for is on its way */
    int64_t quantum_ps;          /* left of its time slice */
    step_fn *step;
    void *owner;
};

enum interrupt_state { INTERRUPT_IDLE, INTERRUPT_WAITING, INTERRUPT_RUNNING, INTERRUPT_THREAD };

struct interrupt {
    struct interrupt *next;      /* waiting on its CPU */
    struct machine *m;
    enum interrupt_state state;
    bool again;                  /* raised while running */
    bool soft;                   /* raised by software */
    int cpu;
    uint32_t id;                 /* from 1, in order of creation */
    step_fn *handler;
    void *owner;
    struct thread *thread;       /* what it becomes when it blocks */
};

struct machine {
    struct machine_view view;    /* first: machine.h */
    char *name;
    struct memory *memory;
    struct membus *membus;       /* NULL: nothing is limited */
    struct entity *entity;       /* of the mutexes' wake-ups */
    struct stats *stats;
    struct cpu *cpu;             /* [n_cpus] */
    struct seat *seat;           /* [n_cpus]: where they are, in few cache lines */
    int n_cpus, sockets, cpus_per_socket;
    int n_idle;                  /* CPUs that run nothing */
    int n_unbound;               /* sum of the CPUs' */
    int cursor;                  /* where the search for an idle CPU begins */
    int64_t quantum_ps;
    bool spinlocks, linux26;     /* see struct machine_config */
    struct event balance;        /* linux26: the tick that evens out the queues */
    uint32_t ticks;
    struct frame *frame;         /* of the running step, and its CPU */
    struct cpu *running;
    struct thread **threads;     /* [id - 1] */
    struct interrupt **interrupts;
    struct mutex *mutexes;
    uint32_t n_threads, n_interrupts;
};

static inline int64_t now_ps(const struct machine *m)
{
    return engine_now(m->view.engine).ps;
}

/* Local time of the running step, as an offset from its start. */
static inline int64_t local_offset_ps(const struct machine *m)
{
    return (int64_t)((uint64_t)m->view.fs / 1000);
}

/* machine_now(), in a step. */
static inline int64_t local_now_ps(const struct machine *m)
{
    return m->view.start.ps + local_offset_ps(m);
}

static inline bool cpu_is_idle(const struct cpu *c)
{
    return c->task.segment == SEGMENT_NONE && !c->in_irq;
}

/* -- sched.c ---------------------------------------------------------------------------------------------------- */

/* Makes a thread that sleeps or is blocked ready, on the CPU where it belongs. */
void sched_ready(struct thread *t);
/* The thread level of 'c' is free: takes the next thread from its queues or another CPU's, and starts the switch.
 * False: there is none. */
bool sched_dispatch(struct cpu *c);
/* A step of c->thread is over: goes on with it, or puts it aside.  True: it runs on. */
bool sched_step_done(struct cpu *c);

void sched_enqueue(struct cpu *c, struct thread *t, bool first);
void sched_dequeue(struct cpu *c, struct thread *t);
int sched_best_priority(const struct cpu *c); /* highest with a thread ready, -1: none */

/* -- sched_linux26.c -------------------------------------------------------------------------------------------- */

int sched_linux26_place(const struct thread *t);
/* A thread for 'c', which is about to be idle, out of another CPU's queue; NULL: none may come. */
struct thread *sched_linux26_pull(struct cpu *c);
void sched_linux26_start(struct machine *m); /* starts the tick */

/* -- cpu.c ------------------------------------------------------------------------------------------------------ */

void cpu_event(void *owner);
/* Something may have changed for 'c': starts what it can start now. */
void cpu_kick(struct cpu *c);
/* Begins a segment of 'fs' that runs no code. */
void cpu_begin_prefix(struct cpu *c, struct frame *f, int64_t fs);
/* Brings the time counters up to the engine's clock. */
void cpu_account(struct cpu *c);

/* -- step.c ----------------------------------------------------------------------------------------------------- */

/* Runs a step function on 'c' now and begins the segment that it charged for. */
void step_run(struct cpu *c, struct frame *f, step_fn *fn, void *owner);
/* Calls now, early, the effects (fn, owner) that the running step has deferred. */
void step_flush(struct machine *m, late_effect_fn *fn, const void *owner);

/* -- mutex.c ---------------------------------------------------------------------------------------------------- */

/* The thread of 'c' was stopped by an interrupt at c->paused_ps / goes on 'shift_ps' later. */
void mutex_pause(struct cpu *c);
void mutex_resume(struct cpu *c, int64_t shift_ps);
/* 't' waits for 'x' and is made ready when it is free; false, and nothing done, when it already is. */
bool mutex_wait(struct mutex *x, struct thread *t);
void mutex_destroy_all(struct machine *m);

#endif
