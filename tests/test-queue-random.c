/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs of puts, takes, looks, drops, cancels, closes and frees, with memory that runs out, and
 * with values whose release goes on with the program. Each step is compared with a reference: a queue whose
 * values have numbers, and are always taken in the order of these. Values are counted: each goes exactly
 * once, at the step at which the reference lets it go.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

enum { ITEMS = 600, SLOTS = 12, STEPS = 150, DEPTH = 3, ERROR_CODES = 10000 };

struct world;

/* What is put in: a value of its own, or an error with its number. */
struct item {
    struct world *w;
    bool is_error, is_trap; /* the latter goes on with the program when it is released */
    bool is_over;           /* for the reference */
    bool is_gone;           /* for the library */
};

/* A promise that the program has. */
struct slot {
    struct world *w;
    vow_promise *promise; /* NULL: the slot is free */
    bool is_take, is_handled;
    enum { WAITS, HAS, ENDED, REFUSED } state; /* HAS: a take has an item, a put is in */
    int item;                                  /* that it has, or would put in */
    int code;                                  /* of a rejection */
};

struct world {
    fixture *f;
    GRand *random;
    vow_queue *queue; /* NULL once it is freed */
    struct item items[ITEMS];
    struct slot slots[SLOTS];
    int n_items, depth;
    bool is_closed, is_short; /* of memory */
    /* The reference. Items by their numbers, slots in the order in which they came. */
    int capacity, n_content, n_takes, n_puts;
    int content[ITEMS];
    struct slot *takes[SLOTS], *puts[SLOTS];
};

static int below(struct world *w, int limit)
{
    return g_rand_int_range(w->random, 0, limit);
}

/* ---- The reference ------------------------------------------------------------------------------------- */

static void let_go(struct world *w, int item)
{
    g_assert_false(w->items[item].is_over);
    w->items[item].is_over = true;
}

static void insert(struct world *w, int item)
{
    int at = w->n_content++;

    for (; at > 0 && w->content[at - 1] > item; at--)
        w->content[at] = w->content[at - 1];
    w->content[at] = item;
}

static int remove_first(struct world *w)
{
    int item = w->content[0];

    w->n_content--;
    memmove(&w->content[0], &w->content[1], (size_t) w->n_content * sizeof w->content[0]);
    return item;
}

static struct slot *leave(struct slot **list, int *count, int at)
{
    struct slot *slot = list[at];

    (*count)--;
    memmove(&list[at], &list[at + 1], (size_t) (*count - at) * sizeof *list);
    return slot;
}

static void leave_line(struct slot *slot)
{
    struct world *w = slot->w;
    struct slot **list = slot->is_take ? w->takes : w->puts;
    int at = 0;

    while (list[at] != slot)
        at++;
    leave(list, slot->is_take ? &w->n_takes : &w->n_puts, at);
}

static void end(struct slot *slot, int code)
{
    slot->state = code ? REFUSED : ENDED;
    slot->code = code;
}

/* What can go on goes on. */
static void flow(struct world *w)
{
    for (;;) {
        if (w->n_takes && w->n_content) {
            struct slot *take = leave(w->takes, &w->n_takes, 0);
            take->item = remove_first(w);
            take->state = HAS;
        } else if (w->n_puts && (w->n_content < w->capacity || w->n_takes)) {
            struct slot *put = leave(w->puts, &w->n_puts, 0);
            put->state = HAS;
            insert(w, put->item);
        } else {
            break;
        }
    }
    while (w->n_takes && w->is_closed)
        end(leave(w->takes, &w->n_takes, 0), 0);
}

static void reject_puts(struct world *w, int code)
{
    while (w->n_puts) {
        struct slot *put = leave(w->puts, &w->n_puts, 0);
        let_go(w, put->item);
        end(put, code);
    }
}

/* ---- Compared with the library ------------------------------------------------------------------------- */

