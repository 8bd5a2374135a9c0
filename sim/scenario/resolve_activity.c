/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve_activity.c -- who sends to whom over which links, where captures are, what expectations refer to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/names.h"
#include "scenario/resolve.h"

enum {
    PATTERNS_MAX = 100,
    WORK_MAX = 3000000,     /* ends in all entries, and what it takes to find them */
    CAPTURES_MAX = 1000,
    FIRST_PORT = 20000,
    WIRE_EXTRA_BYTES = 20,  /* preamble, start delimiter, gap */
    FRAME_EXTRA_BYTES = 18, /* Ethernet header and FCS around an IP packet */
    VLAN_EXTRA_BYTES = 4,
};

struct ends {
    struct scenario_end *list;
    size_t count;
};

static size_t mistakes(const struct errors *e) { return e->count + e->suppressed; }

/* -- machines by pattern ------------------------------------------------------------------------------------------ */

static void unknown_machine(const struct name_index *machines, const char *key, const char *name, struct error_at at,
                            struct errors *errors)
{
    char hint[NAME_WHY_BYTES];

    if (strchr(name, '*'))
        errors_add(errors, at, "%s: no machine is named like '%.60s'", key, name);
    else
        errors_add(errors, at, "%s: there is no machine '%.60s'%s", key, name,
                   name_index_hint(machines, errors, name, hint));
}

/* Marks in 'chosen' every machine that one text stands for; stops at the first name that nothing has. */
static void choose(const struct name_index *machines, const char *key, const char *text, struct error_at at,
                   bool *chosen, struct errors *errors)
{
    struct scenario_names names = { 0 };
    bool pattern = strchr(text, '*') != NULL, found = true;
    char why[NAME_WHY_BYTES];

    if (name_expand(text, &names, why)) {
        errors_add(errors, at, "%s: %s", key, why);
        found = false;
    } else if (pattern && names.count > PATTERNS_MAX) {
        errors_add(errors, at, "%s: '%.60s' is a range of too many patterns", key, text);
        found = false;
    }
    for (size_t i = 0; i < names.count && found; i++) {
        int index = name_index_find(machines, names.list[i]);
        found = index >= 0;
        if (found) chosen[index] = true;
        for (size_t k = 0; pattern && k < machines->count; k++)
            if (name_match(names.list[i], machines->list[k].name)) found = chosen[machines->list[k].index] = true;
        if (!found) unknown_machine(machines, key, names.list[i], at, errors);
    }
    scenario_names_fini(&names);
}

/* The machines that 'names' stand for, in the order of the scenario, each once. */
static struct ends find_ends(const struct scenario *s, const struct name_index *machines, const char *key,
                             const struct scenario_names *names, struct errors *errors)
{
    bool *chosen = calloc(s->machine_count + 1, sizeof *chosen);
    struct ends e = { 0 };

    SIM_ASSERT(chosen);
    for (size_t i = 0; i < names->count; i++) choose(machines, key, names->list[i], names->at, chosen, errors);
    for (size_t i = 0; i < s->machine_count; i++) e.count += chosen[i];
    e.list = calloc(e.count + 1, sizeof *e.list);
    SIM_ASSERT(e.list);
    e.count = 0;
    for (size_t i = 0; i < s->machine_count; i++)
        if (chosen[i]) e.list[e.count++] = (struct scenario_end){ .machine = (int)i, .nic = 0, .link = -1 };
    free(chosen);
    return e;
}

/* -- via ---------------------------------------------------------------------------------------------------------- */

/* Makes an end use the NIC or link of that name; false when the machine has none. */
static bool use_link(const struct scenario *s, struct scenario_end *end, const char *name)
{
    const struct scenario_machine *m = &s->machines[end->machine];
    int nic = scenario_find_nic(m, name), link = scenario_find_link(m, name);

    if (nic < 0 && link < 0) return false;
    end->link = nic >= 0 ? -1 : link;
    end->nic = nic >= 0 ? nic : m->links[link].nic;
    return true;
}

static void offer_links(const struct scenario *s, const struct scenario_end *end, struct name_guess *guess)
{
    const struct scenario_machine *m = &s->machines[end->machine];

    for (size_t i = 0; i < m->nic_count; i++) name_guess_offer(guess, m->nics[i].name);
    for (size_t i = 0; i < m->link_count; i++) name_guess_offer(guess, m->links[i].name);
}

