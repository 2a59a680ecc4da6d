/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses: from text, to text and back, their parts, as values, and of open sockets.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "place.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Text ---------------------------------------------------------------------------------------------- */

static void assert_text(const vow_address *address, const char *expected)
{
    char text[VOW_ADDRESS_TEXT_SIZE];

    g_assert_true(vow_address_format(address, text, sizeof text) == text);
    g_assert_cmpstr(text, ==, expected);
}

static vow_address parsed(const char *text)
{
    vow_address address;
    int code = vow_address_parse(&address, text);

    if (code)
        g_error("%s: %s", text, g_strerror(code));
    return address;
}

/* What it is read as, and that what is written reads the same. */
static void from_text_to_text(fixture *f)
{
    static const struct {
        const char *text, *again;
        int family, port;
    } table[] = {
        {"127.0.0.1:80", "127.0.0.1:80", AF_INET, 80},
        {"127.0.0.1", "127.0.0.1:0", AF_INET, 0},
        {"0.0.0.0:65535", "0.0.0.0:65535", AF_INET, 65535},
        {"[::1]:443", "[::1]:443", AF_INET6, 443},
        {"::1", "[::1]:0", AF_INET6, 0},
        {"::", "[::]:0", AF_INET6, 0},
        {"[2001:DB8:0::1]:7", "[2001:db8::1]:7", AF_INET6, 7},
        {"[fe80::1%lo]:7", "[fe80::1%lo]:7", AF_INET6, 7},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:0", AF_INET6, 0},
        {"/run/x", "/run/x", AF_UNIX, -1},
        {"./x", "./x", AF_UNIX, -1},
        {"a/127.0.0.1:80", "a/127.0.0.1:80", AF_UNIX, -1},
        {"@name", "@name", AF_UNIX, -1},
        {"@", "@", AF_UNIX, -1},
        {"@a/b", "@a/b", AF_UNIX, -1},
        {"./@a/b", "./@a/b", AF_UNIX, -1},
    };

    (void) f;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        vow_address address = parsed(table[i].text), again = parsed(table[i].again);
        assert_text(&address, table[i].again);
        g_assert_cmpint(vow_address_family(&address), ==, table[i].family);
        g_assert_cmpint(vow_address_port(&address), ==, table[i].port);
        g_assert_true(vow_address_equal(&address, &again));
    }
}

static void text_that_is_none(fixture *f)
{
    static const char *const table[] = {
        "",
        "localhost",
        "localhost:80",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:65536",
        "256.1.1.1",
        ":80",
        "*:80",
        "*",
        "127.0.0.1:80:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[127.0.0.1]:80",
        "[localhost]:80",
        "::g",
        "x",
        "[::1%no-such-interface-anywhere-at-all-by-a-name-that-long-and-longer]:80",
    };
    char *longest = g_strnfill(200, '/');
    vow_address address;

    (void) f;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_assert_cmpint(vow_address_parse(&address, table[i]), ==, EINVAL);
        assert_text(&address, "unnamed");
    }
    g_assert_cmpint(vow_address_parse(&address, NULL), ==, EINVAL);
    g_assert_cmpint(vow_address_parse(&address, longest), ==, ENAMETOOLONG);
    g_free(longest);
}

static void a_small_buffer_is_enough_for_a_part(fixture *f)
{
    vow_address address = parsed("127.0.0.1:80");
    char text[8];

    (void) f;
    vow_address_format(&address, text, sizeof text);
    g_assert_cmpstr(text, ==, "127.0.0");
    vow_address_format(&address, text, 1);
    g_assert_cmpstr(text, ==, "");
}

static vow_address local_address(const char *path, size_t length)
{
    struct {
        struct sockaddr_un local;
        char more;
    } storage = {.local.sun_family = AF_UNIX};
    vow_address address;

    memcpy(storage.local.sun_path, path, length);
    length += offsetof(struct sockaddr_un, sun_path);
    g_assert_cmpint(vow_address_set(&address, (struct sockaddr *) &storage, length), ==, 0);
    g_assert_cmpuint(address.length, ==, length);
    g_assert_true(memcmp(vow_address_sockaddr(&address), &storage, length) == 0);
    return address;
}

/* The longest path fills the whole of sun_path; Linux then gives it back with one byte more. */
static void a_path_without_its_nul(fixture *f)
{
    size_t room = sizeof((struct sockaddr_un *) NULL)->sun_path;
    char *longest = g_strnfill(room, '/');
    vow_address address = local_address(longest, room);

    (void) f;
    assert_text(&address, longest);
    address.length++;
    assert_text(&address, longest);
    g_free(longest);
}

/* 107 bytes in either case: an abstract name needs no NUL behind it, but one in front. */
static void longest_names(fixture *f)
{
    char text[110];
    vow_address address;

    (void) f;
    memset(text, 'a', sizeof text);
    text[0] = '@';
    text[108] = '\0';
    g_assert_cmpint(vow_address_parse(&address, text), ==, 0);
    g_assert_cmpuint(address.length, ==, sizeof(struct sockaddr_un));
    assert_text(&address, text);
    text[0] = '/';
    g_assert_cmpint(vow_address_parse(&address, text), ==, ENAMETOOLONG);
    text[107] = '\0';
    g_assert_cmpint(vow_address_parse(&address, text), ==, 0);
    assert_text(&address, text);
    memset(text, 'a', sizeof text);
    text[0] = '@';
    text[109] = '\0';
    g_assert_cmpint(vow_address_parse(&address, text), ==, ENAMETOOLONG);
}

