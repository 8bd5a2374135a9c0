/* SPDX-License-Identifier: GPL-3.0-or-later
 * mutex.c -- adaptive mutexes, as intervals of time.
 *
 * A step's code runs at the step's start, so a mutex entered and left inside one step is known, at once, to be held
 * during [enter, exit) of local time that is still to come.  A mutex keeps these intervals, sorted and disjoint:
 *
 *   CPU 0   ----[===]-----------[===]----      steps already run
 *   CPU 1   ------..[====]---------------      enters inside the first: waits for its end (spins), then holds
 *   CPU 2   ----------------------[=..==]-     enters before the third, is inside when that begins: waits it out
 *
 * At no instant do two hold it.  Of two that collide, the one whose step ran first in the simulation goes first; it is
 * the one that began earlier, except within a step's length.
 *
 * Blocking: a mutex held from one step to the next, or by a step that an interrupt has stopped, has an end that is not
 * known.  Whoever enters then returns STEP_BLOCKED and is made ready at the end.  What is left out: spinning on a mutex
 * held across steps while its owner runs (such holds are long, the model blocks at once); moving the intervals that an
 * interrupted step planned for later, which stay where they were; priority inheritance.
 *
 * Spin locks (struct machine_config) differ in one thing: cpu.c takes no interrupt while the thread level is inside
 * one, so no interval of theirs is ever cut and nobody blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "machine/machine_impl.h"

#define MUTEX_COUNTERS(X) \
    X(enters)   /* successful */ \
    X(spins)    /* of those, not at the first try */ \
    X(blocks)   /* attempts that had to block */ \
    X(spin_ps)  /* time spent spinning */ \
    X(held_ps)  /* time held */

enum mutex_counter {
#define X(name) MUTEX_##name,
    MUTEX_COUNTERS(X)
#undef X
    N_MUTEX_COUNTERS
};
static const char *const counter_names[N_MUTEX_COUNTERS] = {
#define X(name) #name,
    MUTEX_COUNTERS(X)
#undef X
};

struct hold {
    int64_t from_ps, to_ps;
};

/* What entering and leaving needs comes first: two cache lines. */
struct mutex {
    struct machine *m;
    bool held;                 /* entered and not left: by the running step, or across steps */
    int stalled;               /* intervals whose step is stopped by an interrupt (0 or 1) */
    int64_t since_ps;          /* held: from */
    struct hold *holds;        /* [first, first + count) of 'room' */
    uint32_t first, count, room;
    struct touchable line;
    int64_t last_ps;           /* end of the last of them; whoever enters later meets none */
    struct thread *waiters;
    uint64_t counter[N_MUTEX_COUNTERS];
    struct thread **waiters_end;
    struct event wake;         /* the end of an interval that somebody blocked on */
    struct mutex *all;
};

static void wake_waiters(void *owner)
{
    struct mutex *x = owner;
    struct thread *t = x->waiters;

    if (x->held || x->stalled) return; /* whoever holds it now wakes them */
    x->waiters = NULL;
    x->waiters_end = &x->waiters;
    while (t) {
        struct thread *next = t->next;
        t->next = NULL;
        sched_ready(t);
        t = next;
    }
}

static void wake_waiters_effect(void *owner, uint64_t unused)
{
    (void)unused;
    wake_waiters(owner);
}

struct mutex *mutex_create(struct machine *m, const char *name)
{
    struct mutex *x = calloc(1, sizeof *x);
    char full[256];

    SIM_ASSERT(x);
    snprintf(full, sizeof full, "%s/%s", m->name, name);
    x->m = m;
    x->waiters_end = &x->waiters;
    x->all = m->mutexes;
    m->mutexes = x;
    event_init(&x->wake, m->entity, wake_waiters, x);
    stats_register(m->stats, "mutex", full, counter_names, x->counter, N_MUTEX_COUNTERS);
    return x;
}

void mutex_destroy_all(struct machine *m)
{
    while (m->mutexes) {
        struct mutex *x = m->mutexes;
        m->mutexes = x->all;
        engine_cancel(m->view.engine, &x->wake);
        free(x->holds);
        free(x);
    }
}

/* -- the intervals ----------------------------------------------------------------------------------------------- */

static struct hold *hold_at(const struct mutex *x, uint32_t i)
{
    return &x->holds[x->first + i];
}

