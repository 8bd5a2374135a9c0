/* SPDX-License-Identifier: GPL-3.0-or-later
 * machine.c -- a machine's parts are made here and found here; how they run is in cpu.c, sched.c, step.c, mutex.c. */
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "machine/machine_impl.h"
#include "machine/membus.h"
#include "machine/memory.h"

static const char *const counter_names[N_CPU_COUNTERS] = {
#define X(name) #name,
    CPU_COUNTERS(X)
#undef X
};

static void cpu_init(struct machine *m, int index, const struct machine_config *config)
{
    struct cpu *c = &m->cpu[index];
    char name[256];

    snprintf(name, sizeof name, "%s/cpu%d", m->name, index);
    c->m = m;
    c->index = index;
    c->core = index / config->threads_per_core;
    c->node = c->core / config->cores;
    m->seat[index] = (struct seat){ (int16_t)c->core, (int16_t)c->node };
    c->entity = engine_entity(m->view.engine, name);
    c->idle_ps = now_ps(m);
    event_init(&c->event, c->entity, cpu_event, c);
    stats_register(m->stats, "cpu", name, counter_names, c->counter, N_CPU_COUNTERS);
}

static struct membus *make_membus(const struct machine *m, const struct machine_config *config)
{
    int64_t rate[N_COST_BANDWIDTHS];

    for (int i = 0; i < N_COST_BANDWIDTHS; i++) {
        rate[i] = config->bandwidth_Bps[i] ? config->bandwidth_Bps[i] : m->view.price.bandwidth_Bps[i];
        if (rate[i] == BANDWIDTH_UNLIMITED) rate[i] = 0;
    }
    return membus_create(m->view.engine, m->stats, m->name, m->sockets, m->cpus_per_socket, rate);
}

struct machine *machine_create(struct engine *engine, struct stats *stats, const struct machine_config *config)
{
    struct machine *m = calloc(1, sizeof *m);
    SIM_ASSERT(m && config->sockets > 0 && config->cores > 0 && config->threads_per_core > 0);
    SIM_ASSERT(config->quantum.ps > 0 && config->clock_hz > 0);
    m->view.engine = engine;
    m->view.cpu = -1;
    cost_table_fill(&m->view.price, config->profile, config->clock_hz);
    m->name = strdup(config->name);
    SIM_ASSERT(m->name);
    m->memory = memory_create(config->pool);
    m->entity = engine_entity(engine, config->name);
    m->stats = stats;
    m->sockets = config->sockets;
    m->cpus_per_socket = config->cores * config->threads_per_core;
    m->membus = make_membus(m, config);
    m->n_cpus = m->n_idle = m->sockets * m->cpus_per_socket;
    SIM_ASSERT(m->n_cpus < INT16_MAX);
    m->quantum_ps = config->quantum.ps;
    m->spinlocks = config->spinlocks;
    m->linux26 = config->scheduler == SCHEDULER_LINUX26;
    m->cpu = calloc((size_t)m->n_cpus, sizeof *m->cpu);
    m->seat = calloc((size_t)m->n_cpus, sizeof *m->seat);
    SIM_ASSERT(m->cpu && m->seat);
    for (int i = 0; i < m->n_cpus; i++) cpu_init(m, i, config);
    if (m->linux26) sched_linux26_start(m);
    return m;
}

void machine_destroy(struct machine *m)
{
    if (!m) return;
    mutex_destroy_all(m);
    engine_cancel(m->view.engine, &m->balance);
    for (uint32_t i = 0; i < m->n_interrupts; i++) free(m->interrupts[i]);
    for (uint32_t i = 0; i < m->n_threads; i++) {
        free(m->threads[i]->name);
        free(m->threads[i]);
    }
    free(m->interrupts);
    free(m->threads);
    for (int i = 0; i < m->n_cpus; i++) {
        engine_cancel(m->view.engine, &m->cpu[i].event);
        free(m->cpu[i].task.effects);
        free(m->cpu[i].task.holds);
        free(m->cpu[i].irq.effects);
    }
    free(m->cpu);
    free(m->seat);
    membus_destroy(m->membus);
    memory_destroy(m->memory);
    free(m->name);
    free(m);
}

struct engine *machine_engine(const struct machine *m)
{
    return m->view.engine;
}

struct memory *machine_memory(const struct machine *m)
{
    return m->memory;
}

struct membus *machine_membus(const struct machine *m)
{
    return m->membus;
}

const char *machine_name(const struct machine *m)
{
    return m->name;
}

int machine_cpu_count(const struct machine *m)
{
    return m->n_cpus;
}

int machine_cpu_node(const struct machine *m, int cpu)
{
    SIM_ASSERT(cpu >= 0 && cpu < m->n_cpus);
    return m->cpu[cpu].node;
}

const char *machine_thread_name(const struct machine *m, int64_t number)
{
    return number > 0 && number <= m->n_threads ? m->threads[number - 1]->name : NULL;
}

const char *machine_interrupt_name(const struct machine *m, int64_t number)
{
    return number > 0 && number <= m->n_interrupts ? m->interrupts[number - 1]->thread->name : NULL;
}

struct thread *thread_create(struct machine *m, const struct thread_config *config)
{
    struct thread *t = calloc(1, sizeof *t);
    SIM_ASSERT(t && config->priority >= 0 && config->priority < N_PRIORITIES);
    SIM_ASSERT(config->cpu >= CPU_ANY && config->cpu < m->n_cpus);
    t->m = m;
    t->name = strdup(config->name);
    SIM_ASSERT(t->name);
    t->priority = config->priority;
    t->bound = config->cpu;
    t->activity = config->activity;
    if (t->activity == ACTIVITY_DEFAULT)
        t->activity = t->priority < THREAD_SYSTEM ? ACTIVITY_SYSTEM : ACTIVITY_PROTOCOL;
    t->last = t->waker = -1;
    t->quantum_ps = m->quantum_ps;
    t->step = config->step;
    t->owner = config->owner;
    m->threads = realloc(m->threads, (m->n_threads + 1) * sizeof(struct thread *));
    SIM_ASSERT(m->threads);
    m->threads[m->n_threads] = t;
    t->id = ++m->n_threads;
    return t;
}

void machine_account(struct machine *m)
{
    for (int i = 0; i < m->n_cpus; i++) cpu_account(&m->cpu[i]);
    membus_account(m->membus);
}