/* One text of 'via': LINK for every machine of the entry that has it, MACHINE/LINK for one. */
static void apply_via(const struct scenario *s, struct scenario_traffic *t, const char *text, struct errors *errors)
{
    const char *slash = strchr(text, '/'), *link = slash ? slash + 1 : text;
    struct ends sides[2] = { { t->from_ends, t->from_count }, { t->to_ends, t->to_count } };
    char hint[NAME_WHY_BYTES], machine[NAME_BYTES_MAX + 1];
    struct name_guess guess;
    bool used = false, named = false;

    snprintf(machine, sizeof machine, "%.*s", slash ? (int)(slash - text) : 0, text);
    name_guess_start(&guess, link, errors);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sides[side].count; i++) {
            struct scenario_end *end = &sides[side].list[i];
            if (slash && strcmp(s->machines[end->machine].name, machine) != 0) continue;
            named = true;
            if (use_link(s, end, link))
                used = true;
            else if (!used)
                offer_links(s, end, &guess);
        }
    }
    if (slash && !named)
        errors_add(errors, t->via.at, "via: machine '%.60s' is neither in 'from' nor in 'to'", machine);
    else if (!used && slash)
        errors_add(errors, t->via.at, "via: machine '%.60s' has no NIC or link '%.60s'%s", machine, link,
                   name_guess_hint(&guess, hint));
    else if (!used)
        errors_add(errors, t->via.at, "via: no machine in 'from' or 'to' has a NIC or link '%.60s'%s", link,
                   name_guess_hint(&guess, hint));
}

/* Traffic must not use the own link of a NIC that has none. */
static void check_primary(const struct scenario *s, const struct scenario_traffic *t, const struct scenario_end *ends,
                          size_t count, struct errors *errors)
{
    for (size_t i = 0; i < count; i++) {
        const struct scenario_machine *m = &s->machines[ends[i].machine];
        if (ends[i].link >= 0 || m->nic_count == 0 || m->nics[ends[i].nic].primary) continue;
        errors_add(errors, t->at, "machine '%s': '%s' has no link of its own (primary: false): name a link with 'via'",
                   m->name, m->nics[ends[i].nic].name);
        return;
    }
}

/* -- rates -------------------------------------------------------------------------------------------------------- */

/* Mean time between frames at one sending end; 0 after adding why there is none. */
static int64_t frame_interval(const struct scenario_traffic *t, const struct scenario_nic *nic, struct errors *errors)
{
    sim_wide mean_x2 = t->frame_bytes + t->frame_max_bytes; /* twice the mean size */
    sim_wide wire_fs = (mean_x2 + 2 * WIRE_EXTRA_BYTES) * 4 * 1000000000000000 / nic->rate.bps, interval;

    if (t->packet_rate > 0)
        interval = (sim_wide)1000000000000000 / t->packet_rate;
    else if (t->rate.bps > 0)
        interval = mean_x2 * 4 * 1000000000000000 / t->rate.bps;
    else
        interval = wire_fs * 1000000 / (t->load_ppm > 0 ? t->load_ppm : 1000000);
    if (interval < wire_fs) {
        errors_add(errors, t->at, "this is more than the wire of '%s' carries: %" PRId64 " frames per second",
                   nic->name, (int64_t)(1000000000000000 / wire_fs));
        return 0;
    }
    if (interval > INT64_MAX) {
        errors_add(errors, t->at, "this is less than one frame in two hours");
        return 0;
    }
    return (int64_t)interval;
}