/* Index of the first interval that ends after 't', 'count' when none does. */
static uint32_t find_hold(const struct mutex *x, int64_t t)
{
    uint32_t low = 0, high = x->count;

    if (high == 0 || hold_at(x, high - 1)->to_ps <= t) return high;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (hold_at(x, middle)->to_ps <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void note_last(struct mutex *x)
{
    x->last_ps = x->count ? hold_at(x, x->count - 1)->to_ps : 0;
}

static void remove_hold(struct mutex *x, uint32_t i)
{
    struct hold *h = hold_at(x, i);

    memmove(h, h + 1, (x->count - i - 1) * sizeof *h);
    x->count--;
    note_last(x);
}

/* Forgets what is over. */
static void prune(struct mutex *x)
{
    uint32_t over = find_hold(x, now_ps(x->m));

    x->first = over == x->count ? 0 : x->first + over;
    x->count -= over;
}

/* Makes room for one more; the oldest is forgotten when there are too many. */
static void make_room(struct mutex *x)
{
    prune(x);
    if (x->count == HOLDS_MAX) {
        x->first++;
        x->count--;
    }
    if (x->count >= x->room / 2 && x->room < 2 * HOLDS_MAX) {
        x->room = x->room ? x->room * 2 : 4;
        x->holds = realloc(x->holds, x->room * sizeof *x->holds);
        SIM_ASSERT(x->holds);
    } else {
        memmove(x->holds, hold_at(x, 0), x->count * sizeof *x->holds);
        x->first = 0;
    }
}

/* Adds [from, to), which overlaps none, joining it to the one that it follows without a gap. */
__attribute__((noinline)) static void insert_hold(struct mutex *x, int64_t from_ps, int64_t to_ps)
{
    uint32_t i = find_hold(x, from_ps);

    if (i > 0 && hold_at(x, i - 1)->to_ps == from_ps) {
        hold_at(x, i - 1)->to_ps = to_ps;
        note_last(x);
        return;
    }
    if (x->first + x->count == x->room) {
        make_room(x);
        i = find_hold(x, from_ps);
    }
    struct hold *h = x->holds + x->first + i;
    if (i < x->count) memmove(h + 1, h, (x->count - i) * sizeof *h);
    *h = (struct hold){ from_ps, to_ps };
    x->count++;
    note_last(x);
}

/* The usual case is an interval after all others, which mostly are over, and room for it. */
static inline bool is_last(const struct mutex *x, int64_t from_ps)
{
    return from_ps >= x->last_ps && x->first + x->count < x->room;
}

static inline void append_hold(struct mutex *x, int64_t from_ps, int64_t to_ps)
{
    if (x->last_ps <= now_ps(x->m)) x->first = x->count = 0;
    if (x->count > 0 && from_ps == x->last_ps)
        hold_at(x, x->count - 1)->to_ps = to_ps;
    else
        *hold_at(x, x->count++) = (struct hold){ from_ps, to_ps };
    x->last_ps = to_ps;
}

static void add_hold(struct mutex *x, int64_t from_ps, int64_t to_ps)
{
    if (is_last(x, from_ps))
        append_hold(x, from_ps, to_ps);
    else
        insert_hold(x, from_ps, to_ps);
}

/* An interval [from, to) runs into later ones: each is swallowed and adds its length.  Returns the new end. */
static int64_t swallow(struct mutex *x, int64_t from_ps, int64_t to_ps)
{
    uint32_t i = find_hold(x, from_ps);

    while (i < x->count && hold_at(x, i)->from_ps < to_ps) {
        to_ps += hold_at(x, i)->to_ps - hold_at(x, i)->from_ps;
        remove_hold(x, i);
    }
    return to_ps;
}

/* -- entering and leaving ---------------------------------------------------------------------------------------- */

static void count_miss(struct mutex *x)
{
    x->m->running->counter[CPU_smtx]++;
    machine_charge(x->m, COST_MUTEX_SPIN, 1);
}

static void spin(struct mutex *x, int64_t ps)
{
    struct machine *m = x->m;

    m->view.fs += ps * 1000;
    m->view.spin_ps += ps;
    x->counter[MUTEX_spin_ps] += (uint64_t)ps;
}

/* Waits for the end of every interval that local time is in. */
__attribute__((noinline)) static void spin_until_free(struct mutex *x)
{
    for (bool missed = false;; missed = true) {
        int64_t t = machine_now(x->m).ps;
        uint32_t i = find_hold(x, t);
        if (i == x->count || hold_at(x, i)->from_ps > t) return;
        if (!missed) {
            x->counter[MUTEX_spins]++;
            count_miss(x);
            t = machine_now(x->m).ps;
        }
        if (hold_at(x, i)->to_ps > t) spin(x, hold_at(x, i)->to_ps - t);
    }
}

/* Its owner does not run. */
__attribute__((noinline)) static bool block(struct mutex *x)
{
    x->counter[MUTEX_blocks]++;
    count_miss(x);
    x->m->frame->blocked_on = x;
    return false;
}

/* In a step, as leave(). */
static inline bool enter(struct mutex *x, struct machine *m)
{
    machine_touch(m, &x->line, 1);
    if (x->held || x->stalled) return block(x);
    if (local_now_ps(m) < x->last_ps) spin_until_free(x);
    x->since_ps = local_now_ps(m);
    x->held = true;
    x->counter[MUTEX_enters]++;
    machine_charge(m, COST_MUTEX_ENTER, 1);
    return true;
}

bool mutex_enter(struct mutex *x)
{
    return !machine_in_step(x->m) || enter(x, x->m);
}

__attribute__((noinline)) static void more_records(struct frame *f)
{
    f->holds_room = f->holds_room ? f->holds_room * 2 : 32;
    f->holds = realloc(f->holds, f->holds_room * sizeof *f->holds);
    SIM_ASSERT(f->holds);
}

/* Remembers for mutex_pause() that the step holds 'x' until 'to'. */
static inline void record(struct mutex *x, struct frame *f, int64_t to)
{
    int64_t start = x->m->view.start.ps;

    f->holds[f->n_holds++] = (struct hold_record){ x, x->since_ps - start, to - start, false };
}

/* Outside a step. */
__attribute__((noinline)) static void leave_held(struct mutex *x)
{
    x->counter[MUTEX_held_ps] += (uint64_t)(now_ps(x->m) - x->since_ps);
    x->held = false;
    wake_waiters(x);
}

/* The step's interval runs until 'to' into later ones, and waits them out.  Returns when it ends. */
__attribute__((noinline)) static int64_t wait_out(struct mutex *x, int64_t to)
{
    int64_t end = swallow(x, x->since_ps, to);

    if (end > to) {
        x->counter[MUTEX_spins]++;
        spin(x, end - to);
        count_miss(x);
    }
    return end;
}

/* The interval is known: it ends at 'to'. */
static inline void let_go(struct mutex *x, int64_t to)
{
    SIM_ASSERT(x->held);
    x->held = false;
    x->counter[MUTEX_held_ps] += (uint64_t)(to - x->since_ps);
}

__attribute__((noinline)) static void leave_any(struct mutex *x, struct machine *m)
{
    struct frame *f = m->frame;
    int64_t to = local_now_ps(m), end = to;

    let_go(x, to);
    if (x->since_ps < x->last_ps) {
        end = wait_out(x, to);
        to = local_now_ps(m);
    }
    if (end > x->since_ps) add_hold(x, x->since_ps, end);
    if (f == &m->running->task) {
        if (f->n_holds == f->holds_room) more_records(f);
        record(x, f, to);
    }
    if (!x->waiters) return;
    machine_charge(m, COST_THREAD_WAKE, 1);
    machine_defer(m, wake_waiters_effect, x, 0);
}

/* In a step: leave_any(), short for the usual case, a last interval that nobody waits for the end of. */
static inline void leave(struct mutex *x, struct machine *m)
{
    struct frame *f = m->frame;
    bool task = f == &m->running->task;
    int64_t to = local_now_ps(m);

    if (!is_last(x, x->since_ps) || (task && f->n_holds == f->holds_room) || x->waiters) {
        leave_any(x, m);
        return;
    }
    let_go(x, to);
    if (to > x->since_ps) append_hold(x, x->since_ps, to);
    if (task) record(x, f, to);
}

void mutex_exit(struct mutex *x)
{
    if (machine_in_step(x->m))
        leave(x, x->m);
    else if (x->held)
        leave_held(x);
}

bool mutex_pass(struct mutex *x, enum cost_op op, int64_t n)
{
    struct machine *m = x->m;

    if (!machine_in_step(m)) return true;
    if (!enter(x, m)) return false;
    machine_charge(m, op, n);
    leave(x, m);
    return true;
}

bool mutex_wait(struct mutex *x, struct thread *t)
{
    if (!x->held && !x->stalled) return false;
    t->next = NULL;
    *x->waiters_end = t;
    x->waiters_end = &t->next;
    return true;
}

/* -- interrupts that stop the holder ----------------------------------------------------------------------------- */

/* The interval around 'at', of a step that would have left at 'end', is cut at 'at', where
 * the step is stopped. */
static void cut(struct mutex *x, int64_t at, int64_t end)
{
    uint32_t i = find_hold(x, at);

    if (i == x->count || hold_at(x, i)->from_ps > at) return;
    int64_t to = hold_at(x, i)->to_ps;
    if (hold_at(x, i)->from_ps == at)
        remove_hold(x, i);
    else
        hold_at(x, i)->to_ps = at;
    note_last(x);
    if (to > end) add_hold(x, end, to); /* it was joined with somebody else's */
}

void mutex_pause(struct cpu *c)
{
    struct frame *f = &c->task;
    int64_t at = c->paused_ps - f->base_ps;

    for (uint32_t i = f->n_holds; i-- > 0 && f->holds[i].to_ps > at;) {
        struct hold_record *h = &f->holds[i];
        if (h->from_ps > at) continue;
        h->stalled = true;
        h->mutex->stalled++;
        cut(h->mutex, c->paused_ps, f->base_ps + h->to_ps);
    }
}

void mutex_resume(struct cpu *c, int64_t shift_ps)
{
    struct frame *f = &c->task;

    for (uint32_t i = f->n_holds; i-- > 0;) {
        struct hold_record *h = &f->holds[i];
        if (!h->stalled) continue;
        struct mutex *x = h->mutex;
        int64_t now = now_ps(c->m), end = f->base_ps + h->to_ps;
        h->stalled = false;
        x->stalled--;
        x->counter[MUTEX_held_ps] += (uint64_t)shift_ps;
        add_hold(x, now, swallow(x, now, end));
        if (x->waiters) engine_schedule(c->m->view.engine, &x->wake, (sim_time){ end });
    }
}
