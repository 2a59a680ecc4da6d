/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Callbacks chained with then and catch. An order is priced in three steps, each of which depends on the one
 * before: look up the price, look up the tax, print the sum. One place handles whatever fails on the way.
 * Run it: examples/chain_vow
 *
 * Shows: vow_then(), vow_catch(), vow_follow() and vow_throwf(). chain_libev.c is the same program without
 * libvow, and prints the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vow.h>

struct entry {
    const char *key;
    int cents;
};

static const struct entry prices[] = {{"tea", 400}, {"cake", 650}, {NULL, 0}};
static const struct entry taxes[] = {{"tea", 28}, {NULL, 0}};

struct order {
    vow_loop *loop;
    const char *name;
    const struct entry *table; /* that the lookup under way searches */
    int cents;
};

/* What a slow lookup ends with. */
static vow_value search(vow_value *slept, void *data)
{
    (void) slept;
    const struct order *order = data;
    for (const struct entry *entry = order->table; entry->key; entry++)
        if (strcmp(entry->key, order->name) == 0)
            return vow_int(entry->cents);
    return vow_throwf(ENOENT, "no %s for it", order->table == prices ? "price" : "tax");
}

static vow_promise *look_up(struct order *order, const struct entry *table)
{
    order->table = table;
    return vow_then(vow_sleep(order->loop, 0.05), search, order);
}

static vow_value find_tax(vow_value *price, void *data)
{
    struct order *order = data;
    order->cents = (int) vow_as_int(price);
    return vow_follow(look_up(order, taxes));
}

static vow_value print_sum(vow_value *tax, void *data)
{
    const struct order *order = data;
    printf("%s: %d cents\n", order->name, order->cents + (int) vow_as_int(tax));
    return vow_nil();
}

static vow_value print_failure(const vow_error *error, void *data)
{
    const struct order *order = data;
    printf("%s: %s\n", order->name, vow_error_message(error));
    return vow_nil();
}

static vow_promise *price(struct order *order)
{
    vow_promise *tax = vow_then(look_up(order, prices), find_tax, order);
    return vow_catch(vow_then(tax, print_sum, order), print_failure, order);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;

    const char *names[] = {"tea", "cake", "gold"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct order order = {.loop = loop, .name = names[i]};
        vow_error_unref(vow_run(price(&order), NULL)); /* an error was printed by print_failure() */
    }
    vow_loop_free(loop);
    return 0;
}
