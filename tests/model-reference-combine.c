/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: all, all_settled, any and race.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

/* The others are not waited for any more; an error among them has been seen. */
static void drop_inputs(struct ref_promise *who)
{
    for (int i = 0; i < who->n; i++) {
        struct ref_promise *input = who->inputs[i];
        if (!input)
            continue;
        who->inputs[i] = NULL;
        ref_ignore(who, input, REF_OUTCOME + i);
        if (input->state != '?')
            ref_look(input);
        ref_unref(input);
    }
}

static void drop_results(struct ref_promise *who)
{
    for (int i = 0; i < who->n; i++) {
        if (who->results[i])
            ref_cell_drop(who->results[i]);
        who->results[i] = NULL;
    }
}

static struct ref_cell *list_of_results(struct ref_promise *who)
{
    struct ref_list *list = ref_memory(who->info->world, sizeof *list);

    list->n = who->n;
    for (int i = 0; i < who->n; i++) {
        list->places[i] = who->results[i];
        who->results[i] = NULL;
    }
    return ref_cell_new(who->info->world, (struct ref_value){MODEL_LIST, 0, list});
}

static void combine_all(struct ref_promise *who)
{
    struct ref_error *error;

    if (who->how != MODEL_ANY) {
        ref_settle(who, '=', list_of_results(who));
        return;
    }
    error = ref_error_new(who->info->world, VOW_EAGGREGATE, false);
    error->list = list_of_results(who);
    ref_settle_error(who, error);
}

static bool decides(const struct ref_promise *who, char state)
{
    return who->how == MODEL_RACE || (who->how == MODEL_ALL && state == '!') ||
           (who->how == MODEL_ANY && state == '=');
}

void ref_collect(struct ref_promise *who, int i)
{
    struct ref_promise *input = who->inputs[i];

    who->inputs[i] = NULL;
    ref_hold(who);
    ref_look(input);
    if (decides(who, input->state)) {
        ref_settle(who, input->state, ref_cell_share(input->cell));
        ref_unref(input);
        drop_inputs(who);
        drop_results(who);
    } else {
        who->results[i] = ref_cell_share(input->cell);
        ref_unref(input);
        if (!--who->left && who->state == '?')
            combine_all(who);
    }
    ref_release(who);
}

struct ref_promise *ref_combine(struct model_info *info, enum model_combine how, int n, void **promises)
{
    struct ref_promise *who = ref_new(info, REF_COMBINED);

    who->how = (int) how;
    who->n = who->left = n;
    who->wait = REF_INPUTS;
    for (int i = 0; i < n; i++) {
        who->inputs[i] = promises[i];
        ref_subscribe(who, promises[i], REF_OUTCOME + i);
    }
    if (!n && how != MODEL_RACE)
        combine_all(who);
    return who;
}
