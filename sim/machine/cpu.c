/* SPDX-License-Identifier: GPL-3.0-or-later
 * cpu.c -- a CPU over time: one engine event, at the next effect or at the end of what runs.
 *
 *   thread level     | switch | step ......        | step ...... |
 *                                      ^ effects   ^ end: next step, or next thread
 *   interrupt level         | entry | handler | exit |
 *                           ^ accepted: the thread level stands still, and its base moves on by what this takes
 *
 * Step functions are only ever called from cpu_event(), so none is called from within another or from within a device.
 * Effects that fall due together, or with the end of their step, share one event; those that may be late wait for one. */
#include <stdlib.h>

#include "core/assert.h"
#include "machine/machine_impl.h"

/* -- time counters ----------------------------------------------------------------------------------------------- */

static int64_t share(int64_t part, int64_t elapsed_ps, int64_t length_ps)
{
    if (part == 0 || elapsed_ps == length_ps) return part;
    return (int64_t)((sim_wide)part * elapsed_ps / length_ps);
}

/* Counts the part of a segment that has run by 'elapsed_ps'.  The parts of an unfinished step are taken in the
 * proportion of the whole, each out of what the one before leaves, so that none ever shrinks. */
static void pay_part(struct cpu *c, struct frame *f, int64_t elapsed_ps)
{
    int64_t user = share(f->user_ps, elapsed_ps, f->length_ps);
    int64_t left = elapsed_ps - user, length = f->length_ps - f->user_ps;
    int64_t spin = share(f->spin_ps, left, length);
    int64_t protocol = share(f->protocol_ps, left - spin, length - f->spin_ps);
    int64_t all = elapsed_ps - f->paid_ps, in_kernel = f == &c->irq ? all : all - (user - f->paid_user_ps);
    int64_t spun = spin - f->paid_spin_ps, in_protocol = protocol - f->paid_protocol_ps;

    if (f == &c->irq) {
        c->counter[CPU_intr_ps] += (uint64_t)all;
    } else {
        c->counter[CPU_usr_ps] += (uint64_t)(user - f->paid_user_ps);
        c->counter[CPU_sys_ps] += (uint64_t)in_kernel;
    }
    c->counter[CPU_spin_ps] += (uint64_t)spun;
    c->counter[CPU_act_proto_ps] += (uint64_t)in_protocol;
    c->counter[CPU_act_intr_ps + f->activity - ACTIVITY_INTERRUPT] += (uint64_t)(in_kernel - spun - in_protocol);
    f->paid_ps = elapsed_ps;
    f->paid_user_ps = user;
    f->paid_spin_ps = spin;
    f->paid_protocol_ps = protocol;
}

/* Counts a segment that has run to its end, and ends with that. */
static inline void pay_whole(struct cpu *c, struct frame *f)
{
    if (f->paid_ps != 0 || f == &c->irq) {
        pay_part(c, f, f->length_ps);
        return;
    }
    int64_t in_kernel = f->length_ps - f->user_ps;
    c->counter[CPU_usr_ps] += (uint64_t)f->user_ps;
    c->counter[CPU_sys_ps] += (uint64_t)in_kernel;
    c->counter[CPU_spin_ps] += (uint64_t)f->spin_ps;
    c->counter[CPU_act_proto_ps] += (uint64_t)f->protocol_ps;
    c->counter[CPU_act_intr_ps + f->activity - ACTIVITY_INTERRUPT] += (uint64_t)(in_kernel - f->spin_ps - f->protocol_ps);
}

static void pay_idle(struct cpu *c)
{
    int64_t now = now_ps(c->m);

    c->counter[CPU_idl_ps] += (uint64_t)(now - c->idle_ps);
    c->idle_ps = now;
}

void cpu_account(struct cpu *c)
{
    int64_t now = now_ps(c->m);

    if (c->in_irq)
        pay_part(c, &c->irq, now - c->irq.base_ps);
    else if (c->task.segment != SEGMENT_NONE)
        pay_part(c, &c->task, now - c->task.base_ps);
    else
        pay_idle(c);
}