static void check_slot(const struct slot *slot)
{
    bool is_rejected;

    if (!slot->promise || slot->is_handled)
        return;
    is_rejected = slot->state == REFUSED ||
                  (slot->is_take && slot->state == HAS && slot->w->items[slot->item].is_error);
    g_assert_cmpint(vow_is_pending(slot->promise), ==, slot->state == WAITS);
    g_assert_cmpint(vow_is_rejected(slot->promise), ==, is_rejected);
}

static void check(struct world *w)
{
    for (int i = 0; i < SLOTS; i++)
        check_slot(&w->slots[i]);
    if (w->queue)
        g_assert_cmpuint(vow_queue_length(w->queue), ==, (size_t) w->n_content);
    for (int i = w->n_items > 40 ? w->n_items - 40 : 0; i < w->n_items && !w->depth; i++)
        g_assert_cmpint(w->items[i].is_gone || w->items[i].is_error, ==,
                        w->items[i].is_over || w->items[i].is_error);
}

static void step(struct world *w);

static void item_drop(void *pointer)
{
    struct item *item = pointer;

    g_assert_false(item->is_gone);
    g_assert_true(item->is_over || item->w->is_short);
    item->is_gone = true;
    if (item->is_trap && item->w->depth < DEPTH && !item->w->is_short) {
        item->w->depth++;
        step(item->w);
        item->w->depth--;
    }
}

static const vow_type item_type = {"item", item_drop};

static vow_value new_item(struct world *w, int *number)
{
    struct item *item = &w->items[ *number = w->n_items++];

    *item = (struct item){w, below(w, 6) == 0, below(w, 4) == 0, false, false};
    return item->is_error ? vow_throwf(ERROR_CODES + *number, "item %d", *number) : vow_own(item, &item_type);
}

static void expect_item(struct world *w, const vow_value *value, int number)
{
    if (w->items[number].is_error)
        g_assert_cmpint(vow_error_code(vow_as_error(value)), ==, ERROR_CODES + number);
    else
        g_assert_true(vow_as(value, &item_type) == &w->items[number]);
}

/* ---- What a program does ------------------------------------------------------------------------------- */

static struct slot *free_slot(struct world *w, bool is_take)
{
    for (int i = 0; i < SLOTS; i++)
        if (!w->slots[i].promise && !w->slots[i].w) {
            w->slots[i] = (struct slot){.w = w, .is_take = is_take};
            return &w->slots[i];
        }
    return NULL;
}

static void clear(struct slot *slot)
{
    memset(slot, 0, sizeof *slot);
}

/* Memory is short during the next call. */
static bool run_short(struct world *w)
{
    if (w->depth || below(w, 6))
        return false;
    w->is_short = true;
    memory_fail(w->f, (size_t) below(w, 3) + 1, true);
    return true;
}

static bool was_refused(struct world *w, const vow_promise *promise)
{
    w->is_short = false;
    memory_fail(w->f, 0, false);
    return vow_is_rejected(promise) && vow_error_code(vow_as_error(vow_peek(promise))) == ENOMEM;
}

static void begin_put(struct slot *put)
{
    struct world *w = put->w;

    if (w->is_closed) {
        let_go(w, put->item);
        end(put, EPIPE);
        return;
    }
    w->puts[w->n_puts++] = put;
    flow(w);
}

static void do_put(struct world *w)
{
    struct slot *put = free_slot(w, false);
    vow_promise *promise;
    vow_value value;

    if (!put)
        return;
    value = new_item(w, &put->item);
    if (!run_short(w))
        begin_put(put); /* first: the value may go in the call, and do more */
    bool is_short = w->is_short;
    promise = vow_queue_put(w->queue, value);
    put->promise = promise;
    if (!is_short)
        return;
    if (was_refused(w, promise)) {
        let_go(w, put->item);
        end(put, ENOMEM);
    } else {
        begin_put(put);
    }
}

static void do_try_put(struct world *w)
{
    bool has_room = !w->is_closed && (w->n_takes || (!w->n_puts && w->n_content < w->capacity));
    int number;
    vow_value value = new_item(w, &number);

    if (has_room) {
        insert(w, number);
        flow(w);
    } else {
        let_go(w, number);
    }
    g_assert_cmpint(vow_queue_try_put(w->queue, value), ==, has_room);
}

