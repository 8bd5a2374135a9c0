/* SPDX-License-Identifier: Apache-2.0
 * host_posix.c -- lanes under real threads.
 *
 * Each thread: step while there is something to do, park, and sleep on its condition variable until woken.  The wake
 * is a latch, so one that comes between parking and sleeping is not lost.  Delayed wake-ups are
 * fired by one more thread. */
#define _POSIX_C_SOURCE 200809L
#include "host_posix.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_US = 10000 };

struct posix_thread {
    struct posix_host *host;
    unsigned number;
    pthread_t id;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool woken;              /* under the mutex */
};

struct posix_host {
    struct lane_env env;     /* first: the core's handle */
    struct posix_host_config config;
    struct lane *lane;
    struct lane_tx *tx;
    _Atomic bool stop;
    pthread_mutex_t *lock;
    struct posix_thread *thread;
    struct posix_thread timer; /* wakes itself at the earliest of 'due_ns' */
    int64_t *due_ns;         /* per thread, 0: not armed; under timer.mutex */
};

static struct posix_host *host_of(struct lane_env *env) { return (struct posix_host *)(void *)env; }

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void latch(struct posix_thread *t)
{
    pthread_mutex_lock(&t->mutex);
    t->woken = true;
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->mutex);
}

/* -- environment ------------------------------------------------------------------------------------------------ */

static int64_t env_now_ns(struct lane_env *env)
{
    (void)env;
    return clock_ns();
}
static void env_wake(struct lane_env *env, unsigned thread) { latch(&host_of(env)->thread[thread]); }
static bool env_enter(struct lane_env *env, unsigned lock)
{
    pthread_mutex_lock(&host_of(env)->lock[lock]);
    return true;
}
static void env_exit(struct lane_env *env, unsigned lock) { pthread_mutex_unlock(&host_of(env)->lock[lock]); }
static void env_arm(struct lane_env *env, unsigned thread, unsigned ticks)
{
    struct posix_host *h = host_of(env);
    pthread_mutex_lock(&h->timer.mutex);
    h->due_ns[thread] = clock_ns() + (int64_t)ticks * h->config.tick_us * 1000;
    pthread_cond_signal(&h->timer.cond);
    pthread_mutex_unlock(&h->timer.mutex);
}
static void env_charge(struct lane_env *env, enum lane_op op, uint32_t n)
{
    (void)env; /* real time is spent, not counted */
    (void)op;
    (void)n;
}
static void env_drop(struct lane_env *env, struct lane_pkt *list, enum lane_drop why)
{
    host_of(env)->config.drop(host_of(env)->config.owner, list, why);
}
static struct lane_pkt *env_clone(struct lane_env *env, const struct lane_pkt *p)
{
    struct posix_host *h = host_of(env);
    return h->config.clone ? h->config.clone(h->config.owner, p) : NULL;
}
static const struct lane_env_ops env_ops = {
    .version = LANE_ENV_VERSION, .now_ns = env_now_ns, .wake = env_wake, .enter = env_enter, .exit = env_exit,
    .arm = env_arm, .charge = env_charge, .drop = env_drop, .clone = env_clone,
};

/* -- threads ---------------------------------------------------------------------------------------------------- */

static enum lane_step_result step(struct posix_thread *t)
{
    struct posix_host *h = t->host;
    return h->lane ? lane_step(h->lane, t->number) : lane_tx_step(h->tx);
}

static bool park(struct posix_thread *t)
{
    struct posix_host *h = t->host;
    return h->lane ? lane_park(h->lane, t->number) : lane_tx_park(h->tx);
}

static void *run(void *arg)
{
    struct posix_thread *t = arg;
    struct posix_host *h = t->host;
    while (!atomic_load(&h->stop)) {
        enum lane_step_result r = step(t);
        if (r == LANE_STEP_BLOCKED) sched_yield(); /* the client or the port, never a lock */
        if (r != LANE_STEP_SLEEP || !park(t)) continue;
        pthread_mutex_lock(&t->mutex);
        while (!t->woken && !atomic_load(&h->stop)) pthread_cond_wait(&t->cond, &t->mutex);
        t->woken = false;
        pthread_mutex_unlock(&t->mutex);
    }
    return NULL;
}

/* Earliest timer, 0: none is armed. */
static int64_t next_due(const struct posix_host *h)
{
    int64_t due = 0;
    for (unsigned i = 0; i < h->config.threads; i++)
        if (h->due_ns[i] && (due == 0 || h->due_ns[i] < due)) due = h->due_ns[i];
    return due;
}