/* Idle time ends where work begins, and begins where it ends. */
static void leave_idle(struct cpu *c)
{
    pay_idle(c);
    c->m->n_idle--;
}

static void enter_idle(struct cpu *c)
{
    c->idle_ps = now_ps(c->m);
    c->m->n_idle++;
}

/* -- segments ---------------------------------------------------------------------------------------------------- */

void cpu_begin_prefix(struct cpu *c, struct frame *f, int64_t fs)
{
    fs += c->carry_fs;
    c->carry_fs = fs % 1000;
    f->segment = SEGMENT_PREFIX;
    f->base_ps = now_ps(c->m);
    f->length_ps = fs / 1000;
    f->user_ps = f->spin_ps = f->protocol_ps = 0;
    f->paid_ps = f->paid_user_ps = f->paid_spin_ps = f->paid_protocol_ps = 0;
    f->activity = f == &c->irq ? ACTIVITY_INTERRUPT : c->thread->activity;
    f->next = f->count = 0;
    f->next_ps = INT64_MAX;
    f->n_holds = 0;
}

static void accept_interrupt(struct cpu *c)
{
    struct interrupt *i = c->first;

    c->first = i->next;
    i->state = INTERRUPT_RUNNING;
    i->again = false;
    c->running = i;
    if (i->soft) { /* still the same interruption */
        cpu_begin_prefix(c, &c->irq, 0);
        return;
    }
    c->counter[CPU_intr]++;
    TRACE(c->m->view.engine, c->entity->id, cpu_interrupt, c->index, i->id, 0, 0);
    cpu_begin_prefix(c, &c->irq, c->m->view.price.op_fs[COST_INTR_ENTRY]);
}

static void enter_interrupts(struct cpu *c)
{
    if (c->task.segment == SEGMENT_NONE) {
        leave_idle(c);
    } else {
        pay_part(c, &c->task, now_ps(c->m) - c->task.base_ps);
        c->paused_ps = now_ps(c->m);
        mutex_pause(c);
    }
    c->in_irq = true;
    accept_interrupt(c);
}

static void leave_interrupts(struct cpu *c)
{
    c->in_irq = false;
    if (c->task.segment == SEGMENT_NONE) {
        enter_idle(c);
        return;
    }
    int64_t shift = now_ps(c->m) - c->paused_ps;
    c->task.base_ps += shift;
    mutex_resume(c, shift);
}

static void queue_interrupt(struct cpu *c, struct interrupt *i)
{
    i->state = INTERRUPT_WAITING;
    i->next = NULL;
    if (c->first && c->first->soft) { /* it waits until all others are done */
        i->next = c->first;
        c->first = i;
        return;
    }
    *(c->first ? &c->last->next : &c->first) = i;
    c->last = i;
}

/* The interrupt is over, on its own level or as a thread. */
static void interrupt_done(void *owner, uint64_t unused)
{
    struct interrupt *i = owner;

    (void)unused;
    i->state = INTERRUPT_IDLE;
    if (!i->again) return;
    i->again = false;
    queue_interrupt(&i->m->cpu[i->cpu], i);
    cpu_kick(&i->m->cpu[i->cpu]);
}

static enum step_result interrupt_thread_step(void *owner)
{
    struct interrupt *i = owner;
    enum step_result r = i->handler(i->owner);

    if (r == STEP_SLEEP) machine_defer(i->m, interrupt_done, i, 0);
    return r;
}

/* A handler that met a mutex whose owner does not run goes on as a thread. */
static void interrupt_becomes_thread(struct cpu *c, struct interrupt *i)
{
    struct thread *t = i->thread;

    c->counter[CPU_ithr]++;
    i->state = INTERRUPT_THREAD;
    t->bound = c->index;
    t->state = THREAD_BLOCKED;
    if (!mutex_wait(c->irq.blocked_on, t)) sched_ready(t);
}

