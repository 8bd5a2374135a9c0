/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve_card.c -- what a model of card has and has not: values left to it are filled in, and keys that ask for more
 * than it has are mistakes. */
#include "scenario/resolve.h"

/* One row per scenario_nic_model. */
static const struct card {
    const char *name;
    int64_t rate_bps, interrupt_ps; /* interrupt: SCENARIO_AUTO: adapted by the driver */
    int64_t rx_delay_ps, tx_delay_ps;   /* SCENARIO_AUTO: it has none */
    int pcie_lanes, descriptors, rings; /* rings: 0: several */
} cards[] = {
    [SCENARIO_INTEL_82598] = { "intel-82598", 10000000000, 51200000, SCENARIO_AUTO, SCENARIO_AUTO, 8, 1024, 0 },
    [SCENARIO_INTEL_82573] = { "intel-82573", 1000000000, SCENARIO_AUTO, 0, 65536000, 1, 2048, 1 },
};
/* The driver of Linux 2.6 for the first. */
static const struct card linux26_82598 = { "intel-82598", 10000000000, SCENARIO_AUTO, SCENARIO_AUTO, SCENARIO_AUTO, 8, 512,
                                            0 };

void resolve_card_defaults(struct scenario_nic *nic, enum scenario_stack stack)
{
    bool linux26 = stack == SCENARIO_LINUX26 && nic->model == SCENARIO_INTEL_82598;
    const struct card *card = linux26 ? &linux26_82598 : &cards[nic->model];

    if (nic->rate.bps == SCENARIO_AUTO) nic->rate.bps = card->rate_bps;
    if (nic->interrupt_interval.ps == SCENARIO_AUTO) nic->interrupt_interval.ps = card->interrupt_ps;
    if (nic->rx_interrupt_delay.ps == SCENARIO_AUTO) nic->rx_interrupt_delay.ps = card->rx_delay_ps;
    if (nic->tx_interrupt_delay.ps == SCENARIO_AUTO) nic->tx_interrupt_delay.ps = card->tx_delay_ps;
    if (nic->pcie.lanes == SCENARIO_AUTO) nic->pcie.lanes = card->pcie_lanes;
    if (nic->rx_descriptors == SCENARIO_AUTO) nic->rx_descriptors = card->descriptors;
    if (nic->tx_descriptors == SCENARIO_AUTO) nic->tx_descriptors = card->descriptors;
    if (nic->lanes == SCENARIO_AUTO && card->rings) nic->lanes = card->rings;
}

static bool power_of_two(int64_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

static void check_pcie(const struct scenario_nic *nic, struct errors *errors)
{
    const struct scenario_pcie *p = &nic->pcie;

    if (!power_of_two(p->lanes))
        errors_add(errors, nic->at, "nic '%s': pcie.lanes is %d, expected 1, 2, 4 or 8", nic->name, p->lanes);
    if (!power_of_two(p->mps_bytes) || !power_of_two(p->mrrs_bytes) || !power_of_two(p->rcb_bytes))
        errors_add(errors, nic->at, "nic '%s': pcie.mps, pcie.mrrs and pcie.rcb must be powers of two", nic->name);
}

static void check_one_ring(const struct scenario_nic *nic, const char *model, struct errors *errors)
{
    if (nic->lanes > 1)
        errors_add(errors, nic->at, "nic '%s': '%s' has one receive ring, not %d 'lanes'", nic->name, model, nic->lanes);
    if (nic->tx_rings > 1)
        errors_add(errors, nic->at, "nic '%s': '%s' has one transmit ring, tx-rings is %d", nic->name, model,
                   nic->tx_rings);
    if (nic->write_back > 1)
        errors_add(errors, nic->at, "nic '%s': the driver of '%s' knows no 'write-back'", nic->name, model);
    if (nic->rx_groups > 1)
        errors_add(errors, nic->at, "nic '%s': '%s' has no receive groups, rx-groups is %d", nic->name, model,
                   nic->rx_groups);
}

void check_card(const struct scenario_nic *nic, bool full, struct errors *errors)
{
    const struct card *card = &cards[nic->model];

    check_pcie(nic, errors);
    if (card->rx_delay_ps == SCENARIO_AUTO &&
        (nic->rx_interrupt_delay.ps != SCENARIO_AUTO || nic->tx_interrupt_delay.ps != SCENARIO_AUTO))
        errors_add(errors, nic->at, "nic '%s': '%s' delays interrupts by 'interrupt-interval' alone", nic->name,
                   card->name);
    if (!full || !card->rings) return;
    check_one_ring(nic, card->name, errors);
    if (nic->rate.bps > card->rate_bps)
        errors_add(errors, nic->at, "nic '%s': '%s' is a gigabit card, rate is above 1Gbps", nic->name, card->name);
    if (nic->pcie.lanes != card->pcie_lanes || nic->pcie.generation != 1)
        errors_add(errors, nic->at, "nic '%s': '%s' has one PCIe lane of the first generation, pcie says %d of %d",
                   nic->name, card->name, nic->pcie.lanes, nic->pcie.generation);
}

int card_groups_max(const struct scenario_nic *nic, int rings_per_group)
{
    enum { RINGS = 16, GROUPS_OF_SEVERAL = 4 }; /* as its driver has them */
    if (cards[nic->model].rings) return 1;
    int most = RINGS / rings_per_group;
    return rings_per_group > 1 && most > GROUPS_OF_SEVERAL ? GROUPS_OF_SEVERAL : most;
}

void check_card_link(const struct scenario_nic *nic, const struct scenario_link *link, struct errors *errors)
{
    const struct card *card = &cards[nic->model];

    if (card->rings && link->rxrings == SCENARIO_RXRINGS_HW)
        errors_add(errors, link->at, "link '%s': '%s' has one receive ring, which its links share: 'rxrings: sw'",
                   link->name, card->name);
}
