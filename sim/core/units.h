/* SPDX-License-Identifier: GPL-3.0-or-later
 * units.h -- simulated time, durations and rates: the only header every layer may include.
 *
 * Time is an int64_t count of picoseconds (range +-106 days), wrapped in one-member structs so that adding two
 * instants, or passing a byte count where a duration is meant, does not compile.  The wrapper costs nothing: the
 * ABI passes it in one integer register. */
#ifndef SIM_CORE_UNITS_H
#define SIM_CORE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct { int64_t ps; } sim_time;  /* an instant, since the start of the simulation */
typedef struct { int64_t ps; } sim_dur;   /* a difference between two instants */
typedef struct { int64_t bps; } sim_rate; /* bits per second, > 0 */

__extension__ typedef __int128 sim_wide; /* products of a size and 10^12 */

#define SIM_TIME_MAX ((sim_time){ INT64_MAX }) /* later than every event: "never" */

static inline sim_dur sim_ps(int64_t n) { return (sim_dur){ n }; }
static inline sim_dur sim_ns(int64_t n) { return (sim_dur){ n * 1000 }; }
static inline sim_dur sim_us(int64_t n) { return (sim_dur){ n * 1000000 }; }
static inline sim_dur sim_ms(int64_t n) { return (sim_dur){ n * 1000000000 }; }
static inline sim_rate sim_gbps(int64_t n) { return (sim_rate){ n * 1000000000 }; }

static inline sim_time sim_add(sim_time t, sim_dur d) { return (sim_time){ t.ps + d.ps }; }
static inline sim_dur sim_diff(sim_time late, sim_time early) { return (sim_dur){ late.ps - early.ps }; }
static inline sim_dur sim_dur_add(sim_dur a, sim_dur b) { return (sim_dur){ a.ps + b.ps }; }
static inline bool sim_before(sim_time a, sim_time b) { return a.ps < b.ps; }
static inline sim_time sim_later(sim_time a, sim_time b) { return a.ps < b.ps ? b : a; }
static inline sim_time sim_earlier(sim_time a, sim_time b) { return a.ps < b.ps ? a : b; }

/* Seconds as a double, for reports only: no decision in the models may rest on it. */
static inline double sim_seconds(sim_dur d) { return (double)d.ps * 1e-12; }

/* Time to serialise 'bytes' at 'rate', rounded up to a whole picosecond so that no link beats its rate.  Computed
 * from the total, never from a rounded per-byte time. */
static inline sim_dur sim_wire_time(int64_t bytes, sim_rate rate)
{
    if (__builtin_expect(bytes < 1000000, 1)) /* 8e12 * 10^6 fits in 63 bits: no wide division */
        return (sim_dur){ (bytes * 8000000000000 + rate.bps - 1) / rate.bps };
    return (sim_dur){ (int64_t)(((sim_wide)bytes * 8000000000000 + rate.bps - 1) / rate.bps) };
}

/* Whole bytes that pass at 'rate' during 'd', rounded down. */
static inline int64_t sim_bytes_in(sim_dur d, sim_rate rate)
{
    return (int64_t)((sim_wide)d.ps * rate.bps / 8000000000000);
}

#endif