/* Runs the handler; the price of what follows its last step is added to that step. */
static void run_handler(struct cpu *c)
{
    struct frame *f = &c->irq;
    const int64_t *price = c->m->view.price.op_fs;

    step_run(c, f, c->running->handler, c->running->owner);
    if (f->result == STEP_AGAIN || c->running->soft) return;
    int64_t fs = c->carry_fs + price[COST_INTR_EXIT];
    if (f->result == STEP_BLOCKED) fs += price[COST_INTR_THREAD_BLOCK];
    c->carry_fs = fs % 1000;
    f->length_ps += fs / 1000;
}

/* A segment of the interrupt level has ended. */
__attribute__((noinline)) static void interrupt_segment_end(struct cpu *c)
{
    struct frame *f = &c->irq;
    struct interrupt *i = c->running;

    pay_whole(c, f);
    bool yields = i->soft && f->segment == SEGMENT_STEP && f->result == STEP_AGAIN && c->first;
    if (f->segment == SEGMENT_PREFIX || (f->result == STEP_AGAIN && !yields)) {
        run_handler(c);
        return;
    }
    f->segment = SEGMENT_NONE;
    c->running = NULL;
    if (yields)
        queue_interrupt(c, i);
    else if (f->result == STEP_BLOCKED)
        interrupt_becomes_thread(c, i);
    else
        interrupt_done(i, 0);
    if (c->first)
        accept_interrupt(c);
    else
        leave_interrupts(c);
}

/* A segment of the thread level has ended. */
static void task_segment_end(struct cpu *c)
{
    struct thread *t = c->thread;

    pay_whole(c, &c->task);
    if (c->task.segment == SEGMENT_PREFIX || sched_step_done(c)) {
        t->woken = false; /* it sees all that happened until now */
        step_run(c, &c->task, t->step, t->owner);
        TRACE(c->m->view.engine, c->entity->id, cpu_run, c->index, t->id, c->task.length_ps, 0);
        return;
    }
    c->task.segment = SEGMENT_NONE;
    if (sched_dispatch(c)) return;
    c->counter[CPU_csw]++;
    enter_idle(c);
}

/* -- the event --------------------------------------------------------------------------------------------------- */

/* Starts what an idle CPU can do; false: nothing. */
__attribute__((noinline)) static bool start(struct cpu *c)
{
    if (c->first) {
        enter_interrupts(c);
        return true;
    }
    if (c->n_ready == 0 && (c->m->n_unbound == 0 || c->m->linux26)) return false; /* only sched_dispatch() pulls there */
    leave_idle(c);
    return sched_dispatch(c);
}

static void play(struct frame *f, int64_t elapsed_ps)
{
    while (f->next_ps <= elapsed_ps) {
        const struct effect *e = &f->effects[f->next++];
        f->next_ps = f->next < f->count ? e[1].offset_ps : INT64_MAX;
        if (e->fn)
            e->fn(e->owner, e->value);
        else if (e->late)
            e->late(e->owner, e->value, (sim_time){ f->base_ps + e->offset_ps });
    }
}

/* When the effects that are still to come need the CPU's event, or its segment ends. */
static int64_t due_ps(const struct frame *f)
{
    int64_t due = f->length_ps;

    for (uint32_t i = f->next; i < f->count && f->effects[i].offset_ps < due; i++) {
        int64_t by = f->effects[i].offset_ps + f->effects[i].slack_ps;
        if (by < due) due = by;
    }
    return due;
}

/* masked_until() in a step. */
__attribute__((noinline)) static int64_t held_until(const struct cpu *c)
{
    const struct frame *f = &c->task;
    int64_t until = 0, at = now_ps(c->m) - f->base_ps;

    for (uint32_t i = 0; i < f->n_holds; i++) {
        const struct hold_record *h = &f->holds[i];
        if (h->from_ps <= at && at < h->to_ps && h->to_ps > until) until = h->to_ps;
    }
    return until;
}

