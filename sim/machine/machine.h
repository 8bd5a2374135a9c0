/* SPDX-License-Identifier: GPL-3.0-or-later
 * machine.h -- a computer: CPUs that run threads and interrupts, memory, a PCIe port.
 *
 * A thread is a step function: called when its CPU runs it, it does a bounded piece of work, says what that costs
 * (machine_charge, machine_touch), and returns whether to run again.  The step's code runs at the instant the step
 * starts; what it does to others (waking a thread, writing a device register) happens at its own offset inside the
 * step, when the CPU has spent what was charged before it.  An interrupt that preempts the step pushes back all that is
 * still to come.
 *
 * The approximation: a step reads shared state at its start, up to one step's length early.  Steps are bounded (a
 * few dozen packets), the longest is reported per CPU (step_ps_max), and a test bounds the effect. */
#ifndef SIM_MACHINE_MACHINE_H
#define SIM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/stats.h"
#include "core/units.h"
#include "machine/cost.h"

struct machine;
struct cpu;
struct thread;
struct interrupt;
struct mutex;
struct membus;
struct memory;
struct packet_pool;

/* Who decides where a thread that wakes up will run (sched.c, sched_linux26.c). */
enum machine_scheduler { SCHEDULER_SOLARIS, SCHEDULER_LINUX26 };

#define BANDWIDTH_UNLIMITED INT64_MAX

struct machine_config {
    const char *name;
    int sockets, cores, threads_per_core; /* > 0; CPU number = (socket * cores + core) * threads + thread */
    int64_t clock_hz;                     /* > 0 */
    sim_dur quantum;                      /* > 0: time slice among threads of equal priority */
    const struct cost_profile *profile;   /* read during machine_create() only */
    int64_t bandwidth_Bps[N_COST_BANDWIDTHS]; /* instead of the profile's; 0: as it says, BANDWIDTH_UNLIMITED: none */
    struct packet_pool *pool;             /* of the frames in this machine's memory; NULL: no frames will be held */
    enum machine_scheduler scheduler;
    bool spinlocks;                       /* mutexes are spin locks that keep interrupts out: see mutex_create() */
};

/* Creates the machine, its memory included, and registers "cpu" counters NAME/cpuN with 'stats'.  Owned by the
 * caller.  Threads, interrupts and mutexes belong to the machine and live as long as it. */
struct machine *machine_create(struct engine *engine, struct stats *stats, const struct machine_config *config);
void machine_destroy(struct machine *m);

struct engine *machine_engine(const struct machine *m);
struct memory *machine_memory(const struct machine *m);
struct membus *machine_membus(const struct machine *m); /* NULL: nothing of it is limited */
const char *machine_name(const struct machine *m);
int machine_cpu_count(const struct machine *m);
int machine_cpu_node(const struct machine *m, int cpu); /* one NUMA node per socket */
/* The thread or interrupt that trace points cpu_run, cpu_switch and cpu_interrupt call by this number; NULL: none. */
const char *machine_thread_name(const struct machine *m, int64_t number);
const char *machine_interrupt_name(const struct machine *m, int64_t number);

/* -- threads ---------------------------------------------------------------------------------------------------- */

enum step_result {
    STEP_AGAIN,   /* more to do: run again, after whoever has a higher priority */
    STEP_SLEEP,   /* nothing to do: sleep until thread_wake(); a wake during the step means run again */
    STEP_BLOCKED, /* mutex_enter() returned false: run again when the mutex is free */
};
typedef enum step_result step_fn(void *owner);

enum thread_class { /* higher runs first; equal share by quantum */
    THREAD_USER = 0,
    THREAD_SYSTEM = 60,
    THREAD_LANE_LOW = 70, THREAD_LANE_MEDIUM = 80, THREAD_LANE_HIGH = 90,
};
enum { CPU_ANY = -1 };

/* What the time of a thread or interrupt counts as (see CPU_COUNTERS).  User code and spinning are counted apart,
 * whoever does them. */
enum activity {
    ACTIVITY_DEFAULT,   /* of a thread: ACTIVITY_SYSTEM below THREAD_SYSTEM, ACTIVITY_PROTOCOL from there on */
    ACTIVITY_INTERRUPT, /* entering, handling and leaving interrupts; every interrupt's */
    ACTIVITY_POLL,      /* fetching packets from rings without an interrupt */
    ACTIVITY_PROTOCOL,  /* softring and other workers, squeues, softirqs */
    ACTIVITY_SYSTEM,    /* the system calls of an application, and the switch to it */
};

struct thread_config {
    const char *name;  /* copied */
    int priority;      /* enum thread_class or between */
    int cpu;           /* bound to this CPU, or CPU_ANY: the scheduler places it */
    step_fn *step;
    void *owner;
    enum activity activity; /* the switch to it included */
};

