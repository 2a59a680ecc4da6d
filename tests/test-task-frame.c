/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a task's frame: aligned as its struct wants, and no more of it than needed. Also the switch
 * that gives every block memory of its own.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _DEFAULT_SOURCE
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* What is held of the C library's memory. */
struct held {
    size_t blocks, bytes;
};

static void *hold(void *data, size_t size, size_t alignment)
{
    struct held *held = data;
    void *block;

    if (posix_memalign(&block, alignment, size))
        return NULL;
    held->blocks++;
    held->bytes += size;
    return block;
}

static void let_go(void *data, void *block, size_t size)
{
    struct held *held = data;

    held->blocks--;
    held->bytes -= size;
    free(block);
}

static void begin(struct held *held)
{
    *held = (struct held){0, 0};
    vow_allocator_set(&(vow_allocator){hold, let_go, held});
}

static void end(struct held *held, vow_loop *loop)
{
    vow_loop_free(loop);
    vow_allocator_set(NULL);
    g_assert_cmpuint(held->blocks, ==, 0);
    g_assert_cmpuint(held->bytes, ==, 0);
}

/* ---- Alignment ----------------------------------------------------------------------------------------- */

/* A task whose struct has a member of that alignment; it says whether that is where it should be. */
#define ALIGNED(n)                                                                \
    struct aligned##n {                                                           \
        vow_task task;                                                            \
        vow_promise *go;                                                          \
        bool *is_good;                                                            \
        _Alignas(n) char member[n];                                               \
    };                                                                            \
    VOW_ASYNC(aligned##n, me)                                                     \
    {                                                                             \
        VOW_BEGIN(me);                                                            \
        g_assert_cmpint(me->member[0], ==, 7);                                    \
        me->member[n - 1] = 8;                                                    \
        VOW_AWAIT(me, me->go);                                                    \
        *me->is_good = (uintptr_t) me->member % n == 0 && me->member[n - 1] == 8; \
        VOW_RETURN(me, vow_int(n));                                               \
        VOW_END(me);                                                              \
    }

ALIGNED(32)
ALIGNED(64)
ALIGNED(4096)

/* Several at a time, each with another promise beside it, so that luck does not align them all. */
#define CHECK_ALIGNED(n)                                                                                \
    do {                                                                                                \
        vow_resolver go;                                                                                \
        vow_promise *shared = vow_promise_new(loop, &go, NULL), *tasks[8];                              \
        bool good[8] = {false};                                                                         \
        for (int i = 0; i < 8; i++)                                                                     \
            tasks[i] =                                                                                  \
                vow_async(loop, aligned##n, .go = vow_ref(shared), .is_good = &good[i], .member = {7}); \
        vow_resolve(&go, vow_nil());                                                                    \
        vow_unref(shared);                                                                              \
        g_assert_null(vow_run(vow_all(loop, 8, tasks), NULL));                                          \
        for (int i = 0; i < 8; i++)                                                                     \
            g_assert_true(good[i]);                                                                     \
    } while (0)

static void test_aligned(void)
{
    struct held held;
    vow_loop *loop;

    begin(&held);
    loop = vow_loop_new(ev_default_loop(0));
    CHECK_ALIGNED(32);
    CHECK_ALIGNED(64);
    CHECK_ALIGNED(4096);
    end(&held, loop);
}

/* Dropped while it waits, and one that cannot start. */
static void test_aligned_dropped(void)
{
    struct held held;
    vow_loop *loop;
    vow_resolver go;
    bool is_good = false;

    begin(&held);
    loop = vow_loop_new(ev_default_loop(0));
    vow_unref(vow_async(loop, aligned64, .go = vow_promise_new(loop, &go, NULL), .is_good = &is_good,
                        .member = {7}));
    g_assert_null(go.promise);
    g_assert_false(is_good);
    end(&held, loop);
}

/* ---- Cost ---------------------------------------------------------------------------------------------- */

enum { FRAMES = 200, HEADER = 512 };

#define SIZED(n)                                   \
    struct sized##n {                              \
        vow_task task;                             \
        vow_promise *go;                           \
        char buffer[n];                            \
    };                                             \
    VOW_ASYNC(sized##n, me)                        \
    {                                              \
        VOW_BEGIN(me);                             \
        memset(me->buffer, 1, n);                  \
        VOW_AWAIT(me, me->go);                     \
        g_assert_cmpint(me->buffer[n - 1], ==, 1); \
        VOW_END(me);                               \
    }

SIZED(4096)
SIZED(5120)
SIZED(20480)

/* So many cost what they are and a header, with room for one slab that is not full. */
#define CHECK_SIZED(n)                                                                     \
    do {                                                                                   \
        struct held held;                                                                  \
        vow_loop *loop;                                                                    \
        vow_resolver go;                                                                   \
        vow_promise *shared, *tasks[FRAMES];                                               \
        size_t before;                                                                     \
        begin(&held);                                                                      \
        loop = vow_loop_new(ev_default_loop(0));                                           \
        shared = vow_promise_new(loop, &go, NULL);                                         \
        before = held.bytes;                                                               \
        for (int i = 0; i < FRAMES; i++)                                                   \
            tasks[i] = vow_async(loop, sized##n, .go = vow_ref(shared));                   \
        g_assert_cmpuint(held.bytes - before, <=, FRAMES * (size_t) (n + HEADER) + 65536); \
        vow_resolve(&go, vow_nil());                                                       \
        vow_unref(shared);                                                                 \
        g_assert_null(vow_run(vow_all(loop, FRAMES, tasks), NULL));                        \
        g_assert_cmpuint(held.bytes, <=, before + 65536);                                  \
        end(&held, loop);                                                                  \
    } while (0)

static void test_cost(void)
{
    CHECK_SIZED(4096);
    CHECK_SIZED(5120);
    CHECK_SIZED(20480);
}

/* ---- A block each -------------------------------------------------------------------------------------- */

/* How many blocks are held more when there are so many promises more. */
static size_t blocks_of(vow_loop *loop, const struct held *held, size_t count)
{
    vow_promise *promises[64];
    size_t before = held->blocks, blocks;

    for (size_t i = 0; i < count; i++)
        promises[i] = vow_resolved(loop, vow_int(1));
    blocks = held->blocks - before;
    g_assert_cmpuint(vow_loop_live(loop), ==, count);
    for (size_t i = 0; i < count; i++)
        vow_unref(promises[i]);
    g_assert_cmpuint(vow_loop_live(loop), ==, 0);
    return blocks;
}

static void check_blocks(const char *word, size_t expected)
{
    struct held held;
    vow_loop *loop;

    if (word)
        g_setenv("VOW_MALLOC", word, true);
    else
        g_unsetenv("VOW_MALLOC");
    begin(&held);
    loop = vow_loop_new(ev_default_loop(0));
    g_assert_cmpuint(blocks_of(loop, &held, 64), ==, expected);
    end(&held, loop);
    g_unsetenv("VOW_MALLOC");
}

static void test_blocks(void)
{
    check_blocks(NULL, 1);
    check_blocks("", 1);
    check_blocks("0", 1);
    check_blocks("1", 64);
}

/* What is dropped goes back at once, lists of results included. */
static void test_blocks_go_back(void)
{
    struct held held;
    vow_loop *loop;
    size_t before;

    g_setenv("VOW_MALLOC", "1", true);
    begin(&held);
    loop = vow_loop_new(ev_default_loop(0));
    g_assert_null(vow_run(vow_resolved(loop, vow_nil()), NULL));
    before = held.blocks;
    g_assert_null(
        vow_run(vow_all_of(loop, vow_resolved(loop, vow_int(1)), vow_resolved(loop, vow_int(2))), NULL));
    g_assert_cmpuint(held.blocks, ==, before);
    end(&held, loop);
    g_unsetenv("VOW_MALLOC");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/task-frame/aligned", test_aligned);
    g_test_add_func("/task-frame/aligned-dropped", test_aligned_dropped);
    g_test_add_func("/task-frame/cost", test_cost);
    g_test_add_func("/task-frame/blocks", test_blocks);
    g_test_add_func("/task-frame/blocks-go-back", test_blocks_go_back);
    return g_test_run();
}