static void names_that_are_odd(fixture *f)
{
    vow_address address = local_address("\0a\0b", 4);
    struct sockaddr other = {.sa_family = AF_APPLETALK};

    (void) f;
    assert_text(&address, "@a@b");
    address = local_address("abc", 4);
    assert_text(&address, "./abc");
    address = local_address("", 0);
    assert_text(&address, "unnamed");
    g_assert_cmpint(vow_address_set(&address, &other, sizeof other), ==, 0);
    assert_text(&address, "unknown");
    g_assert_cmpint(vow_address_port(&address), ==, -1);
    g_assert_cmpint(vow_address_set(&address, &other, 1000), ==, EINVAL);
    assert_text(&address, "unnamed");
    g_assert_cmpint(vow_address_set(&address, NULL, 0), ==, 0);
    assert_text(&address, "unnamed");
}

/* ---- Parts --------------------------------------------------------------------------------------------- */

static void equal(fixture *f)
{
    static const char *const texts[] = {
        "127.0.0.1:80",    "127.0.0.1:81", "127.0.0.2:80", "[::1]:80", "[::1]:81", "[::2]:80",
        "[fe80::1%lo]:80", "[fe80::1]:80", "/x",           "/y",       "@x",       "/xy"};
    vow_address nobody = {0}, neither = {0};

    (void) f;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        vow_address one = parsed(texts[i]);
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            vow_address other = parsed(texts[j]);
            g_assert_cmpint(vow_address_equal(&one, &other), ==, i == j);
        }
        g_assert_false(vow_address_equal(&one, &nobody));
    }
    g_assert_true(vow_address_equal(&nobody, &neither));
    g_assert_cmpint(vow_address_family(&nobody), ==, AF_UNSPEC);
    g_assert_cmpint(vow_address_port(&nobody), ==, -1);
}

static void as_a_value(fixture *f)
{
    vow_address address = parsed("[::1]:80");
    vow_value value = vow_address_value(&address), other = vow_int(1);

    g_assert_true(vow_is_address(&value));
    g_assert_false(vow_is_address(&other));
    g_assert_cmpstr(vow_value_type_name(&value), ==, "address");
    g_assert_true(vow_address_equal(vow_as_address(&value), &address));
    vow_value_drop(value);
    memory_fail(f, 1, false);
    vow_promise *p = vow_resolved(f->loop, vow_address_value(&address));
    memory_fail(f, 0, false);
    assert_peek(p, "!ENOMEM");
    vow_unref(p);
}

/* ---- Open sockets -------------------------------------------------------------------------------------- */

static void both_ends_of_a_connection(struct place *place)
{
    vow_address listener, client, client_peer, server, server_peer;
    int ends[2];

    ends[0] = run_fd(connect_to(place));
    ends[1] = run_fd(accept_at(place));
    g_assert_cmpint(vow_socket_address(place->listener, &listener), ==, 0);
    g_assert_cmpint(vow_socket_address(ends[0], &client), ==, 0);
    g_assert_cmpint(vow_socket_peer(ends[0], &client_peer), ==, 0);
    g_assert_cmpint(vow_socket_address(ends[1], &server), ==, 0);
    g_assert_cmpint(vow_socket_peer(ends[1], &server_peer), ==, 0);
    g_assert_true(vow_address_equal(&client_peer, &listener));
    g_assert_true(vow_address_equal(&server, &listener));
    g_assert_true(vow_address_equal(&server_peer, &client));
    if (place->host) {
        g_assert_cmpint(vow_address_port(&listener), ==, vow_socket_port(place->listener));
        g_assert_cmpint(vow_address_port(&server_peer), ==, vow_socket_port(ends[0]));
    } else {
        assert_text(&listener, place->path);
        assert_text(&server_peer, "unnamed");
    }
    close_both(ends);
}
AT_EACH(both_ends_of_a_connection)

static void descriptors_that_have_no_address(fixture *f)
{
    vow_address address = parsed("127.0.0.1:80");
    int ends[2], listener = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 1));

    g_assert_cmpint(vow_socket_address(-1, &address), ==, EBADF);
    assert_text(&address, "unnamed");
    g_assert_cmpint(vow_socket_peer(listener, &address), ==, ENOTCONN);
    close(listener);
    open_pipe(ends);
    g_assert_cmpint(vow_socket_peer(ends[0], &address), ==, ENOTSOCK);
    close_both(ends);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/address/text", from_text_to_text);
    test_add("/address/no-text", text_that_is_none);
    test_add("/address/small-buffer", a_small_buffer_is_enough_for_a_part);
    test_add("/address/longest-path", a_path_without_its_nul);
    test_add("/address/longest-names", longest_names);
    test_add("/address/odd-names", names_that_are_odd);
    test_add("/address/equal", equal);
    test_add("/address/value", as_a_value);
    ADD_EACH("/address/connection", both_ends_of_a_connection);
    test_add("/address/no-address", descriptors_that_have_no_address);
    return g_test_run();
}