/* The machine owns the thread; it sleeps until the first wake. */
struct thread *thread_create(struct machine *m, const struct thread_config *config);
/* From a step, takes effect at the step's local time and charges COST_THREAD_WAKE if the thread is asleep (waking
 * one that runs or waits for its CPU is free); else at once. */
void thread_wake(struct thread *t);
void thread_bind(struct thread *t, int cpu);   /* CPU_ANY unbinds; a step that runs is finished where it is */

/* -- interrupts ------------------------------------------------------------------------------------------------- */

/* The handler is a step function run above every thread on its CPU, COST_INTR_ENTRY after the interrupt was
 * accepted; COST_INTR_EXIT follows its last step.  STEP_AGAIN runs it again at once; STEP_BLOCKED turns it into a
 * thread until it returns STEP_SLEEP (counted in ithr).  Interrupts do not nest: others wait in order of arrival. */
struct interrupt *interrupt_create(struct machine *m, const char *name, int cpu, step_fn *handler, void *owner);
/* The same, but raised by software on its own CPU: neither entry nor exit is charged and it is not counted in intr.
 * Interrupts of devices go first: also, when it returns STEP_AGAIN, those that came meanwhile.  Never STEP_BLOCKED. */
struct interrupt *interrupt_create_soft(struct machine *m, const char *name, int cpu, step_fn *handler, void *owner);
/* From a device, or from a step (then at its local time).  Raised again while it waits to be accepted: the same
 * interrupt, as with a message that finds its vector's request bit set; while it runs: once more after. */
void interrupt_raise(struct interrupt *i);
void interrupt_bind(struct interrupt *i, int cpu); /* for the interrupts raised from now on */

/* -- inside a step ---------------------------------------------------------------------------------------------- */

/* The public face of a machine, its first member: what the step now running has charged.  Change it only through
 * the functions below; they are here so that a charge is an addition. */
struct machine_view {
    struct cost_table price;
    int64_t fs, user_fs;   /* charged by the step so far, in femtoseconds; user_fs is part of fs */
    int64_t syscalls;      /* COST_SYSCALL among them */
    int64_t spin_ps;       /* part of fs spent spinning on mutexes */
    int64_t protocol_fs;   /* part of fs between machine_protocol(m, true) and (m, false) */
    int64_t stall_ps;      /* part of fs spent waiting for memory */
    enum activity activity; /* of what is in none of the parts */
    sim_time start;        /* when the step began */
    int cpu;               /* that runs the step; -1: no step runs, and charges have no effect */
    struct engine *engine;
};
static inline struct machine_view *machine_view(const struct machine *m)
{
    return (struct machine_view *)(uintptr_t)m;
}

static inline bool machine_in_step(const struct machine *m)
{
    return machine_view(m)->cpu >= 0;
}

/* Inside a step only. */
static inline int machine_current_cpu(const struct machine *m)
{
    return machine_view(m)->cpu;
}

/* Local time: the step's start plus what it has charged.  Outside a step: the engine's clock. */
static inline sim_time machine_now(const struct machine *m)
{
    const struct machine_view *v = machine_view(m);
    return v->cpu < 0 ? engine_now(v->engine) : (sim_time){ v->start.ps + (int64_t)((uint64_t)v->fs / 1000) };
}

/* Spends 'n' times the price of 'op', counted as system time.  Prices are in femtoseconds and a CPU carries what is
 * less than a picosecond from step to step, so many small charges cost what one large one does. */
static inline void machine_charge(struct machine *m, enum cost_op op, int64_t n)
{
    struct machine_view *v = machine_view(m);
    v->fs += v->price.op_fs[op] * n;
    if (op == COST_SYSCALL) v->syscalls += n;
}

/* The same, counted as user time. */
static inline void machine_charge_user(struct machine *m, enum cost_op op, int64_t n)
{
    struct machine_view *v = machine_view(m);
    v->user_fs += v->price.op_fs[op] * n;
    v->fs += v->price.op_fs[op] * n;
}

/* The running step, whole, counts as 'a': for one that differs from its thread or interrupt. */
static inline void machine_step_activity(struct machine *m, enum activity a)
{
    machine_view(m)->activity = a;
}

/* What is charged between (m, true) and (m, false), in the same step, counts as ACTIVITY_PROTOCOL: an interrupt or a
 * poll that hands a packet to the protocol itself. */
static inline void machine_protocol(struct machine *m, bool begin)
{
    struct machine_view *v = machine_view(m);
    int64_t fs = v->fs - v->user_fs - v->spin_ps * 1000;
    v->protocol_fs += begin ? -fs : fs;
}

/* Calls fn(owner, value) when the CPU has spent what the step has charged up to here (outside a step: at once).
 * It is called between steps: what it charges is nobody's. */
typedef void effect_fn(void *owner, uint64_t value);
void machine_defer(struct machine *m, effect_fn *fn, void *owner, uint64_t value);

