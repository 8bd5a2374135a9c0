/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve.c -- the topology's names, limits and addresses.
 *
 * Automatic addresses count machines in the order of the file and, within a machine, NICs before links, so that they
 * depend on nothing else. */
#include "scenario/resolve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "scenario/names.h"
#include "scenario/quantity.h"

/* -- sorted names ------------------------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct name_entry *ea = a, *eb = b;
    int c = strcmp(ea->name, eb->name);

    return c ? c : (ea->index > eb->index) - (ea->index < eb->index);
}

/* 'names' are the first members of 'count' items of 'size' bytes each, at 'offset'. */
static struct name_index make_index(const void *items, size_t count, size_t size, size_t offset)
{
    struct name_index x = { calloc(count + 1, sizeof *x.list), count };

    SIM_ASSERT(x.list);
    for (size_t i = 0; i < count; i++)
        x.list[i] = (struct name_entry){
            *(char *const *)(const void *)((const char *)items + i * size + offset), (int)i };
    qsort(x.list, count, sizeof *x.list, compare_entries);
    return x;
}

struct name_index name_index_machines(const struct scenario *s)
{
    return make_index(s->machines, s->machine_count, sizeof *s->machines, offsetof(struct scenario_machine, name));
}

struct name_index name_index_switches(const struct scenario *s)
{
    return make_index(s->switches, s->switch_count, sizeof *s->switches, offsetof(struct scenario_switch, name));
}

void name_index_fini(struct name_index *x) { free(x->list); }

