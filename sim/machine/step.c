/* SPDX-License-Identifier: GPL-3.0-or-later
 * step.c -- one step: the code runs at once, at the instant the step begins; its costs and effects are played after.
 *
 *   start      charge a      defer X      charge b      return
 *   |------------------------|------------------------|
 *   code runs here           X is called here         the step ends here
 *
 * Local time is the start plus the femtoseconds charged.  A CPU carries what is left below a picosecond to its next
 * step, so time charged is never lost to rounding. */
#include <stdlib.h>

#include "core/assert.h"
#include "machine/machine_impl.h"
#include "machine/membus.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void step_run(struct cpu *c, struct frame *f, step_fn *fn, void *owner)
{
    struct machine *m = c->m;
    struct machine_view *v = &m->view;

    SIM_ASSERT(v->cpu < 0);
    f->next = f->count = 0;
    f->n_holds = 0;
    f->blocked_on = NULL;
    f->base_ps = now_ps(m);
    v->start = engine_now(v->engine);
    v->fs = c->carry_fs;
    v->user_fs = c->carry_user_fs;
    v->syscalls = v->spin_ps = v->protocol_fs = v->stall_ps = 0;
    v->activity = f == &c->irq ? ACTIVITY_INTERRUPT : c->thread->activity;
    v->cpu = c->index;
    m->running = c;
    m->frame = f;
    f->result = fn(owner);
    m->frame = NULL;
    v->cpu = -1;
    SIM_ASSERT(v->fs >= 0 && v->protocol_fs >= 0 && (f->result != STEP_BLOCKED || f->blocked_on));

    f->segment = SEGMENT_STEP;
    f->next_ps = f->count > 0 ? f->effects[0].offset_ps : INT64_MAX;
    f->length_ps = (int64_t)((uint64_t)v->fs / 1000);
    c->carry_fs = v->fs - f->length_ps * 1000;
    f->user_ps = v->user_fs < 1000 ? 0 : least(v->user_fs / 1000, f->length_ps);
    c->carry_user_fs = v->user_fs - f->user_ps * 1000;
    if (f->length_ps < STEP_PS_MIN) f->length_ps = STEP_PS_MIN;
    int64_t rest = f->length_ps - f->user_ps;
    f->spin_ps = least(v->spin_ps, rest);
    f->protocol_ps = v->protocol_fs < 1000 ? 0 : least((int64_t)((uint64_t)v->protocol_fs / 1000), rest - f->spin_ps);
    f->activity = v->activity;
    f->paid_ps = f->paid_user_ps = f->paid_spin_ps = f->paid_protocol_ps = 0;
    c->counter[CPU_steps]++;
    c->counter[CPU_syscl] += (uint64_t)v->syscalls;
    c->counter[CPU_stall_ps] += (uint64_t)v->stall_ps;
    if ((uint64_t)f->length_ps > c->counter[CPU_step_ps_max]) c->counter[CPU_step_ps_max] = (uint64_t)f->length_ps;
}

__attribute__((noinline)) static void more_effects(struct frame *f)
{
    f->room = f->room ? f->room * 2 : 64;
    f->effects = realloc(f->effects, f->room * sizeof *f->effects);
    SIM_ASSERT(f->effects);
}

static void defer(struct machine *m, struct effect e)
{
    struct frame *f = m->frame;

    if (f->count == f->room) more_effects(f);
    e.offset_ps = local_offset_ps(m);
    f->effects[f->count++] = e;
}

void machine_defer(struct machine *m, effect_fn *fn, void *owner, uint64_t value)
{
    if (m->frame)
        defer(m, (struct effect){ .fn = fn, .owner = owner, .value = value });
    else
        fn(owner, value);
}

void machine_defer_late(struct machine *m, late_effect_fn *fn, void *owner, uint64_t value, int64_t slack_ps)
{
    if (m->frame)
        defer(m, (struct effect){ .late = fn, .owner = owner, .value = value, .slack_ps = slack_ps });
    else
        fn(owner, value, engine_now(m->view.engine));
}

void step_flush(struct machine *m, late_effect_fn *fn, const void *owner)
{
    struct frame *f = m->frame;

    if (!f) return;
    for (uint32_t i = f->next; i < f->count; i++) {
        struct effect *e = &f->effects[i];
        if (e->late != fn || e->owner != owner) continue;
        e->late = NULL;
        fn(e->owner, e->value, engine_now(m->view.engine));
    }
}

/* -- memory accesses --------------------------------------------------------------------------------------------- */

/* What was moved since 'from_ps' (an offset), and what is left from before, passes its buses and memory; the step waits as
 * long as that takes longer. */
static void settle(struct machine *m, int64_t from_ps)
{
    struct machine_view *v = &m->view;
    int64_t late = membus_settle(m->membus, v->start.ps + from_ps, local_offset_ps(m) - from_ps);

    v->stall_ps += late;
    v->fs += late * 1000;
}

/* Where 'what' is, seen from CPU 'c', which does not have it but will from now on.  *from: which socket or node. */
static enum cost_place take_over(const struct machine *m, const struct cpu *c, struct touchable *what, int *from)
{
    int last = what->last;

    what->last = (int16_t)(c->index + 1);
    if (last == 0) {
        *from = what->home;
        return what->home == c->node ? COST_LINE_DRAM : COST_LINE_DRAM_FAR;
    }
    const struct seat *had = &m->seat[last - 1];
    *from = had->node;
    if (had->core == c->core) return COST_LINE_L2;
    return had->node == c->node ? COST_LINE_SOCKET : COST_LINE_REMOTE;
}

static void fetch_lines(struct machine *m, enum cost_place place, int from, int lines)
{
    machine_view(m)->fs += machine_view(m)->price.place_fs[place] * lines;
    if (!m->membus || place == COST_LINE_L2) return;
    if (membus_fetch(m->membus, MEMBUS_line_bytes, place, m->running->node, from, (int64_t)lines * MEMBUS_LINE_BYTES))
        settle(m, local_offset_ps(m));
}

void machine_touch_elsewhere(struct machine *m, struct touchable *what, int lines)
{
    int from;

    if (m->view.cpu < 0) return;
    enum cost_place place = take_over(m, m->running, what, &from);
    fetch_lines(m, place, from, lines);
}

void machine_touch_dma(struct machine *m, int node, int lines)
{
    if (m->view.cpu < 0) return;
    fetch_lines(m, m->running->node == node ? COST_LINE_DRAM : COST_LINE_DRAM_FAR, node, lines);
}

void machine_copy(struct machine *m, enum machine_copy kind, int node, struct touchable *user, int64_t bytes)
{
    int64_t begin = local_offset_ps(m);
    int from = 0;

    machine_charge(m, COST_COPY_BYTE, bytes);
    if (!m->membus || m->view.cpu < 0 || bytes == 0) return;
    const struct cpu *c = m->running;
    enum cost_place place = user->last == c->index + 1 ? COST_LINE_L2 : take_over(m, c, user, &from);
    if (place != COST_LINE_L2) membus_fetch(m->membus, MEMBUS_copy_bytes, place, c->node, from, bytes);
    place = c->node == node ? COST_LINE_DRAM : COST_LINE_DRAM_FAR;
    if (kind != COPY_IN_STREAMED) membus_fetch(m->membus, MEMBUS_copy_bytes, place, c->node, node, bytes);
    if (kind != COPY_OUT) membus_write_back(m->membus, MEMBUS_copy_bytes, c->node, node, bytes);
    settle(m, begin);
}
