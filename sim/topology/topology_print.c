/* SPDX-License-Identifier: GPL-3.0-or-later
 * topology_print.c -- the network for people: as text, and as a graph for Graphviz. */
#include <stdlib.h>
#include <string.h>

#include "topology/topology_impl.h"

enum { TEXT_BYTES = 64, ROUTES_SHOWN = 64 };

/* 'value' in the largest unit that leaves at least 1, exactly; each unit is 1000 of the one before it. */
static const char *format_scaled(char *to, int64_t value, const char *const *units, int count)
{
    int64_t scale = 1;
    int unit = 0;
    while (unit + 1 < count && value / scale >= 1000) {
        scale *= 1000;
        unit++;
    }
    int n = snprintf(to, TEXT_BYTES, "%lld", (long long)(value / scale));
    if (value % scale) {
        n += snprintf(to + n, (size_t)(TEXT_BYTES - n), ".%0*lld", 3 * unit, (long long)(value % scale));
        while (to[n - 1] == '0') n--;
    }
    snprintf(to + n, (size_t)(TEXT_BYTES - n), " %s", units[unit]);
    return to;
}

static const char *format_rate(char *to, sim_rate rate)
{
    static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
    return format_scaled(to, rate.bps, units, 5);
}

static const char *format_duration(char *to, sim_dur d)
{
    static const char *const units[] = { "ps", "ns", "us", "ms", "s" };
    return format_scaled(to, d.ps, units, 5);
}

static const char *format_bytes(char *to, int64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
    int unit = 0;
    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(to, TEXT_BYTES, "%lld %s", (long long)bytes, units[unit]);
    return to;
}

static const char *format_address(char *to, uint32_t ip, const uint8_t *mac)
{
    snprintf(to, TEXT_BYTES, "%u.%u.%u.%u  %02x:%02x:%02x:%02x:%02x:%02x", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
             ip & 255, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return to;
}

static const char *detail_name(const struct scenario_machine *m)
{
    return m->detail == SCENARIO_FULL ? "full" : "light";
}

/* Where a NIC's cable goes: a switch, or a host of the platform. */
static const char *other_end(const struct topology *t, size_t port)
{
    const struct scenario_nic *nic = topology_nic(t, &t->ports[port]);
    return t->inline_net ? t->scenario->switches[nic->wire_switch].name
                         : platform_host_name(t->platform, t->host[port]);
}

/* -- text ------------------------------------------------------------------------------------------------------- */

static void print_machine(const struct topology *t, size_t m, FILE *out)
{
    const struct scenario_machine *machine = &t->scenario->machines[m];
    char address[TEXT_BYTES], rate[TEXT_BYTES], delay[TEXT_BYTES];
    fprintf(out, "machine %s (%s)\n", machine->name, detail_name(machine));
    for (size_t n = 0; n < machine->nic_count; n++) {
        const struct scenario_nic *nic = &machine->nics[n];
        const struct link_config *tx = link_config_of(t->ports[t->first_port[m] + n].tx);
        fprintf(out, "  nic %-12s %s  -> %s%s, %s, %s\n", nic->name, format_address(address, nic->address, nic->mac),
                t->inline_net ? "" : "host ", other_end(t, t->first_port[m] + n), format_rate(rate, tx->rate),
                format_duration(delay, tx->delay));
        for (size_t l = 0; l < machine->link_count; l++) {
            const struct scenario_link *link = &machine->links[l];
            if (link->nic != (int)n) continue;
            fprintf(out, "    vnic %-9s %s", link->name, format_address(address, link->address, link->mac));
            fprintf(out, link->vlan ? "  VLAN %d\n" : "\n", link->vlan);
        }
    }
}

static void print_switch(const struct topology *t, size_t i, FILE *out)
{
    const struct scenario *s = t->scenario;
    const struct scenario_switch *sw = &s->switches[i];
    char latency[TEXT_BYTES], buffer[TEXT_BYTES], rate[TEXT_BYTES], delay[TEXT_BYTES];
    fprintf(out, "switch %s: latency %s, %s per port, %d addresses\n", sw->name, format_duration(latency, sw->latency),
            format_bytes(buffer, sw->buffer_bytes), sw->mac_table);
    for (size_t p = 0; p < t->port_count; p++) {
        const struct scenario_nic *nic = topology_nic(t, &t->ports[p]);
        if (nic->wire_switch != (int)i) continue;
        fprintf(out, "  <-> %s/%s, %s, %s\n", s->machines[t->ports[p].machine].name, nic->name,
                format_rate(rate, link_config_of(t->ports[p].tx)->rate), format_duration(delay, nic->delay));
    }
    for (size_t w = 0; w < s->wire_count; w++) {
        const struct scenario_wire *wire = &s->wires[w];
        if (wire->ends[0] != (int)i && wire->ends[1] != (int)i) continue;
        fprintf(out, "  <-> switch %s, %s, %s%s\n", s->switches[wire->ends[wire->ends[0] == (int)i]].name,
                format_rate(rate, wire->rate), format_duration(delay, wire->delay),
                inline_net_blocked(t, w) ? ", blocked by the spanning tree" : "");
    }
}

/* The routes between neighbours in the list of machines, as SimGrid answers. */
static void print_routes(struct topology *t, FILE *out)
{
    const struct scenario *s = t->scenario;
    char rate[TEXT_BYTES], latency[TEXT_BYTES];
    struct platform_pair pairs[ROUTES_SHOWN];
    size_t count = 0, last = SIZE_MAX;
    for (size_t p = 0; p < t->port_count && count < ROUTES_SHOWN; p++) {
        if (last != SIZE_MAX && t->host[last] != t->host[p])
            pairs[count++] = (struct platform_pair){ t->host[last], t->host[p] };
        last = p;
    }
    fprintf(out, "platform %s: %zu hosts, %zu links\n", s->platform_path, platform_host_count(t->platform),
            platform_link_count(t->platform));
    struct platform_routes r = platform_ask_routes(t->platform, pairs, count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  route %s -> %s:%s\n", platform_host_name(t->platform, pairs[i].from),
                platform_host_name(t->platform, pairs[i].to), r.routes[i].count ? "" : " none");
        for (uint32_t k = 0; k < r.routes[i].count; k++) {
            const struct platform_link *l = platform_link(t->platform, r.links[r.routes[i].first + k]);
            fprintf(out, "    %s, %s, %s%s\n", l->name, format_rate(rate, l->rate),
                    format_duration(latency, l->latency), l->shared ? "" : ", fatpipe");
        }
    }
    platform_routes_fini(&r);
}

