/* SPDX-License-Identifier: BSD-2-Clause */
/* What reads and writes of a stream have in common: its two watchers, its errors, and how it is shut. */
#include <errno.h>
#include <string.h>

#include "base/fd-ends-private.h"
#include "stream/stream-private.h"

/* ---- Watchers ------------------------------------------------------------------------------------------ */

static void ends_stop(vow_stream *stream, ev_io *watcher)
{
    struct ev_loop *ev = vow__ev(&stream->promise);

    if (!vow__is_wanted(watcher) && vow__io_is_up(watcher))
        ev_ref(ev);
    watcher->data = NULL;
    ev_io_stop(ev, watcher);
}

void vow__stop_unwanted(vow_stream *stream, ev_io *watcher)
{
    struct ev_loop *ev = vow__ev(&stream->promise);

    ev_ref(ev);
    ev_io_stop(ev, watcher);
}

/* ---- The end --------------------------------------------------------------------------------------------
 */

void vow__stream_shut(vow_stream *stream)
{
    ends_stop(stream, &stream->in);
    ends_stop(stream, &stream->out);
    if (stream->fd < 0)
        return;
    vow__fd_nature_close(&stream->nature);
    vow__fd_close(stream->fd);
    stream->fd = -1;
}

void vow__stream_close_if_done(vow_stream *stream, const vow_error *error)
{
    if (!stream->is_closing || !vow__list_is_empty(&stream->writes))
        return;
    stream->is_closing = false;
    stream->is_ended = true;
    vow__stream_shut(stream);
    vow__resolve(&stream->promise, error ? vow_throw(vow_error_ref(error)) : vow_nil());
}

/* ---- Errors -------------------------------------------------------------------------------------------- */

vow_value vow__stream_throw(const vow_stream *stream, const char *function, int code, const char *site)
{
    return vow_throwf_at(site, code, "%s: descriptor %d: %s", function, stream->fd, strerror(code));
}

vow_error vow__error_packets = {.domain = &vow_domain_errno,
                                .refs = 1,
                                .code = EPROTOTYPE,
                                .message = "a socket of packets, which a stream would not keep apart"};

vow_error *vow__stream_broken(const vow_stream *stream, const char *function, const vow_error *cause,
                              const char *site)
{
    if (cause == &vow__error_packets)
        return vow_error_new_at(site, EPROTOTYPE, "%s: descriptor %d: %s", function, stream->fd,
                                vow_error_message(cause));
    return vow_error_wrap_at(site, vow_error_ref(cause), EPIPE, "%s: descriptor %d: the stream is broken: %s",
                             function, stream->fd, vow_error_message(cause));
}

vow_error *vow__stream_ended(const vow_stream *stream, const char *function, const char *site)
{
    vow_error *error = vow__error_new_or(&vow__error_cancelled, site, ECANCELED,
                                         "%s: descriptor %d: the stream was closed", function, stream->fd);

    if (error != &vow__error_cancelled)
        error->is_quiet = true;
    return error;
}

bool vow__is_transient(int code)
{
    return code == ENOMEM || code == ENOBUFS;
}