int name_index_find(const struct name_index *x, const char *name)
{
    size_t low = 0, high = x->count;

    while (low < high) { /* the first of equal names */
        size_t middle = (low + high) / 2;
        if (strcmp(x->list[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < x->count && strcmp(x->list[low].name, name) == 0 ? x->list[low].index : -1;
}

const char *name_index_hint(const struct name_index *x, const struct errors *errors, const char *word, char *buffer)
{
    struct name_guess guess;

    name_guess_start(&guess, word, errors);
    for (size_t i = 0; i < x->count && i < 1000; i++) name_guess_offer(&guess, x->list[i].name);
    return name_guess_hint(&guess, buffer);
}

/* Reports every item whose name an earlier one has. */
static void check_unique(const struct name_index *x, const void *items, size_t size, const char *what,
                         struct errors *errors)
{
    for (size_t i = 1, first = 0; i < x->count; i++) {
        const struct error_at *at, *before;
        if (strcmp(x->list[i].name, x->list[first].name) != 0) {
            first = i;
            continue;
        }
        at = (const struct error_at *)(const void *)((const char *)items + (size_t)x->list[i].index * size);
        before = (const struct error_at *)(const void *)((const char *)items + (size_t)x->list[first].index * size);
        errors_add(errors, *at, "%s '%s' is defined twice, first in line %d", what, x->list[i].name, before->line);
    }
}

/* -- switches and wires ------------------------------------------------------------------------------------------- */

static void resolve_wires(struct scenario *s, const struct name_index *switches, struct errors *errors)
{
    char hint[NAME_WHY_BYTES];

    for (size_t i = 0; i < s->wire_count; i++) {
        struct scenario_wire *w = &s->wires[i];
        if (w->between.count == 0) continue; /* said before */
        if (w->between.count != 2) {
            errors_add(errors, w->between.at, "between: expected two switches, such as [core, edge]");
            continue;
        }
        for (int k = 0; k < 2; k++) {
            w->ends[k] = name_index_find(switches, w->between.list[k]);
            if (w->ends[k] < 0)
                errors_add(errors, w->between.at, "between: there is no switch '%.60s'%s", w->between.list[k],
                           name_index_hint(switches, errors, w->between.list[k], hint));
        }
        if (w->ends[0] >= 0 && w->ends[0] == w->ends[1])
            errors_add(errors, w->between.at, "between: both ends are at '%.60s'", w->between.list[0]);
    }
}

/* -- a machine's parts -------------------------------------------------------------------------------------------- */


static void check_cpu_list(const struct scenario_cpu_list *l, const struct scenario_cpus *cpus, struct errors *errors)
{
    int n = scenario_cpu_count(cpus);

    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] >= n) {
            errors_add(errors, l->at, "cpus: there is no CPU %d: the machine has %d, counted from 0", l->list[i], n);
            return;
        }
}

static void check_lane(const struct scenario_machine *m, struct errors *errors)
{
    const struct scenario_lane *l = &m->lane;

    if (l->low_water_pkts > l->high_water_pkts)
        errors_add(errors, m->at, "machine '%s': lane.low-water (%d) is above lane.high-water (%d)", m->name,
                   l->low_water_pkts, l->high_water_pkts);
    if (l->poll_threshold_pkts > l->low_water_pkts / 2)
        errors_add(errors, m->at, "machine '%s': lane.poll-threshold (%d) is above half of lane.low-water (%d)",
                   m->name, l->poll_threshold_pkts, l->low_water_pkts);
}

static void resolve_wire(const struct scenario *s, struct scenario_nic *nic, const struct name_index *switches,
                         struct errors *errors)
{
    char hint[NAME_WHY_BYTES];

    nic->wire_switch = -1;
    if (s->platform.text) {
        if (nic->wire.text)
            errors_add(errors, nic->wire.at,
                       "wire: has no meaning with a platform file, which says how hosts are connected");
    } else if (!nic->wire.text) {
        errors_add(errors, nic->at, "nic '%s': 'wire' is missing: which switch is it connected to?", nic->name);
    } else {
        nic->wire_switch = name_index_find(switches, nic->wire.text);
        if (nic->wire_switch < 0)
            errors_add(errors, nic->wire.at, "wire: there is no switch '%.60s'%s", nic->wire.text,
                       name_index_hint(switches, errors, nic->wire.text, hint));
    }
}

static void resolve_nic(const struct scenario *s, const struct scenario_machine *m, struct scenario_nic *nic,
                        const struct name_index *switches, struct errors *errors)
{
    resolve_wire(s, nic, switches, errors);
    check_card(nic, m->detail == SCENARIO_FULL, errors);
    check_cpu_list(&nic->cpus, &m->cpus, errors);
    if (nic->node >= m->cpus.sockets)
        errors_add(errors, nic->at, "nic '%s': there is no NUMA node %d: the machine has %d, counted from 0", nic->name,
                   nic->node, m->cpus.sockets);
    if (nic->rx_descriptors % 8 != 0 || nic->tx_descriptors % 8 != 0)
        errors_add(errors, nic->at, "nic '%s': rx-descriptors and tx-descriptors must be multiples of 8", nic->name);
}

/* rxrings and lanes say the same thing in two ways; afterwards both are definite. */
static void resolve_rxrings(struct scenario_link *l, const struct scenario_nic *nic, struct errors *errors)
{
    const char *text = l->rxrings_text.text;
    char why[QUANTITY_WHY_BYTES];
    int64_t rings;

    l->rxrings = strcmp(text, "sw") == 0 ? SCENARIO_RXRINGS_SW
               : strcmp(text, "auto") == 0 ? SCENARIO_RXRINGS_AUTO : SCENARIO_RXRINGS_HW;
    if (l->rxrings == SCENARIO_RXRINGS_SW) {
        if (l->lanes > 1)
            errors_add(errors, l->at, "link '%s': 'rxrings: sw' is one software lane, not %d lanes", l->name, l->lanes);
        l->lanes = 1;
    } else if (l->rxrings == SCENARIO_RXRINGS_AUTO || strcmp(text, "hw") == 0) {
        if (l->lanes == SCENARIO_AUTO) l->lanes = nic ? nic->lanes : 1;
    } else if (quantity_parse(text, QUANTITY_COUNT, &rings, why) || rings < 1 || rings > SCENARIO_LANES_MAX) {
        errors_add(errors, l->rxrings_text.at, "rxrings: '%.40s' is not auto, hw, sw or a number from 1 to %d", text,
                   SCENARIO_LANES_MAX);
    } else {
        if (l->lanes != SCENARIO_AUTO && l->lanes != rings)
            errors_add(errors, l->rxrings_text.at, "rxrings: %.40s contradicts 'lanes: %d'", text, l->lanes);
        l->lanes = (int)rings;
    }
}

static void resolve_txrings(struct scenario_link *l, struct errors *errors)
{
    const char *text = l->txrings_text.text;
    char why[QUANTITY_WHY_BYTES];
    int64_t rings = strcmp(text, "hw") == 0;

    if (strcmp(text, "sw") != 0 && strcmp(text, "hw") != 0 &&
        (quantity_parse(text, QUANTITY_COUNT, &rings, why) || rings < 1 || rings > SCENARIO_TX_RINGS_MAX))
        errors_add(errors, l->txrings_text.at, "txrings: '%.40s' is not hw, sw or a number from 1 to %d", text,
                   SCENARIO_TX_RINGS_MAX);
    else
        l->tx_rings = (int)rings;
}

static void resolve_link(const struct scenario_machine *m, struct scenario_link *l, struct errors *errors)
{
    char hint[NAME_WHY_BYTES];
    struct name_guess guess;

    l->nic = l->over.text ? scenario_find_nic(m, l->over.text) : -1;
    if (l->over.text && l->nic < 0) {
        name_guess_start(&guess, l->over.text, errors);
        for (size_t i = 0; i < m->nic_count; i++) name_guess_offer(&guess, m->nics[i].name);
        errors_add(errors, l->over.at, "over: machine '%s' has no NIC '%.60s'%s", m->name, l->over.text,
                   name_guess_hint(&guess, hint));
    }
    resolve_rxrings(l, l->nic >= 0 ? &m->nics[l->nic] : NULL, errors);
    resolve_txrings(l, errors);
    if (l->nic >= 0 && m->detail == SCENARIO_FULL) check_card_link(&m->nics[l->nic], l, errors);
    check_cpu_list(&l->cpus, &m->cpus, errors);
}

static int larger(int a, int b) { return a > b ? a : b; }

/* Links that asked for nothing get the groups that are left, in order, and the others a software lane.  All groups
 * have as many rings as the largest. */
static void hand_out_groups(const struct scenario_machine *m, size_t nic_index)
{
    const struct scenario_nic *nic = &m->nics[nic_index];
    int groups = 1, rings = nic->primary ? nic->lanes : 1;

    for (size_t i = 0; i < m->link_count; i++) {
        const struct scenario_link *l = &m->links[i];
        if (l->nic != (int)nic_index || l->rxrings != SCENARIO_RXRINGS_HW) continue;
        groups++;
        rings = larger(rings, l->lanes);
    }
    for (size_t i = 0; i < m->link_count; i++) {
        struct scenario_link *l = &m->links[i];
        if (l->nic != (int)nic_index || l->rxrings != SCENARIO_RXRINGS_AUTO) continue;
        int most = card_groups_max(nic, larger(rings, l->lanes));
        if (nic->rx_groups != SCENARIO_AUTO && nic->rx_groups < most) most = nic->rx_groups;
        l->rxrings = groups < most ? SCENARIO_RXRINGS_HW : SCENARIO_RXRINGS_SW;
        free(l->rxrings_text.text);
        l->rxrings_text.text = strdup(l->rxrings == SCENARIO_RXRINGS_HW ? "hw" : "sw");
        SIM_ASSERT(l->rxrings_text.text);
        if (l->rxrings == SCENARIO_RXRINGS_SW) {
            l->lanes = 1;
            continue;
        }
        groups++;
        rings = larger(rings, l->lanes);
    }
}

/* Rings and groups of one NIC: its own and those of links with rings of their own. */
static void resolve_groups(const struct scenario_machine *m, size_t nic_index, struct errors *errors)
{
    struct scenario_nic *nic = &m->nics[nic_index];
    int groups = 1, rings = nic->primary ? nic->lanes : 1; /* the default group always is there */
    int tx_rings = 1;                                      /* and so is one transmit ring for all */

    for (size_t i = 0; i < m->link_count; i++) {
        const struct scenario_link *l = &m->links[i];
        if (l->nic != (int)nic_index) continue;
        tx_rings += l->tx_rings;
        if (l->rxrings != SCENARIO_RXRINGS_HW) continue;
        groups++;
        rings += l->lanes;
    }
    if (tx_rings > nic->tx_rings && m->detail == SCENARIO_FULL)
        errors_add(errors, nic->at, "nic '%s': its links need %d transmit rings, one that all share included; tx-rings is "
                   "%d", nic->name, tx_rings, nic->tx_rings);
    if (rings > SCENARIO_RINGS_MAX)
        errors_add(errors, nic->at, "nic '%s': its links need %d receive rings, it has %d", nic->name, rings,
                   SCENARIO_RINGS_MAX);
    if (groups > SCENARIO_GROUPS_MAX)
        errors_add(errors, nic->at, "nic '%s': its links need %d receive groups, it has %d", nic->name, groups,
                   SCENARIO_GROUPS_MAX);
    if (nic->rx_groups == SCENARIO_AUTO)
        nic->rx_groups = groups;
    else if (nic->rx_groups < groups)
        errors_add(errors, nic->at, "nic '%s': its links need %d receive groups, rx-groups is %d", nic->name, groups,
                   nic->rx_groups);
}

static void check_adapter_names(const struct scenario_machine *m, struct errors *errors)
{
    size_t count = m->nic_count + m->link_count;
    struct { struct error_at at; char *name; } *all = calloc(count + 1, sizeof *all);
    struct name_index x;

    SIM_ASSERT(all);
    for (size_t i = 0; i < count; i++) {
        bool nic = i < m->nic_count;
        all[i].at = nic ? m->nics[i].at : m->links[i - m->nic_count].at;
        all[i].name = nic ? m->nics[i].name : m->links[i - m->nic_count].name;
    }
    x = make_index(all, count, sizeof *all, (size_t)((char *)&all->name - (char *)all));
    check_unique(&x, all, sizeof *all, "NIC or link", errors);
    name_index_fini(&x);
    free(all);
}

static void resolve_machine(struct scenario *s, struct scenario_machine *m, const struct name_index *switches,
                            struct errors *errors)
{
    for (size_t i = 0; i < m->nic_count; i++) resolve_card_defaults(&m->nics[i], m->stack);
    resolve_stack(m, errors);
    check_lane(m, errors);
    if (m->nic_count + m->link_count > SCENARIO_ADAPTERS_MAX)
        errors_add(errors, m->at, "machine '%s' has %zu NICs and links, at most %d are possible", m->name,
                   m->nic_count + m->link_count, SCENARIO_ADAPTERS_MAX);
    for (size_t i = 0; i < m->nic_count; i++) resolve_nic(s, m, &m->nics[i], switches, errors);
    for (size_t i = 0; i < m->link_count; i++) resolve_link(m, &m->links[i], errors);
    for (size_t i = 0; i < m->nic_count; i++) {
        hand_out_groups(m, i);
        resolve_groups(m, i, errors);
    }
    check_adapter_names(m, errors);
    if (s->platform.text) {
        if (!m->host.text) m->host = (struct scenario_ref){ strdup(m->name), m->at };
        SIM_ASSERT(m->host.text);
    } else if (m->host.text) {
        errors_add(errors, m->host.at, "host: has no meaning without a platform file");
    }
}

/* -- addresses ---------------------------------------------------------------------------------------------------- */

struct address {
    uint64_t value;
    struct error_at at;
    size_t order;
};

static int compare_addresses(const void *a, const void *b)
{
    const struct address *aa = a, *ab = b;

    if (aa->value != ab->value) return aa->value < ab->value ? -1 : 1;
    return (aa->order > ab->order) - (aa->order < ab->order);
}

static void check_addresses(struct address *list, size_t count, const char *what, struct errors *errors)
{
    qsort(list, count, sizeof *list, compare_addresses);
    for (size_t i = 1; i < count; i++)
        if (list[i].value == list[i - 1].value)
            errors_add(errors, list[i].at, "%s is already used in line %d", what, list[i - 1].at.line);
}

static uint64_t mac_value(const uint8_t mac[6])
{
    uint64_t v = 0;

    for (int i = 0; i < 6; i++) v = v << 8 | mac[i];
    return v;
}

/* 10.X.Y.Z and 02:00:00:X:Y:Z: X.Y is the machine from 0, Z the NIC or link from 1. */
static void assign(uint32_t *ip, uint8_t mac[6], size_t machine, size_t adapter)
{
    uint32_t place = (uint32_t)(machine << 8 | ((adapter + 1) & 0xff));

    if (*ip == 0) *ip = UINT32_C(10) << 24 | place;
    if (mac_value(mac) == 0) {
        mac[0] = 2;
        for (int i = 3; i < 6; i++) mac[i] = (uint8_t)(place >> (8 * (5 - i)));
    }
}

static void resolve_addresses(struct scenario *s, struct errors *errors)
{
    size_t count = 0, n = 0;
    struct address *ips, *macs;

    for (size_t i = 0; i < s->machine_count; i++) count += s->machines[i].nic_count + s->machines[i].link_count;
    ips = calloc(count + 1, sizeof *ips);
    macs = calloc(count + 1, sizeof *macs);
    SIM_ASSERT(ips && macs);
    for (size_t i = 0; i < s->machine_count; i++) {
        struct scenario_machine *m = &s->machines[i];
        for (size_t k = 0; k < m->nic_count + m->link_count; k++, n++) {
            struct scenario_nic *nic = k < m->nic_count ? &m->nics[k] : NULL;
            struct scenario_link *link = nic ? NULL : &m->links[k - m->nic_count];
            uint32_t *ip = nic ? &nic->address : &link->address;
            uint8_t *mac = nic ? nic->mac : link->mac;
            struct error_at at = nic ? nic->at : link->at;
            assign(ip, mac, i, k);
            ips[n] = (struct address){ *ip, at, n };
            macs[n] = (struct address){ mac_value(mac), at, n };
        }
    }
    check_addresses(ips, n, "its IPv4 address", errors);
    check_addresses(macs, n, "its Ethernet address", errors);
    free(ips);
    free(macs);
}

static bool same_place(const struct error_at *a, const struct error_at *b)
{
    return a->file == b->file && a->line == b->line && a->column == b->column;
}

void resolve_topology(struct scenario *s, struct errors *errors)
{
    struct name_index machines = name_index_machines(s), switches = name_index_switches(s);
    struct errors unheard;

    errors_init(&unheard);
    check_unique(&machines, s->machines, sizeof *s->machines, "machine", errors);
    check_unique(&switches, s->switches, sizeof *s->switches, "switch", errors);
    for (size_t i = 0; i < s->switch_count; i++)
        if (name_index_find(&machines, s->switches[i].name) >= 0)
            errors_add(errors, s->switches[i].at, "switch '%s' has the name of a machine", s->switches[i].name);
    if (s->platform.text && s->switch_count + s->wire_count > 0)
        errors_add(errors, s->platform.at,
                   "platform: the file says how hosts are connected, so 'switches' and 'wires' have no meaning");
    resolve_wires(s, &switches, errors);
    for (size_t i = 0; i < s->machine_count; i++) {
        bool again = i > 0 && same_place(&s->machines[i].at, &s->machines[i - 1].at); /* the same range */
        resolve_machine(s, &s->machines[i], &switches, again ? &unheard : errors);
    }
    errors_fini(&unheard);
    resolve_addresses(s, errors);
    name_index_fini(&machines);
    name_index_fini(&switches);
}

/* -- look-up by others -------------------------------------------------------------------------------------------- */

int scenario_find_machine(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->machine_count; i++)
        if (strcmp(s->machines[i].name, name) == 0) return (int)i;
    return -1;
}

int scenario_find_nic(const struct scenario_machine *m, const char *name)
{
    for (size_t i = 0; i < m->nic_count; i++)
        if (strcmp(m->nics[i].name, name) == 0) return (int)i;
    return -1;
}

int scenario_find_link(const struct scenario_machine *m, const char *name)
{
    for (size_t i = 0; i < m->link_count; i++)
        if (strcmp(m->links[i].name, name) == 0) return (int)i;
    return -1;
}