static void fire(struct posix_host *h)
{
    int64_t now = clock_ns();
    for (unsigned i = 0; i < h->config.threads; i++) {
        if (h->due_ns[i] == 0 || h->due_ns[i] > now) continue;
        h->due_ns[i] = 0;
        pthread_mutex_unlock(&h->timer.mutex);
        lane_timer(h->lane, i);
        pthread_mutex_lock(&h->timer.mutex);
    }
}

static void *run_timers(void *arg)
{
    struct posix_host *h = arg;
    pthread_mutex_lock(&h->timer.mutex);
    while (!atomic_load(&h->stop)) {
        int64_t due = next_due(h);
        if (due == 0) {
            pthread_cond_wait(&h->timer.cond, &h->timer.mutex);
        } else {
            struct timespec at = { due / 1000000000, due % 1000000000 };
            pthread_cond_timedwait(&h->timer.cond, &h->timer.mutex, &at);
            fire(h);
        }
    }
    pthread_mutex_unlock(&h->timer.mutex);
    return NULL;
}

static void thread_init(struct posix_thread *t, struct posix_host *h, unsigned number)
{
    pthread_condattr_t attr;
    t->host = h;
    t->number = number;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->cond, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&t->mutex, NULL);
}

struct posix_host *posix_host_create(const struct posix_host_config *config)
{
    struct posix_host *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->env.ops = &env_ops;
    h->config = *config;
    if (h->config.tick_us == 0) h->config.tick_us = TICK_US;
    h->lock = calloc(config->locks, sizeof *h->lock);
    h->thread = calloc(config->threads, sizeof *h->thread);
    h->due_ns = calloc(config->threads, sizeof *h->due_ns);
    if (!h->lock || !h->thread || !h->due_ns) {
        free(h->lock);
        free(h->thread);
        free(h->due_ns);
        free(h);
        return NULL;
    }
    for (unsigned i = 0; i < config->locks; i++) pthread_mutex_init(&h->lock[i], NULL);
    for (unsigned i = 0; i < config->threads; i++) thread_init(&h->thread[i], h, i);
    thread_init(&h->timer, h, 0);
    return h;
}

struct lane_env *posix_host_env(struct posix_host *h) { return &h->env; }
void posix_host_wake(struct posix_host *h, unsigned thread) { latch(&h->thread[thread]); }

static int start(struct posix_thread *t, void *(*fn)(void *), void *arg)
{
    int error = pthread_create(&t->id, NULL, fn, arg);
    t->started = error == 0;
    return -error;
}

static int start_all(struct posix_host *h)
{
    int error = h->lane ? start(&h->timer, run_timers, h) : 0;
    for (unsigned i = 0; i < h->config.threads && !error; i++) error = start(&h->thread[i], run, &h->thread[i]);
    if (error) posix_host_stop(h);
    return error;
}

int posix_host_run_lane(struct posix_host *h, struct lane *l)
{
    if (lane_thread_count(l) > h->config.threads || lane_lock_count(l) > h->config.locks) return -EINVAL;
    h->lane = l;
    lane_start(l);
    return start_all(h);
}

int posix_host_run_tx(struct posix_host *h, struct lane_tx *tx)
{
    h->tx = tx;
    return start_all(h);
}

static void finish(struct posix_thread *t)
{
    latch(t);
    if (t->started) pthread_join(t->id, NULL);
    t->started = false;
}

void posix_host_stop(struct posix_host *h)
{
    atomic_store(&h->stop, true);
    finish(&h->timer);
    for (unsigned i = 0; i < h->config.threads; i++) finish(&h->thread[i]);
}

static void thread_fini(struct posix_thread *t)
{
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->cond);
}

void posix_host_destroy(struct posix_host *h)
{
    if (!h) return;
    posix_host_stop(h);
    for (unsigned i = 0; i < h->config.threads; i++) thread_fini(&h->thread[i]);
    for (unsigned i = 0; i < h->config.locks; i++) pthread_mutex_destroy(&h->lock[i]);
    thread_fini(&h->timer);
    free(h->lock);
    free(h->thread);
    free(h->due_ns);
    free(h);
}

void posix_lane_input(struct lane *l, struct lane_chain *chain, bool local)
{
    enum lane_step_result r;
    while ((r = lane_input(l, chain, local)) == LANE_STEP_BLOCKED) sched_yield();
    while (r != LANE_STEP_SLEEP) {
        if (r == LANE_STEP_BLOCKED) sched_yield(); /* the client cannot take packets now */
        r = lane_step(l, LANE_CALLER);
    }
}
