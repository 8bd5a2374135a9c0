/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_calibration.c -- whatever the text, reading a calibration file ends, soon, with a sound calibration or with
 * messages.
 *
 *     fuzz_calibration ROUNDS SEED      (or libFuzzer, as fuzz_scenario.c) */
#include <math.h>
#include <stdint.h>

#include "core/assert.h"
#include "study/calibration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct calibration c;
    struct errors errors;

    errors_init(&errors);
    int bad = calibration_parse(&c, "tests/fuzz.yaml", (const char *)data, bytes, NULL, 0, &errors);
    SIM_ASSERT((bad != 0) == (errors.count > 0)); /* never neither, never both */
    for (size_t i = 0; i < c.row_count && !bad; i++) {
        SIM_ASSERT(c.rows[i].kind && c.rows[i].variant < c.study.variant_count);
        SIM_ASSERT(isfinite(calibration_target(&c.rows[i])) && calibration_tolerance(&c.rows[i]) > 0);
    }
    for (size_t i = 0; i < c.fit.count && !bad; i++) SIM_ASSERT(cost_profile_find(c.start, c.fit.list[i]));
    SIM_ASSERT(bad || (c.fit.count > 0 && c.row_count >= c.fit.count));
    calibration_close(&c);
    errors_fini(&errors);
    return 0;
}

#ifndef FUZZ_WITH_LIBFUZZER

#include "fuzz_text.h"

static const char *const words[] = {
    "*a", "&a ", "[", "]", "{", "}", ": ", ", ", "\n", "\n  ", "- ", "null", "~", "-1", "0", "0%", "-5%", "1e9Hz", "5Gbps", "\"",
    "'", "#", "\t", "---\n", "\xff", "\xc3\xa9", "rows:", "fit:", "of: moderated", "of: plain", "metric: csw-rate", "value: 1Hz",
    "tolerance: 5%", "source: x", "intr_exit", "udp_rx", "profile: nonesuch\n", "scenario: fuzz/none.yaml\n", "99999999999999999999%",
};
static const char *const seeds[] = { "tests/fuzz/calibration.yaml" };

int main(int argc, char **argv)
{
    return fuzz_texts(argc, argv, seeds, sizeof seeds / sizeof *seeds, words, sizeof words / sizeof *words);
}

#endif
