/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_card.c -- cards of machines in full detail, and their drivers: one function per model. */
#include "topology/world_impl.h"

enum { DEVICE_82598_DUAL_FIBRE = 0x10c6, EITR_UNIT_PS = 256000, DELAY_UNIT_PS = 1024000 };

static enum step_result rx_ready(void *owner, int ring)
{
    struct nic_world *n = owner;
    return stack_rx_ready(n->of->stack, n->index, ring);
}

static void tx_update(void *owner, int ring)
{
    struct nic_world *n = owner;
    stack_tx_update(n->of->stack, n->index, ring);
}

static enum step_result tx_ready(void *owner, int vector)
{
    struct nic_world *n = owner;
    return stack_tx_ready(n->of->stack, n->index, vector);
}

static struct netdev_callbacks callbacks_for(struct nic_world *n)
{
    return (struct netdev_callbacks){ n, rx_ready, tx_update, n->of->stack->ops->tx_ready ? tx_ready : NULL };
}

static struct pcie_config pcie_config_for(const struct nic_world *n)
{
    const struct scenario_nic *sn = &n->of->s->nics[n->index];
    struct pcie_config c = pcie_config_gen1_x8();
    c.lanes = sn->pcie.lanes;
    c.gt_per_s = sn->pcie.generation == 2 ? 5000000000 : 2500000000;
    c.mps_bytes = (uint32_t)sn->pcie.mps_bytes;
    c.mrrs_bytes = (uint32_t)sn->pcie.mrrs_bytes;
    c.rcb_bytes = (uint32_t)sn->pcie.rcb_bytes;
    c.reads_max = (uint32_t)sn->pcie.reads;
    c.read_latency = sn->pcie.read_latency;
    c.write_latency = sn->pcie.write_latency;
    c.far_latency = sn->pcie.far_latency;
    c.mmio_latency = sn->pcie.mmio_latency;
    c.node = sn->node;
    c.memory = machine_membus(n->of->machine);
    return c;
}

static bool pauses(const struct scenario_nic *sn, enum scenario_flow_control way)
{
    return sn->flow_control == way || sn->flow_control == SCENARIO_FLOW_FULL;
}

/* The Solaris driver sets SRRCTL.DROP_EN on every ring (illumos ixgbe_main.c, set-up of receive rings), so that a ring
 * that nobody empties does not hold up the others; that of Linux 2.6 does not.  A card that is to send PAUSE must let its
 * buffer fill. */
static bool drops_without_descriptor(const struct scenario_machine *sm, const struct scenario_nic *sn)
{
    return sm->stack != SCENARIO_LINUX26 && !pauses(sn, SCENARIO_FLOW_TX);
}

/* Of the scenario, in the drivers' units; the scenario's "auto" is the driver's own rule. */
static int32_t interval_of(const struct scenario_nic *sn)
{
    int64_t ps = sn->interrupt_interval.ps;
    return ps == SCENARIO_AUTO ? -1 : (int32_t)((ps + EITR_UNIT_PS / 2) / EITR_UNIT_PS);
}

/* In units of 1.024 us. */
static int32_t delay_of(sim_dur delay)
{
    return (int32_t)((delay.ps + DELAY_UNIT_PS / 2) / DELAY_UNIT_PS);
}

