/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fixture of the test programs, see support.h. The order of teardown matters: what the test still holds
 * is counted before the loop goes, watchers are counted after it, and memory and descriptors at the very end.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vow/testing.h>

/* An owned() value. It outlives its drop, so that a second drop is seen and not undefined. */
struct thing {
    fixture *f;
    const char *name;
    guint drops;
};

/* ---- Memory -------------------------------------------------------------------------------------------- */

static bool allocation_fails(struct memory *m)
{
    size_t n = ++m->allocated;

    if (!m->fail_at || n < m->fail_at || (n > m->fail_at && !m->fail_after))
        return false;
    m->failed++;
    return true;
}

static void *counting_allocate(void *data, size_t size, size_t alignment)
{
    struct memory *m = data;

    if (allocation_fails(m))
        return NULL;
    /* aligned_alloc() wants a size that is a multiple of the alignment, and one that is not zero. */
    void *block = aligned_alloc(alignment, (size / alignment + 1) * alignment);
    g_assert_nonnull(block);
    g_atomic_int_inc(&m->blocks);
    return block;
}

static void counting_release(void *data, void *block, size_t size)
{
    struct memory *m = data;

    (void) size;
    g_assert_nonnull(block);
    g_atomic_int_add(&m->blocks, -1);
    free(block);
}

void memory_fail(fixture *f, size_t n, bool after)
{
    f->memory.allocated = 0;
    f->memory.failed = 0;
    f->memory.fail_at = n;
    f->memory.fail_after = after;
}

/* ---- The fixture --------------------------------------------------------------------------------------- */

guint count_descriptors(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

void with_single_blocks(fixture *f, void (*fn)(fixture *f))
{
    vow_loop *loop = f->loop;

    g_setenv("VOW_MALLOC", "1", true);
    f->loop = vow_loop_new(f->ev);
    g_unsetenv("VOW_MALLOC");
    collect_reports(f, f->loop);
    fn(f);
    vow_loop_free(f->loop);
    f->loop = loop;
}

/* GLib may keep a descriptor of its own to wait for children; it does not count as the test's. */
void run_in_child(fixture *f)
{
    guint before = count_descriptors();

    g_test_trap_subprocess(NULL, 0, 0);
    f->descriptors += count_descriptors() - before;
}

static void collect_report(const vow_report *report, void *data)
{
    fixture *f = data;

    g_assert_true(g_str_has_suffix(report->text, "\n"));
    g_ptr_array_add(f->reports, g_strdup(report->text));
}

void collect_reports(fixture *f, vow_loop *loop)
{
    vow_loop_set_report(loop, collect_report, f);
}

static void set_up(fixture *f)
{
    f->descriptors = count_descriptors();
    f->log = g_string_new(NULL);
    f->reports = g_ptr_array_new_with_free_func(g_free);
    f->kept = g_ptr_array_new_with_free_func(g_free);
    vow_allocator_set(&(vow_allocator){counting_allocate, counting_release, &f->memory});
    f->ev = ev_loop_new(EVFLAG_AUTO);
    g_assert_nonnull(f->ev);
    f->loop = vow_loop_new(f->ev);
    g_assert_nonnull(f->loop);
    collect_reports(f, f->loop);
}

void free_loop(fixture *f)
{
    g_assert_cmpuint(vow_loop_live(f->loop), ==, f->expect_live);
    if (!f->expect_live)
        g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
    vow_loop_free(f->loop);
    f->loop = NULL;
}

static void tear_down(fixture *f)
{
    memory_fail(f, 0, false);
    if (f->loop)
        free_loop(f);
    /* A thread that has handed its result over may still be about to give its last block back. */
    g_assert_null(vow_offload_shutdown(G_MAXDOUBLE));
    for (guint i = 0; i < f->reports->len; i++)
        g_test_message("not expected: %s", (const char *) f->reports->pdata[i]);
    g_assert_cmpuint(f->reports->len, ==, 0);
    g_assert_cmpstr(f->log->str, ==, "");
    g_assert_cmpint(f->owned, ==, 0);
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
    ev_loop_destroy(f->ev);
    g_assert_cmpint(g_atomic_int_get(&f->memory.blocks), ==, 0);
    vow_allocator_set(NULL);
    g_assert_cmpuint(count_descriptors(), ==, f->descriptors);
    g_ptr_array_unref(f->kept);
    g_ptr_array_unref(f->reports);
    g_string_free(f->log, TRUE);
}

/* A function pointer does not fit into GLib's data pointer in ISO C: it travels in a struct. */
struct test {
    void (*fn)(fixture *f);
};

static void run_test(gconstpointer data)
{
    const struct test *test = data;
    fixture f = {0};

    set_up(&f);
    test->fn(&f);
    tear_down(&f);
}

void test_add(const char *path, void (*fn)(fixture *f))
{
    struct test *test = g_new(struct test, 1);

    test->fn = fn;
    g_test_add_data_func_full(path, test, run_test, g_free);
}

void note(fixture *f, const char *format, ...)
{
    va_list arguments;

    if (f->log->len)
        g_string_append_c(f->log, ' ');
    va_start(arguments, format);
    g_string_append_vprintf(f->log, format, arguments);
    va_end(arguments);
}

void turn(fixture *f)
{
    ev_run(f->ev, EVRUN_NOWAIT);
}

void make_virtual(fixture *f)
{
    g_assert_cmpint(vow_clock_virtual(f->loop), ==, 0);
}

const char *site_text(fixture *f, const char *file, int line)
{
    char *text = g_strdup_printf("%s:%d", file, line);

    g_ptr_array_add(f->kept, text);
    return text;
}

void expect_report_at(fixture *f, const char *part, const char *file, int line)
{
    for (guint i = 0; i < f->reports->len; i++) {
        if (strstr(f->reports->pdata[i], part)) {
            g_ptr_array_remove_index(f->reports, i);
            return;
        }
    }
    for (guint i = 0; i < f->reports->len; i++)
        g_test_message("reported: %s", (const char *) f->reports->pdata[i]);
    g_error("%s:%d: no report contains \"%s\"", file, line, part);
}

/* ---- Values -------------------------------------------------------------------------------------------- */

const char *code_name(const vow_error *error)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {ECANCELED, "ECANCELED"},
        {EDEADLK, "EDEADLK"},
        {EINVAL, "EINVAL"},
        {EIO, "EIO"},
        {ELOOP, "ELOOP"},
        {ENOMEM, "ENOMEM"},
        {EPROTO, "EPROTO"},
        {ETIMEDOUT, "ETIMEDOUT"},
        {ECONNREFUSED, "ECONNREFUSED"},
        {EBADF, "EBADF"},
        {EPIPE, "EPIPE"},
        {ECONNRESET, "ECONNRESET"},
        {VOW_EOF, "EOF"},
        {VOW_EAGGREGATE, "EAGGREGATE"},
    };
    static char numbers[4][16];
    static guint next;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].code == vow_error_code(error))
            return names[i].name;
    }
    char *number = numbers[next++ % G_N_ELEMENTS(numbers)];
    g_snprintf(number, sizeof numbers[0], "%d", vow_error_code(error));
    return number;
}