static void resolve_packets(const struct scenario *s, struct scenario_traffic *t, struct errors *errors)
{
    size_t before = mistakes(errors);

    if ((t->rate.bps > 0) + (t->load_ppm > 0) + (t->packet_rate > 0) > 1)
        errors_add(errors, t->at, "only one of 'load', 'rate' and 'packet-rate' can be given");
    if (t->frame_max_bytes == SCENARIO_AUTO) t->frame_max_bytes = t->frame_bytes;
    if (t->frame_max_bytes < t->frame_bytes) errors_add(errors, t->at, "'frame-max' is smaller than 'frame'");
    for (size_t i = 0; i < t->from_count && mistakes(errors) == before; i++) { /* one message for all ends */
        struct scenario_end *end = &t->from_ends[i];
        const struct scenario_machine *m = &s->machines[end->machine];
        const struct scenario_nic *nic;
        int64_t longest;
        if (m->nic_count == 0 || end->nic < 0) continue;
        nic = &m->nics[end->nic];
        longest = nic->mtu_bytes + FRAME_EXTRA_BYTES +
                  (end->link >= 0 && m->links[end->link].vlan > 0 ? VLAN_EXTRA_BYTES : 0);
        if (t->frame_max_bytes > longest)
            errors_add(errors, t->at, "frames of %" PRId64 "B do not fit: with an MTU of %" PRId64
                       "B the longest is %" PRId64 "B", t->frame_max_bytes, nic->mtu_bytes, longest);
        else
            end->interval_fs = frame_interval(t, nic, errors);
    }
}

/* The mean time between requests of each client. */
static void resolve_web(struct scenario_traffic *t, struct errors *errors)
{
    bool mix = t->response_bytes == SCENARIO_AUTO;

    if (mix && t->response_max_bytes != SCENARIO_AUTO)
        errors_add(errors, t->at, "'response-max' needs a 'response' to begin from");
    if (t->response_max_bytes == SCENARIO_AUTO) t->response_max_bytes = t->response_bytes;
    if (!mix && t->response_max_bytes < t->response_bytes)
        errors_add(errors, t->at, "'response-max' is smaller than 'response'");
    if (t->request_hz > 0 && t->think.ps > 0)
        errors_add(errors, t->at, "only one of 'think' and 'request-rate' can be given");
    for (size_t i = 0; i < t->from_count && t->request_hz > 0; i++)
        t->from_ends[i].interval_fs = 1000000000000000 / t->request_hz;
}

/* -- traffic ------------------------------------------------------------------------------------------------------ */

/* True when some sender has a receiver that is not itself. */
static bool has_pair(const struct scenario_traffic *t)
{
    if (t->from_count == 0 || t->to_count == 0) return false;
    if (t->from_count > 1 || t->to_count > 1) return true;
    return t->from_ends->machine != t->to_ends->machine || t->from_ends->nic != t->to_ends->nic ||
           t->from_ends->link != t->to_ends->link;
}

static void resolve_traffic(const struct scenario *s, const struct name_index *machines, struct scenario_traffic *t,
                            size_t index, struct errors *errors)
{
    size_t before = mistakes(errors);
    struct ends from = find_ends(s, machines, "from", &t->from, errors);
    struct ends to = find_ends(s, machines, "to", &t->to, errors);

    t->from_ends = from.list;
    t->from_count = from.count;
    t->to_ends = to.list;
    t->to_count = to.count;
    if (t->port == SCENARIO_AUTO) t->port = FIRST_PORT + (int)(index % (65536 - FIRST_PORT));
    if (t->stop.ps <= t->start.ps) errors_add(errors, t->at, "'stop' is not after 'start'");
    if (mistakes(errors) == before)
        for (size_t i = 0; i < t->via.count; i++) apply_via(s, t, t->via.list[i], errors);
    if (mistakes(errors) == before) {
        check_primary(s, t, t->from_ends, t->from_count, errors);
        check_primary(s, t, t->to_ends, t->to_count, errors);
    }
    if (mistakes(errors) == before && t->from.count > 0 && t->to.count > 0 && !has_pair(t))
        errors_add(errors, t->at, "'from' and 'to' are the same: nobody sends to itself");
    if (t->kind == SCENARIO_PACKETS) resolve_packets(s, t, errors);
    if (t->kind == SCENARIO_WEB) resolve_web(t, errors);
}

/* -- captures ----------------------------------------------------------------------------------------------------- */

/* The NIC of machine 'm' that is wired to switch 'at': the one of that name, or the only one. */
static int port_nic(const struct scenario *s, int m, const char *name, int at)
{
    const struct scenario_machine *machine = &s->machines[m];
    int found = -1;

    for (size_t i = 0; i < machine->nic_count; i++) {
        if (machine->nics[i].wire_switch != at || (name && strcmp(machine->nics[i].name, name) != 0)) continue;
        if (found < 0) found = (int)i;
    }
    return found;
}

