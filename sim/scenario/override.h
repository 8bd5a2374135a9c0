/* SPDX-License-Identifier: GPL-3.0-or-later
 * override.h -- puts a value at a path of a scenario, before it is converted: what variants and --set do.
 *
 * A path is keys joined by dots: "time.measure", "machines.client*.tcp.sack", "traffic.0.streams", "traffic.*.via".  In
 * a map of names a step may be a name, a range or a pattern; in a list a number from 0 or '*'.  A step with a dot in it
 * is put in double quotes. */
#ifndef SIM_SCENARIO_OVERRIDE_H
#define SIM_SCENARIO_OVERRIDE_H

#include "scenario/yaml.h"

/* Applies one override to the root of 't'.  A section given for a section is merged into it, key by key; anything else
 * replaces what is there; null takes it away.  'at' is where the path stands.  0, or -1 after adding what is wrong: a
 * path that leads nowhere, with the keys or names that are known there.  '*work', 0 at the start, adds up what the
 * overrides of one scenario cost; beyond a limit they are refused, so that no file takes for ever. */
int override_apply(struct yaml_tree *t, const char *path, struct error_at at, const struct yaml_node *value,
                   size_t *work, struct errors *errors);

#endif
