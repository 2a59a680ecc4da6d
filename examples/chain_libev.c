/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The program of chain_vow.c in bare libev callbacks, without libvow. It prints the same.
 * Run it: examples/chain_libev
 *
 * Shows what a chain saves: the callback that each step hands to the next, the failure that every step must
 * pass on by hand, and the state that says which step is under way.
 */
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct entry {
    const char *key;
    int cents;
};

static const struct entry prices[] = {{"tea", 400}, {"cake", 650}, {NULL, 0}};
static const struct entry taxes[] = {{"tea", 28}, {NULL, 0}};

struct order {
    struct ev_loop *loop;
    const char *name;
    ev_timer timer;                                               /* of the lookup under way */
    const struct entry *table;                                    /* that it searches */
    void (*found)(struct order *order, bool success, int result); /* who is told */
    int cents;
};

/* What a slow lookup ends with. */
static void search(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void) loop;
    (void) revents;
    struct order *order = timer->data;
    for (const struct entry *entry = order->table; entry->key; entry++) {
        if (strcmp(entry->key, order->name) == 0) {
            order->found(order, true, entry->cents);
            return;
        }
    }
    order->found(order, false, 0);
}

static void look_up(struct order *order, const struct entry *table, void (*found)(struct order *, bool, int))
{
    order->table = table;
    order->found = found;
    ev_timer_init(&order->timer, search, 0.05, 0.0);
    order->timer.data = order;
    ev_timer_start(order->loop, &order->timer);
}

static void print_failure(struct order *order)
{
    printf("%s: no %s for it\n", order->name, order->table == prices ? "price" : "tax");
}

static void print_sum(struct order *order, bool success, int tax)
{
    if (success)
        printf("%s: %d cents\n", order->name, order->cents + tax);
    else
        print_failure(order);
}

static void find_tax(struct order *order, bool success, int price)
{
    if (!success) {
        print_failure(order);
        return;
    }
    order->cents = price;
    look_up(order, taxes, print_sum);
}

int main(void)
{
    struct ev_loop *loop = EV_DEFAULT;
    if (!loop)
        return 1;

    const char *names[] = {"tea", "cake", "gold"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct order order = {.loop = loop, .name = names[i]};
        look_up(&order, prices, find_tax);
        ev_run(loop, 0);
    }
    return 0;
}
