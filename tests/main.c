/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c -- runs every suite of tests/; arguments name suites to run alone. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

struct suite {
    const char *name;
    Suite *(*make)(void);
};
static const struct suite suites[] = {
#define X(NAME) { #NAME, NAME##_suite },
    TEST_SUITES(X)
#undef X
};

static bool wanted(const char *name, int argc, char **argv)
{
    if (argc < 2) return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (wanted(suites[i].name, argc, argv)) srunner_add_suite(runner, suites[i].make());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
