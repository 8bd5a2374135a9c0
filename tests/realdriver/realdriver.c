/* SPDX-License-Identifier: GPL-3.0-or-later
 * realdriver.c -- runs an unmodified production driver on the modelled card; README.md says how.  Arguments name
 * families of tests to run alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "checks.h"
#include "nicmodel/nic82598_regs.h"
#include "port.h"

static const struct { const char *name; void (*run)(void); } families[] = {
    { "traffic", check_traffic }, { "filters", check_filters }, { "offload", check_offload }, { "calls", check_calls },
    { "queues", check_queues }, { "life", check_life },
};

/* A register that the model has, or one of later chips that its list names. */
static void check_known(void)
{
    port_test("every register that the driver touched is known");
    for (uint32_t offset = 0; offset < NIC82598_BAR_BYTES; offset += 4) {
        if (!bar_touched(offset) || nic_reg_find(offset, NULL, NULL) >= 0 || nic_reg_absent(offset)) continue;
        CHECK_EQ(offset, 0);
    }
}

int main(int argc, char **argv)
{
    if (access("/sys/devices/system/cpu", F_OK) != 0) {
        printf("realdriver: skipped: the driver's library looks for CPUs in /sys, which is not mounted here\n");
        return EXIT_SUCCESS;
    }
    int rc = port_library_init(argv[0]);

    if (rc != 0) {
        fprintf(stderr, "realdriver: the driver's library does not start: %s\n", strerror(-rc));
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        bool wanted = argc < 2;
        for (int a = 1; a < argc; a++) wanted |= strcmp(argv[a], families[i].name) == 0;
        if (wanted) families[i].run();
    }
    check_known();
    printf("realdriver: %llu register reads and %llu writes by the driver\n", (unsigned long long)bar_reads(),
           (unsigned long long)bar_writes());
    return port_verdict();
}