static bool wired(const struct scenario *s, int a, int b)
{
    for (size_t i = 0; i < s->wire_count; i++) {
        const int *e = s->wires[i].ends;
        if ((e[0] == a && e[1] == b) || (e[0] == b && e[1] == a)) return true;
    }
    return false;
}

/* SWITCH/PEER or SWITCH/MACHINE/NIC. */
static void capture_at_switch(const struct scenario *s, const struct name_index *machines,
                              const struct name_index *switches, struct scenario_capture *c, char *peer,
                              struct errors *errors)
{
    char *slash = strchr(peer, '/'), hint[NAME_WHY_BYTES];

    if (slash) *slash++ = '\0';
    c->machine = name_index_find(machines, peer);
    c->peer_switch = slash ? -1 : name_index_find(switches, peer);
    if (c->machine >= 0) c->nic = port_nic(s, c->machine, slash, c->at_switch);
    if (c->machine < 0 && c->peer_switch < 0)
        errors_add(errors, c->on.at, "on: there is no machine or switch '%.60s'%s", peer,
                   name_index_hint(machines, errors, peer, hint));
    else if (c->machine >= 0 ? c->nic < 0 : !wired(s, c->at_switch, c->peer_switch))
        errors_add(errors, c->on.at, "on: switch '%s' has no port to '%.60s%s%.60s'",
                   s->switches[c->at_switch].name, peer, slash ? "/" : "", slash ? slash : "");
}

static void capture_at_nic(const struct scenario *s, struct scenario_capture *c, const char *name,
                           struct errors *errors)
{
    char hint[NAME_WHY_BYTES];
    struct name_guess guess;

    c->nic = scenario_find_nic(&s->machines[c->machine], name);
    if (c->nic >= 0) return;
    name_guess_start(&guess, name, errors);
    for (size_t i = 0; i < s->machines[c->machine].nic_count; i++)
        name_guess_offer(&guess, s->machines[c->machine].nics[i].name);
    errors_add(errors, c->on.at, "on: machine '%s' has no NIC '%.60s'%s", s->machines[c->machine].name, name,
               name_guess_hint(&guess, hint));
}

static char *default_file(const char *on)
{
    size_t n = strlen(on);
    char *file = malloc(n + sizeof ".pcapng");

    SIM_ASSERT(file);
    memcpy(file, on, n);
    memcpy(file + n, ".pcapng", sizeof ".pcapng");
    for (char *p = file; *p; p++)
        if (*p == '/') *p = '-';
    return file;
}

static void resolve_capture(struct scenario *s, const struct name_index *machines, const struct name_index *switches,
                            size_t index, struct errors *errors)
{
    struct scenario_capture *c = &s->captures[index];
    char *place = c->on.text ? strdup(c->on.text) : NULL, *slash = place ? strchr(place, '/') : NULL;
    char hint[NAME_WHY_BYTES];

    c->machine = c->nic = c->at_switch = c->peer_switch = -1;
    if (slash) *slash++ = '\0';
    if (place && !slash) {
        errors_add(errors, c->on.at, "on: '%.60s' is not a place: expected MACHINE/NIC or SWITCH/PEER", place);
    } else if (place) {
        c->at_switch = name_index_find(switches, place);
        c->machine = c->at_switch < 0 ? name_index_find(machines, place) : -1;
        if (c->at_switch >= 0)
            capture_at_switch(s, machines, switches, c, slash, errors);
        else if (c->machine >= 0)
            capture_at_nic(s, c, slash, errors);
        else
            errors_add(errors, c->on.at, "on: there is no machine or switch '%.60s'%s", place,
                       name_index_hint(machines, errors, place, hint));
    }
    free(place);
    if (!c->file && c->on.text) c->file = default_file(c->on.text);
    if (c->file && !name_valid(c->file))
        errors_add(errors, c->at, "file: '%.60s' is not a file name of letters, digits, '-', '_' and '.'", c->file);
    for (size_t i = 0; i < index && c->file; i++)
        if (s->captures[i].file && strcmp(s->captures[i].file, c->file) == 0) {
            errors_add(errors, c->at, "file: '%.60s' is already written by the capture in line %d", c->file,
                       s->captures[i].at.line);
            break;
        }
    if (c->to.ps <= c->from.ps) errors_add(errors, c->at, "'to' is not after 'from'");
}

/* -- expectations ------------------------------------------------------------------------------------------------- */