/* Until when a spin lock of the thread level keeps interrupts out, as an offset from its base; 0: it does not. */
static inline int64_t masked_until(const struct cpu *c)
{
    return c->m->spinlocks && c->task.segment == SEGMENT_STEP ? held_until(c) : 0;
}

static void arm(struct cpu *c)
{
    const struct frame *f = c->in_irq ? &c->irq : &c->task;

    if (f->segment == SEGMENT_NONE) return;
    int64_t offset = due_ps(f);
    if (c->first && !c->in_irq) {
        int64_t until = masked_until(c);
        if (until > 0 && until < offset) offset = until;
    }
    engine_schedule(c->m->view.engine, &c->event, (sim_time){ f->base_ps + offset });
}

void cpu_event(void *owner)
{
    struct cpu *c = owner;

    c->advancing = true;
    for (;;) {
        struct frame *f = c->in_irq ? &c->irq : &c->task;
        if (f->segment == SEGMENT_NONE) {
            if (!start(c)) break;
            continue;
        }
        int64_t elapsed_ps = now_ps(c->m) - f->base_ps;
        play(f, elapsed_ps);
        if (!c->in_irq && c->first && masked_until(c) == 0)
            enter_interrupts(c);
        else if (elapsed_ps < f->length_ps)
            break;
        else if (c->in_irq)
            interrupt_segment_end(c);
        else
            task_segment_end(c);
    }
    c->advancing = false;
    arm(c);
}

void cpu_kick(struct cpu *c)
{
    if (c->advancing || c->in_irq) return;
    if (c->first && c->task.segment != SEGMENT_NONE && c->task.next_ps <= now_ps(c->m) - c->task.base_ps) {
        engine_schedule(c->m->view.engine, &c->event, engine_now(c->m->view.engine)); /* effects that could wait come first */
        return;
    }
    if (c->first) {
        if (masked_until(c) == 0) enter_interrupts(c);
    } else if (c->task.segment != SEGMENT_NONE || !start(c)) {
        return;
    }
    arm(c);
}

/* -- interrupts -------------------------------------------------------------------------------------------------- */

struct interrupt *interrupt_create(struct machine *m, const char *name, int cpu, step_fn *handler, void *owner)
{
    struct interrupt *i = calloc(1, sizeof *i);
    SIM_ASSERT(i);
    i->m = m;
    i->handler = handler;
    i->owner = owner;
    i->thread = thread_create(m, &(struct thread_config){ .name = name, .priority = PRIORITY_INTERRUPT, .cpu = cpu,
                                                          .step = interrupt_thread_step, .owner = i,
                                                          .activity = ACTIVITY_INTERRUPT });
    m->interrupts = realloc(m->interrupts, (m->n_interrupts + 1) * sizeof(struct interrupt *));
    SIM_ASSERT(m->interrupts);
    m->interrupts[m->n_interrupts] = i;
    i->id = ++m->n_interrupts;
    interrupt_bind(i, cpu);
    return i;
}

struct interrupt *interrupt_create_soft(struct machine *m, const char *name, int cpu, step_fn *handler, void *owner)
{
    struct interrupt *i = interrupt_create(m, name, cpu, handler, owner);
    i->soft = true;
    return i;
}

static void raise_now(void *owner, uint64_t unused)
{
    struct interrupt *i = owner;

    (void)unused;
    if (i->state != INTERRUPT_IDLE) {
        i->again = i->state != INTERRUPT_WAITING;
        return;
    }
    queue_interrupt(&i->m->cpu[i->cpu], i);
    cpu_kick(&i->m->cpu[i->cpu]);
}

void interrupt_raise(struct interrupt *i)
{
    machine_defer(i->m, raise_now, i, 0);
}

void interrupt_bind(struct interrupt *i, int cpu)
{
    SIM_ASSERT(cpu >= 0 && cpu < i->m->n_cpus);
    i->cpu = cpu;
}