void topology_print_text(struct topology *t, FILE *out)
{
    for (size_t m = 0; m < t->scenario->machine_count; m++) print_machine(t, m, out);
    if (t->inline_net) {
        for (size_t i = 0; i < t->scenario->switch_count; i++) print_switch(t, i, out);
    } else {
        print_routes(t, out);
    }
}

/* -- Graphviz --------------------------------------------------------------------------------------------------- */

static void print_dot_machines(const struct topology *t, FILE *out)
{
    for (size_t m = 0; m < t->scenario->machine_count; m++) {
        const struct scenario_machine *machine = &t->scenario->machines[m];
        fprintf(out, "  \"m:%s\" [shape=record, label=\"%s (%s)", machine->name, machine->name, detail_name(machine));
        for (size_t n = 0; n < machine->nic_count; n++) {
            fprintf(out, "|<n%zu> %s", n, machine->nics[n].name);
            for (size_t l = 0; l < machine->link_count; l++)
                if (machine->links[l].nic == (int)n) fprintf(out, "\\n%s", machine->links[l].name);
        }
        fprintf(out, "\"];\n");
    }
}

/* Hosts of a platform hang on one cloud: its inside has no drawing of its own. */
static void print_dot_nics(const struct topology *t, FILE *out)
{
    char rate[TEXT_BYTES], delay[TEXT_BYTES];
    for (size_t p = 0; p < t->port_count; p++) {
        const struct topology_port *port = &t->ports[p];
        const struct link_config *tx = link_config_of(port->tx);
        fprintf(out, "  \"m:%s\":n%d -- \"%s%s\" [label=\"%s%s%s\\n%s\"];\n", t->scenario->machines[port->machine].name,
                port->nic, t->inline_net ? "s:" : "", t->inline_net ? other_end(t, p) : "platform",
                t->inline_net ? "" : other_end(t, p), t->inline_net ? "" : "\\n", format_rate(rate, tx->rate),
                format_duration(delay, tx->delay));
    }
}

void topology_print_dot(struct topology *t, FILE *out)
{
    const struct scenario *s = t->scenario;
    char rate[TEXT_BYTES], delay[TEXT_BYTES];
    fprintf(out, "graph topology {\n  graph [rankdir=LR, fontname=\"Helvetica\"];\n"
            "  node [fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];\n");
    print_dot_machines(t, out);
    if (t->inline_net) {
        for (size_t i = 0; i < s->switch_count; i++)
            fprintf(out, "  \"s:%s\" [shape=box, style=filled, fillcolor=lightgrey, label=\"%s\\n%s\"];\n",
                    s->switches[i].name, s->switches[i].name, format_duration(delay, s->switches[i].latency));
        for (size_t w = 0; w < s->wire_count; w++)
            fprintf(out, "  \"s:%s\" -- \"s:%s\" [label=\"%s\\n%s\"%s];\n", s->switches[s->wires[w].ends[0]].name,
                    s->switches[s->wires[w].ends[1]].name, format_rate(rate, s->wires[w].rate),
                    format_duration(delay, s->wires[w].delay), inline_net_blocked(t, w) ? ", style=dashed" : "");
    } else {
        fprintf(out, "  \"platform\" [shape=ellipse, label=\"%zu hosts, %zu links\"];\n",
                platform_host_count(t->platform), platform_link_count(t->platform));
    }
    print_dot_nics(t, out);
    fprintf(out, "}\n");
}