static char *show_list(const vow_list *list)
{
    GString *text = g_string_new("[");

    for (size_t i = 0; i < vow_list_length(list); i++) {
        char *place = show(vow_list_at(list, i));
        g_string_append_printf(text, "%s%s", i ? "," : "", place);
        g_free(place);
    }
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

static const char *thing_name(const struct thing *thing)
{
    return thing->name ? thing->name : "thing";
}

char *show(const vow_value *value)
{
    if (!value)
        return g_strdup("pending");
    if (vow_is_bool(value))
        return g_strdup(vow_as_bool(value) ? "true" : "false");
    if (vow_is_int(value))
        return g_strdup_printf("%" G_GINT64_FORMAT, (gint64) vow_as_int(value));
    if (vow_is_double(value))
        return g_strdup_printf("%g", vow_as_double(value));
    if (vow_is_str(value))
        return g_strdup(vow_as_str(value));
    if (vow_is_list(value))
        return show_list(vow_as_list(value));
    if (vow_is_error(value))
        return g_strconcat("!", code_name(vow_as_error(value)), NULL);
    if (value->type == &thing_type)
        return g_strdup(thing_name(vow_as(value, &thing_type)));
    return g_strdup(vow_value_type_name(value));
}

static void thing_drop(void *pointer)
{
    struct thing *thing = pointer;

    g_assert_cmpuint(thing->drops++, ==, 0);
    thing->f->owned--;
    if (thing->name)
        note(thing->f, "~%s", thing->name);
}

const vow_type thing_type = {"thing", thing_drop};

vow_value owned(fixture *f, const char *name)
{
    struct thing *thing = g_malloc0(sizeof *thing);

    thing->f = f;
    thing->name = name;
    f->owned++;
    g_ptr_array_add(f->kept, thing);
    return vow_own(thing, &thing_type);
}

/* ---- Promises and handlers ----------------------------------------------------------------------------- */

struct tag *tag_new(fixture *f, const char *name)
{
    struct tag *tag = g_malloc0(sizeof *tag);

    tag->f = f;
    tag->name = name;
    g_ptr_array_add(f->kept, tag);
    return tag;
}

vow_value saw_value(vow_value *value, void *data)
{
    struct tag *tag = data;
    char *shown = show(value);

    note(tag->f, "%s=%s", tag->name, shown);
    g_free(shown);
    return vow_nil();
}

vow_value saw_error(const vow_error *error, void *data)
{
    struct tag *tag = data;

    note(tag->f, "%s!%s", tag->name, code_name(error));
    return vow_nil();
}

vow_value saw_end(void *data)
{
    struct tag *tag = data;

    note(tag->f, "%s", tag->name);
    return vow_nil();
}

vow_value pass_value(vow_value *value, void *data)
{
    saw_end(data);
    return vow_take(value);
}

vow_value pass_error(const vow_error *error, void *data)
{
    saw_end(data);
    return vow_throw(vow_error_ref(error));
}

void watch(fixture *f, vow_promise *promise, const char *name)
{
    vow_detach(vow_then_catch(promise, saw_value, saw_error, tag_new(f, name)));
}

static vow_value tick(vow_value *value, void *data)
{
    (void) value;
    return saw_end(data);
}

void ticks(fixture *f, int n)
{
    static const char *const names[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    vow_promise *promise = vow_resolved(f->loop, vow_nil());

    for (int i = 0; i < n; i++)
        promise = vow_then(promise, tick, tag_new(f, names[i]));
    vow_detach(promise);
}

static void source_cancelled(vow_resolver *resolver)
{
    struct source *source = (struct source *) resolver;

    note(source->f, "%s-cancelled", source->name);
}

vow_promise *pending_at(fixture *f, struct source *source, const char *name, const char *site)
{
    source->f = f;
    source->name = name;
    return vow_promise_new_at(f->loop, &source->resolver, source_cancelled, site);
}