/* A handler looks at what its take was given. */
static vow_value look(struct slot *take, vow_value *value)
{
    struct world *w = take->w;
    int item = take->item;

    if (take->state == ENDED) {
        g_assert_true(vow_is_nil(value));
    } else {
        g_assert_cmpint(take->state, ==, HAS);
        expect_item(w, value, item);
        let_go(w, item);
    }
    end(take, 0);
    vow_value_drop(vow_take(value));
    return vow_nil();
}

static vow_value look_at_value(vow_value *value, void *slot)
{
    return look(slot, value);
}

static vow_value look_at_error(const vow_error *error, void *data)
{
    struct slot *take = data;
    vow_value value = vow_own(vow_error_ref(error), &vow_type_error);

    if (take->state == REFUSED) {
        g_assert_cmpint(vow_error_code(error), ==, take->code);
        vow_value_drop(value);
        return vow_nil();
    }
    (void) look(take, &value);
    vow_value_drop(value);
    return vow_nil();
}

static void do_take(struct world *w)
{
    struct slot *take = free_slot(w, true);
    bool is_short; /* not where an error comes out, which was_refused() would look at */

    if (!take)
        return;
    is_short = !w->n_puts && !(w->n_content && w->items[w->content[0]].is_error) && run_short(w);
    take->promise = vow_queue_take(w->queue);
    if (is_short && was_refused(w, take->promise)) {
        end(take, ENOMEM);
        return;
    }
    w->takes[w->n_takes++] = take;
    flow(w);
    if (below(w, 4))
        return;
    take->is_handled = true;
    take->promise = vow_then_catch(take->promise, look_at_value, look_at_error, take);
}

static void do_try_take(struct world *w)
{
    bool is_there = w->n_content || w->n_puts;
    vow_value value;

    if (!w->n_content && w->n_puts) {
        struct slot *put = leave(w->puts, &w->n_puts, 0);
        put->state = HAS;
        insert(w, put->item);
    }
    int item = is_there ? remove_first(w) : 0;
    flow(w);
    g_assert_cmpint(vow_queue_try_take(w->queue, &value), ==, is_there);
    if (!is_there)
        return;
    expect_item(w, &value, item);
    let_go(w, item);
    vow_value_drop(value);
}

/* A slot is left: what it waits for ends, what it has and nobody has seen goes back. */
static void give_up(struct slot *slot)
{
    struct world *w = slot->w;

    if (slot->state == WAITS) {
        leave_line(slot);
        if (!slot->is_take)
            let_go(w, slot->item);
    } else if (slot->state == HAS && slot->is_take && w->queue) {
        insert(w, slot->item);
        flow(w);
    } else if (slot->state == HAS && slot->is_take) {
        let_go(w, slot->item);
    }
}

static struct slot *any_slot(struct world *w)
{
    struct slot *slot = &w->slots[below(w, SLOTS)];

    return slot->promise ? slot : NULL;
}

/* What would be reported is looked at. */
static bool is_to_be_seen(const struct slot *slot)
{
    return slot->state == REFUSED ||
           (slot->is_take && slot->state == HAS && !slot->w->queue && slot->w->items[slot->item].is_error);
}

static void drop(struct slot *slot)
{
    vow_promise *promise = slot->promise;
    fixture *f = slot->w->f;
    bool is_reported = is_to_be_seen(slot) && slot->is_handled && slot->state == HAS;

    if (is_to_be_seen(slot) && !slot->is_handled)
        (void) vow_peek(promise);
    give_up(slot);
    clear(slot);
    vow_unref(promise);
    if (is_reported)
        expect_report(f, "unhandled rejection");
}

static void do_drop(struct world *w)
{
    struct slot *slot = any_slot(w);

    if (slot)
        drop(slot);
}

