/* machine.h -- a computer: CPUs that run threads and interrupts, memory, a PCIe port.
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
#include "core/rng.h"
#include "core/stats.h"
#include "core/units.h"
#include "machine/cost.h"

struct machine;
struct cpu;
struct thread;
struct interrupt;
struct mutex;
struct memory;

struct machine_config {
    const char *name;
    int sockets, cores, threads_per_core; /* > 0; CPU number = (socket * cores + core) * threads + thread */
    int64_t clock_hz;                     /* > 0 */
    sim_dur quantum;                      /* time slice among threads of equal priority */
    const struct cost_profile *profile;
    uint64_t seed;
};

/* Creates the machine and registers "cpu" counters NAME/cpuN with 'stats'.  Owned by the caller. */
struct machine *machine_create(struct engine *engine, struct stats *stats, const struct machine_config *config);
void machine_destroy(struct machine *m);

struct engine *machine_engine(const struct machine *m);
struct memory *machine_memory(const struct machine *m);
struct rng *machine_rng(const struct machine *m);
const char *machine_name(const struct machine *m);
int machine_cpu_count(const struct machine *m);
int machine_node_count(const struct machine *m);       /* one NUMA node per socket */
int machine_cpu_node(const struct machine *m, int cpu);

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

struct thread_config {
    const char *name;  /* copied */
    int priority;      /* enum thread_class or between */
    int cpu;           /* bound to this CPU, or CPU_ANY: the scheduler places it */
    step_fn *step;
    void *owner;
};

/* The machine owns the thread; it sleeps until the first wake. */
struct thread *thread_create(struct machine *m, const struct thread_config *config);
/* From a step, takes effect at the step's local time and charges COST_THREAD_WAKE; else at once. */
void thread_wake(struct thread *t);
void thread_bind(struct thread *t, int cpu);   /* CPU_ANY unbinds; takes effect at its next dispatch */
const char *thread_name(const struct thread *t);

/* -- interrupts ------------------------------------------------------------------------------------------------- */

/* The handler is a step function run above every thread on its CPU, charged COST_INTR_ENTRY once.  STEP_AGAIN runs
 * it again at once; STEP_BLOCKED turns it into a thread until the mutex is free (counted in ithr). */
struct interrupt *interrupt_create(struct machine *m, const char *name, int cpu, step_fn *handler, void *owner);
void interrupt_raise(struct interrupt *i);     /* from a device; raised again while pending or running: once more after */
void interrupt_bind(struct interrupt *i, int cpu);

/* -- inside a step ---------------------------------------------------------------------------------------------- */

/* Local time: the step's start plus what it has charged.  Outside a step: the engine's clock. */
sim_time machine_now(const struct machine *m);
bool machine_in_step(const struct machine *m);
int machine_current_cpu(const struct machine *m);  /* inside a step only */

void machine_charge(struct machine *m, enum cost_op op, int64_t n);       /* counted as system time */
void machine_charge_user(struct machine *m, enum cost_op op, int64_t n);  /* counted as user time */

/* Calls fn(owner, value) when the step's local time is reached (outside a step: at once). */
typedef void effect_fn(void *owner, uint64_t value);
void machine_defer(struct machine *m, effect_fn *fn, void *owner, uint64_t value);

/* Something in memory that CPUs share: a connection, a queue's head, a ring.  Embedded in its owner, zeroed plus
 * home set.  A touch costs by where its lines are: own cache, other CPU of the socket, other socket, memory. */
struct touchable {
    int16_t home;        /* NUMA node */
    int16_t last;        /* CPU that last had it plus 1; 0: in memory */
};
void machine_touch(struct machine *m, struct touchable *what, int lines);
/* Lines a device has just written by DMA: they are in memory of 'node'. */
void machine_touch_dma(struct machine *m, int node, int lines);

/* -- adaptive mutexes ------------------------------------------------------------------------------------------- */

/* Spin while the owner runs, else block.  Counted per mutex and, in mpstat's smtx, per CPU.  Outside a step
 * (light hosts, tests) entering is free. */
struct mutex *mutex_create(struct machine *m, const char *name);
/* True: entered, after the time spent spinning was charged.  False: the owner does not run; the step must undo
 * nothing, return STEP_BLOCKED, and try again when called. */
bool mutex_enter(struct mutex *x);
void mutex_exit(struct mutex *x);

/* -- counters of mpstat(1M), per CPU ---------------------------------------------------------------------------- */

#define CPU_COUNTERS(X) \
    X(intr)     /* interrupts */ \
    X(ithr)     /* interrupts that became threads */ \
    X(csw)      /* context switches */ \
    X(icsw)     /* of those, involuntary */ \
    X(migr)     /* threads that came from another CPU */ \
    X(smtx)     /* mutexes not entered at the first try */ \
    X(syscl)    /* system calls */ \
    X(usr_ps)   /* time in user code, picoseconds */ \
    X(sys_ps)   /* time in threads in the kernel, spinning included */ \
    X(intr_ps)  /* time in interrupts; mpstat counts it as sys */ \
    X(spin_ps)  /* of the above, spinning on mutexes */ \
    X(idl_ps)   /* time idle */ \
    X(steps)    /* steps run */ \
    X(step_ps_max) /* longest step, whole run */

enum cpu_counter {
#define X(name) CPU_##name,
    CPU_COUNTERS(X)
#undef X
    N_CPU_COUNTERS
};
/* Brings usr/sys/idl up to the engine's clock; call before reading or marking the stats. */
void machine_account(struct machine *m);

#endif