static bool given(const struct scenario_bound *b) { return b->unit != SCENARIO_BOUND_NONE; }
static bool tried(const struct scenario_bound *b) { return b->at.file != NULL; } /* given, rightly or wrongly */

static void check_variant(const struct scenario *s, const struct scenario_ref *ref, const char *key,
                          struct errors *errors)
{
    char hint[NAME_WHY_BYTES];
    struct name_guess guess;

    if (!ref->text) return;
    name_guess_start(&guess, ref->text, errors);
    for (size_t i = 0; i < s->variants.count; i++) {
        if (strcmp(s->variants.list[i], ref->text) == 0) return;
        name_guess_offer(&guess, s->variants.list[i]);
    }
    errors_add(errors, ref->at, "%s: there is no variant '%.60s'%s", key, ref->text, name_guess_hint(&guess, hint));
}

static void check_expect(const struct scenario *s, const struct scenario_expect *e, struct errors *errors)
{
    check_variant(s, &e->of, "of", errors);
    check_variant(s, &e->against, "against", errors);
    if (!tried(&e->within) && !tried(&e->at_least) && !tried(&e->at_most) && !tried(&e->between[0]) &&
        !tried(&e->ratio_at_least) && !tried(&e->ratio_at_most) && !tried(&e->spread) &&
        !tried(&e->spread_at_least) && !tried(&e->lowest_at_most))
        errors_add(errors, e->at, "expected at least one of 'within', 'ratio-at-least', 'ratio-at-most', 'at-least', "
                                  "'at-most', 'between', 'spread', 'spread-at-least' and 'lowest-at-most'");
    if (given(&e->within) && !e->against.text)
        errors_add(errors, e->at, "'within' needs 'against': the variant to compare with");
    if ((given(&e->ratio_at_least) || given(&e->ratio_at_most)) && !e->against.text)
        errors_add(errors, e->at, "a ratio needs 'against': the variant to compare with");
    if (e->against.text && !given(&e->within) && !given(&e->ratio_at_least) && !given(&e->ratio_at_most))
        errors_add(errors, e->against.at, "'against' needs 'within' or a ratio: how far apart the two may be");
    if (e->of.text && e->against.text && strcmp(e->of.text, e->against.text) == 0)
        errors_add(errors, e->against.at, "'against' is the same variant as 'of'");
}

double scenario_bound_value(const struct scenario_bound *b)
{
    double v = (double)b->digits;

    for (int i = 0; i < b->exponent; i++) v *= 10;
    if (b->exponent < 0) { /* one division: 1e-2 is not a binary fraction, 100 is exact */
        double scale = 1;
        for (int i = 0; i > b->exponent; i--) scale *= 10;
        v /= scale;
    }
    return v;
}

void resolve_activity(struct scenario *s, struct errors *errors)
{
    struct name_index machines = name_index_machines(s), switches = name_index_switches(s);
    size_t work = 0;

    for (size_t i = 0; i < s->traffic_count; i++) {
        struct scenario_traffic *t = &s->traffic[i];
        if (work > WORK_MAX) {
            errors_add(errors, t->at, "traffic: too many entries for so many machines");
            break;
        }
        resolve_traffic(s, &machines, t, i, errors);
        work += t->from_count + t->to_count + 100;
        work += (t->from.count + t->to.count) * s->machine_count / 10; /* names and patterns compared */
    }
    if (s->capture_count > CAPTURES_MAX)
        errors_add(errors, s->captures[CAPTURES_MAX].at, "capture: at most %d are possible", CAPTURES_MAX);
    for (size_t i = 0; i < s->capture_count && i < CAPTURES_MAX; i++)
        resolve_capture(s, &machines, &switches, i, errors);
    for (size_t i = 0; i < s->expect_count; i++) check_expect(s, &s->expects[i], errors);
    if (s->trace.on && s->trace.to.ps <= s->trace.from.ps)
        errors_add(errors, (struct error_at){ .file = s->file }, "trace: 'to' is not after 'from'");
    for (size_t i = 0; i < s->plots.count; i++)
        if (!name_valid(s->plots.list[i]))
            errors_add(errors, s->plots.at, "plot: '%.60s' is not the name of a plot", s->plots.list[i]);
    name_index_fini(&machines);
    name_index_fini(&switches);
}