/* With somebody else who holds the promise. */
static void do_cancel(struct world *w)
{
    struct slot *slot = any_slot(w);
    vow_promise *promise;

    if (!slot || slot->is_handled || slot->state != WAITS)
        return;
    promise = vow_ref(slot->promise);
    give_up(slot);
    end(slot, ECANCELED);
    slot->promise = NULL; /* it is pending until the value has gone, which may do more */
    vow_cancel(vow_ref(promise));
    slot->promise = promise;
    vow_unref(promise);
}

static void do_look(struct world *w)
{
    struct slot *slot = any_slot(w);
    vow_promise *promise;

    if (!slot || slot->is_handled || slot->state == WAITS)
        return;
    promise = slot->promise;
    if (slot->state == REFUSED) {
        g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(promise))), ==, slot->code);
    } else if (slot->is_take && slot->state == HAS) {
        expect_item(w, vow_peek(promise), slot->item);
        let_go(w, slot->item);
    } else {
        g_assert_true(vow_is_nil(vow_peek(promise)));
    }
    clear(slot);
    vow_unref(promise);
}

/* Handlers run, and have run. */
static void do_turn(struct world *w)
{
    if (w->depth)
        return;
    w->depth++;
    turn(w->f);
    w->depth--;
    for (int i = 0; i < SLOTS; i++)
        g_assert_false(w->slots[i].is_handled && w->slots[i].state == HAS);
}

static void do_close(struct world *w)
{
    w->is_closed = true;
    flow(w);
    reject_puts(w, EPIPE);
    vow_queue_close(w->queue);
}

static void do_free(struct world *w)
{
    vow_queue *queue = w->queue;

    w->is_closed = true;
    w->queue = NULL;
    while (w->n_takes)
        end(leave(w->takes, &w->n_takes, 0), ECANCELED);
    while (w->n_content)
        let_go(w, remove_first(w));
    reject_puts(w, ECANCELED);
    vow_queue_free(queue);
}

static void step(struct world *w)
{
    static void (*const deeds[])(struct world *) = {do_put,  do_put,  do_put,      do_try_put, do_take,
                                                    do_take, do_take, do_try_take, do_close,   do_free};
    static void (*const others[])(struct world *) = {do_drop, do_drop, do_cancel, do_look, do_turn};
    int n = below(w, 100);

    if (n >= 60 || !w->queue)
        others[below(w, G_N_ELEMENTS(others))](w);
    else if (n >= 2 && w->n_items < ITEMS)
        deeds[below(w, 8)](w);
    else if (n < 2)
        deeds[below(w, 10)](w);
}

static void play(fixture *f, guint32 seed)
{
    struct world *w = g_new0(struct world, 1);

    w->f = f;
    w->random = g_rand_new_with_seed(seed);
    w->capacity = (int[]){0, 0, 1, 2, 3, 100}[below(w, 6)];
    w->queue = vow_queue_new(f->loop, w->capacity == 100 ? VOW_UNBOUNDED : (size_t) w->capacity);
    if (w->capacity == 100)
        w->capacity = ITEMS + 1;
    for (int i = 0; i < STEPS; i++) {
        step(w);
        check(w);
    }
    do_turn(w);
    w->depth = DEPTH; /* no more steps */
    if (w->queue && seed % 2)
        do_free(w);
    for (int i = 0; i < SLOTS; i++)
        if (w->slots[i].promise)
            drop(&w->slots[i]);
    if (w->queue)
        do_free(w);
    for (int i = 0; i < w->n_items; i++)
        g_assert_true(w->items[i].is_over && (w->items[i].is_gone || w->items[i].is_error));
    g_rand_free(w->random);
    g_free(w);
}

/* QUEUE_SEED=n plays that program alone. */
static void random_programs(fixture *f)
{
    const char *alone = g_getenv("QUEUE_SEED");
    guint32 first = alone ? (guint32) g_ascii_strtoull(alone, NULL, 10) : 1;

    for (guint32 seed = first; seed < first + (alone ? 1 : 20000); seed++) {
        play(f, seed);
        if (f->reports->len || vow_loop_live(f->loop))
            g_error("program %u leaves something: %s", seed,
                    f->reports->len ? (const char *) f->reports->pdata[0] : "promises");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/queue-random/programs", random_programs);
    return g_test_run();
}
