/* SPDX-License-Identifier: GPL-3.0-or-later
 * world_regs.c -- runs a world to an instant and looks at the registers of its cards, without touching them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "nicmodel/nic_regs.h"
#include "report/regs.h"
#include "scenario/names.h"
#include "topology/world_impl.h"

enum { PATH_BYTES = 256, REG_NAME_BYTES = 64 };

static const struct error_at nowhere = { NULL, 0, 0 };

void world_run_to(struct world *w, sim_dur at)
{
    engine_run(w->engine, world_instant(at));
    packet_pool_check(w->pool);
}

static const struct reg_list *const lists[] = { &nic82598_reg_list, &nic82573_reg_list };
enum { N_LISTS = sizeof lists / sizeof *lists };

/* NULL: a card without registers. */
static const struct reg_list *list_of(const struct nic_world *n)
{
    return n->nic ? &nic82598_reg_list : n->gigabit ? &nic82573_reg_list : NULL;
}

static uint32_t peek(const struct nic_world *n, uint32_t offset)
{
    return n->nic ? nic_reg_peek(n->nic, offset) : nic82573_reg_peek(n->gigabit, offset);
}

/* -- which cards -------------------------------------------------------------------------------------------------- */

static const char *path_of(const struct machine_world *mw, size_t i, char text[PATH_BYTES])
{
    snprintf(text, PATH_BYTES, "%s/%s", mw->s->name, mw->s->nics[i].name);
    return text;
}

/* The user meant a card that is not there, or has no registers. */
static int refuse_card(const struct world *w, const char *pattern, struct errors *errors)
{
    struct scenario_names names = { 0 };
    struct name_guess guess;
    char text[PATH_BYTES], hint[NAME_WHY_BYTES];
    int bad = 0;

    for (size_t m = 0; m < w->s->machine_count; m++) {
        const struct machine_world *mw = &w->machines[m];
        for (size_t i = 0; i < mw->s->nic_count && !bad; i++) {
            path_of(mw, i, text);
            if (list_of(&mw->nics[i]))
                names_add(&names, text);
            else if (strcmp(pattern, "*") != 0 && name_match(pattern, text))
                bad = errors_add(errors, mw->s->nics[i].at, "%s has no registers, expected a NIC of a machine with "
                                 "detail: full", text);
        }
    }
    if (!bad && names.count == 0) {
        bad = errors_add(errors, (struct error_at){ w->s->file, 0, 0 },
                         "no NIC has registers, expected one of a machine with detail: full");
    } else if (!bad) {
        name_guess_start(&guess, pattern, errors);
        for (size_t i = 0; i < names.count; i++) name_guess_offer(&guess, names.list[i]);
        bad = errors_add(errors, nowhere, "--nic: there is no NIC '%s'%s", pattern, name_guess_hint(&guess, hint));
    }
    scenario_names_fini(&names);
    return bad;
}

/* -- which registers ---------------------------------------------------------------------------------------------- */

/* "RDT", "rdt[3]", "RX*", "IVAR[1*]". */
static bool wanted(const char *pattern, const struct nic_reg_info *info, uint32_t index)
{
    char name[REG_NAME_BYTES];
    if (!pattern || name_match(pattern, info->name)) return true;
    snprintf(name, sizeof name, "%s[%u]", info->name, index);
    return name_match(pattern, name);
}

static int check_pattern(const char *pattern, struct errors *errors)
{
    struct name_guess guess;
    char hint[NAME_WHY_BYTES];

    name_guess_start(&guess, pattern, errors);
    for (unsigned l = 0; l < N_LISTS; l++)
        for (unsigned r = 0; r < lists[l]->rows; r++) {
            const struct nic_reg_info *info = &lists[l]->info[r];
            for (uint32_t i = 0; i < info->count; i++)
                if (wanted(pattern, info, i)) return 0;
            name_guess_offer(&guess, info->name);
        }
    return errors_add(errors, nowhere, "--match: there is no register '%s'%s (xbow docs registers lists them)", pattern,
                      name_guess_hint(&guess, hint));
}

static char *upper(const char *text)
{
    char *copy = text_copy(text);
    for (char *c = copy; c && *c; c++) *c = (char)toupper((unsigned char)*c);
    return copy;
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static void add_register(struct regs_card *card, const struct reg_list *list, unsigned row, const struct regs_entry *e)
{
    size_t count;
    const struct nic_field_info *f = reg_list_fields(list, row, &count);
    struct regs_field *to = regs_add_entry(card, e, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t value = (uint32_t)((uint64_t)e->value >> f[i].low & ((1ull << f[i].width) - 1));
        to[i] = (struct regs_field){ f[i].name, f[i].meaning, reg_list_value(list, &f[i], value), f[i].low, f[i].width,
                                     value };
    }
}

static void read_card(const struct nic_world *n, const char *pattern, bool all, struct regs_card *card)
{
    const struct reg_list *list = list_of(n);

    for (unsigned r = 0; r < list->rows; r++) {
        const struct nic_reg_info *info = &list->info[r];
        for (uint32_t i = 0; i < info->count; i++) {
            uint32_t offset = info->offset + i * info->stride, value = peek(n, offset);
            card->all++;
            card->changed += value != info->reset;
            if ((value == info->reset && !all) || !wanted(pattern, info, i)) continue;
            add_register(card, list, r,
                         &(struct regs_entry){ .name = info->name, .access = nic_access_name(info->access),
                             .meaning = info->meaning, .index = i, .count = info->count, .offset = offset,
                             .value = value, .reset = info->reset });
        }
    }
}

int world_registers(struct world *w, const struct world_registers *which, struct regs_dump *dump, struct errors *errors)
{
    char *pattern = upper(which->match);
    const char *cards = which->nic ? which->nic : "*";
    int bad = pattern ? check_pattern(pattern, errors) : 0;

    for (size_t m = 0; m < w->s->machine_count; m++) {
        struct machine_world *mw = &w->machines[m];
        for (size_t i = 0; i < mw->s->nic_count && !bad; i++) {
            char name[PATH_BYTES];
            const struct nic_world *n = &mw->nics[i];
            if (!list_of(n) || !name_match(cards, path_of(mw, i, name))) continue;
            read_card(n, pattern, which->all, regs_add_card(dump, name, list_of(n)->card));
        }
    }
    if (dump->count == 0 && !bad) bad = refuse_card(w, cards, errors);
    free(pattern);
    return bad;
}