/* The same for what nobody can see sooner than 'slack_ps' later: fn(owner, value, at) is called by then, and told in 'at'
 * when the CPU had got there.  Mostly the CPU has another reason to stop in between, or whoever is called can do at once
 * what has to be done then: one event less. */
typedef void late_effect_fn(void *owner, uint64_t value, sim_time at);
void machine_defer_late(struct machine *m, late_effect_fn *fn, void *owner, uint64_t value, int64_t slack_ps);

/* Something in memory that CPUs share: a connection, a queue's head, a ring.  Embedded in its owner, zeroed plus
 * home set.  A touch costs by where its lines are: own cache, other CPU of the socket, other socket, memory. */
struct touchable {
    int16_t home;        /* NUMA node */
    int16_t last;        /* CPU that last had it plus 1; 0: in memory */
};
/* The same for lines that are not in the running CPU's cache, which they move to. */
void machine_touch_elsewhere(struct machine *m, struct touchable *what, int lines);
static inline void machine_touch(struct machine *m, struct touchable *what, int lines)
{
    struct machine_view *v = machine_view(m);
    if (what->last == v->cpu + 1)
        v->fs += v->price.place_fs[COST_LINE_L2] * lines;
    else
        machine_touch_elsewhere(m, what, lines);
}
/* Lines a device has just written by DMA: they are in memory of 'node'. */
void machine_touch_dma(struct machine *m, int node, int lines);

/* Copies between user and kernel, by where the kernel's side is.  Ordinary stores to lines that are not in the cache read
 * them first and write them back later; non-temporal ones go to memory only (Intel 64 and IA-32 optimization manual,
 * "Non-temporal Store Bus Traffic"). */
enum machine_copy {
    COPY_OUT,         /* from memory, where a device has put it, to the user */
    COPY_IN,          /* from the user to a buffer that is not in the cache, by ordinary stores */
    COPY_IN_STREAMED, /* the same by non-temporal stores */
};
/* Charges COST_COPY_BYTE for each byte, and the time by which buses and memory, which others use as well, are later than
 * that.  'user' is the application's buffer: it stays in the cache of the CPU that copied it last, and moves from there.
 * 'node' is that of the kernel's. */
void machine_copy(struct machine *m, enum machine_copy kind, int node, struct touchable *user, int64_t bytes);

/* -- adaptive mutexes ------------------------------------------------------------------------------------------- */

/* Spin while the owner runs, else block.  Counted per mutex ("mutex" counters MACHINE/name) and, in mpstat's smtx, per
 * CPU.  Outside a step (light hosts, tests) entering is free.  The mutex's own cache line is touched by entering.
 * The machine owns the mutex.
 *
 * On a machine with spin locks nobody blocks: interrupts wait while a thread is inside a mutex, so its owner always
 * runs. */
struct mutex *mutex_create(struct machine *m, const char *name);
/* True: entered, after the time spent spinning was charged.  False: the owner does not run; the step
 * returns STEP_BLOCKED and tries again when called, or leaves the work on a queue and goes on. */
bool mutex_enter(struct mutex *x);
void mutex_exit(struct mutex *x); /* in the same step or a later one */
/* Enters, spends 'n' times the price of 'op', and leaves.  False: not entered, nothing spent. */
bool mutex_pass(struct mutex *x, enum cost_op op, int64_t n);

/* -- counters of mpstat(1M), per CPU ---------------------------------------------------------------------------- */

#define CPU_COUNTERS(X) \
    X(intr)     /* interrupts */ \
    X(ithr)     /* interrupts that became threads */ \
    X(csw)      /* context switches, to idle and back included */ \
    X(icsw)     /* of those, involuntary */ \
    X(migr)     /* threads that last ran on another CPU */ \
    X(smtx)     /* mutexes not entered at the first try */ \
    X(syscl)    /* system calls */ \
    X(usr_ps)   /* time in user code, picoseconds */ \
    X(sys_ps)   /* time in threads in the kernel, spinning included */ \
    X(intr_ps)  /* time in interrupts; mpstat counts it as sys */ \
    X(spin_ps)  /* of the above, spinning on mutexes */ \
    X(stall_ps) /* of usr, sys and intr, in steps begun: waiting for buses and memory */ \
    X(idl_ps)   /* time idle */ \
    X(act_intr_ps)  /* by activity; with usr_ps, spin_ps and idl_ps the four below make up all time */ \
    X(act_poll_ps) \
    X(act_proto_ps) \
    X(act_sys_ps) \
    X(steps)    /* steps run */ \
    X(step_ps_max) /* longest step, whole run */

enum cpu_counter {
#define X(name) CPU_##name,
    CPU_COUNTERS(X)
#undef X
    N_CPU_COUNTERS
};
/* Brings usr/sys/idl and the memory's busy_ps up to the engine's clock; call before reading or marking the stats. */
void machine_account(struct machine *m);

#endif