static int build_82598(struct nic_world *n, const char *name, int groups, int rings, struct errors *errors)
{
    struct world *w = n->of->w;
    const struct scenario_machine *sm = n->of->s;
    const struct scenario_nic *sn = &sm->nics[n->index];
    int m = (int)(sm - w->s->machines);

    n->nic = nic_create(w->engine, w->stats, w->pool, n->pcie, machine_memory(n->of->machine),
                        &(struct nic_config){ .name = name, .device_id = DEVICE_82598_DUAL_FIBRE,
                                              .mac = world_mac(sn->mac), .synced = true });
    nic_set_wire(n->nic, topology_port(w->topology, m, n->index)->tx);
    topology_set_receiver(w->topology, m, n->index, (struct packet_sink){ nic_receive, n->nic });
    struct ixgbe_config config = {
        .name = name, .machine = n->of->machine, .pcie = n->pcie, .pool = w->pool, .stats = w->stats,
        .device = { n->nic, nic_reg_read, nic_reg_write, nic_set_vector, nic_sync },
        .callbacks = callbacks_for(n),
        .groups = groups, .rings_per_group = rings, .tx_rings = sn->tx_rings,
        .rx_descs = (uint32_t)sn->rx_descriptors, .tx_descs = (uint32_t)sn->tx_descriptors,
        .rx_wthresh = (uint32_t)sn->write_back,
        .itr_units = interval_of(sn), .mtu_bytes = (uint32_t)sn->mtu_bytes, .node = sn->node, .rng = n->rng,
        .pause_rx = pauses(sn, SCENARIO_FLOW_RX), .pause_tx = pauses(sn, SCENARIO_FLOW_TX),
        .drop_en = drops_without_descriptor(sm, sn),
    };
    const char *problem = ixgbe_config_problem(&config);
    if (problem && groups * rings > IXGBE_MAX_RX_RINGS)
        return errors_add(errors, sn->at, "%s: %s; asked for: %d group%s of %d", name, problem, groups,
                          groups == 1 ? "" : "s", rings);
    if (problem) return errors_add(errors, sn->at, "%s: %s", name, problem);
    n->ixgbe = ixgbe_create(&config);
    n->dev = ixgbe_netdev(n->ixgbe);
    return 0;
}

static int build_82573(struct nic_world *n, const char *name, struct errors *errors)
{
    struct world *w = n->of->w;
    const struct scenario_machine *sm = n->of->s;
    const struct scenario_nic *sn = &sm->nics[n->index];
    int m = (int)(sm - w->s->machines);

    n->gigabit = nic82573_create(w->engine, w->stats, w->pool, n->pcie, machine_memory(n->of->machine),
                                 &(struct nic82573_config){ name, world_mac(sn->mac), true });
    nic82573_set_wire(n->gigabit, topology_port(w->topology, m, n->index)->tx);
    topology_set_receiver(w->topology, m, n->index, (struct packet_sink){ nic82573_receive, n->gigabit });
    struct e1000g_config config = {
        .name = name, .machine = n->of->machine, .pcie = n->pcie, .pool = w->pool, .stats = w->stats,
        .device = { n->gigabit, nic82573_reg_read, nic82573_reg_write, nic82573_set_vector, nic82573_sync },
        .callbacks = callbacks_for(n),
        .rx_descs = (uint32_t)sn->rx_descriptors, .tx_descs = (uint32_t)sn->tx_descriptors,
        .itr_units = interval_of(sn), .rx_delay_units = delay_of(sn->rx_interrupt_delay),
        .tx_delay_units = delay_of(sn->tx_interrupt_delay), .mtu_bytes = (uint32_t)sn->mtu_bytes, .node = sn->node,
        .pause_rx = pauses(sn, SCENARIO_FLOW_RX), .pause_tx = pauses(sn, SCENARIO_FLOW_TX),
    };
    const char *problem = e1000g_config_problem(&config);
    if (problem) return errors_add(errors, sn->at, "%s: %s", name, problem);
    n->e1000g = e1000g_create(&config);
    n->dev = e1000g_netdev(n->e1000g);
    return 0;
}

int world_build_card(struct nic_world *n, int groups, int rings, struct errors *errors)
{
    struct world *w = n->of->w;
    const struct scenario_nic *sn = &n->of->s->nics[n->index];
    struct pcie_config pcie = pcie_config_for(n);
    char name[256];

    snprintf(name, sizeof name, "%s/%s", n->of->s->name, sn->name);
    n->rng = rng_create(w->seed, name);
    n->pcie = pcie_create(w->engine, w->stats, name, &pcie);
    switch (sn->model) {
    case SCENARIO_INTEL_82573: return build_82573(n, name, errors);
    case SCENARIO_INTEL_82598: break;
    }
    return build_82598(n, name, groups, rings, errors);
}

void world_destroy_card(struct nic_world *n)
{
    ixgbe_destroy(n->ixgbe);
    e1000g_destroy(n->e1000g);
    nic_destroy(n->nic);
    nic82573_destroy(n->gigabit);
    pcie_destroy(n->pcie);
    rng_destroy(n->rng);
}
