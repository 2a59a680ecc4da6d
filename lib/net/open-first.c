/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors for a host and a service by name: the first of their addresses that works is taken. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <vow/promise.h>

#include "base/allocator-private.h"
#include "net/address-private.h"
#include "net/lookup-private.h"
#include "loop/loop-private.h"

/* What is kept until the addresses are known. */
typedef struct opening {
    vow__opener opener;
    const char *site;
    _Alignas(max_align_t) char options[];
} opening;

static void opening_free(void *pointer)
{
    opening *self = pointer;

    vow__release(self, sizeof *self + self->opener.size);
}

static void to_any_v4(vow_address *address)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t) vow_address_port(address))};

    vow_address_set(address, (const struct sockaddr *) (const void *) &any, sizeof any);
}

/* A descriptor as a value, or a throw. */
static vow_value open_one(const vow__opener *opener, const vow_address *address, const char *site)
{
    vow_address place = *address;
    int code = 0;
    int fd = opener->open(&place, opener->options, &code);

    if (fd < 0 && opener->is_wildcard && (code == EAFNOSUPPORT || code == EADDRNOTAVAIL)) {
        to_any_v4(&place);
        code = 0;
        fd = opener->open(&place, opener->options, &code);
    }
    return fd < 0 ? vow_throw(vow__address_error(&place, opener->function, code, site)) : vow_fd(fd);
}

/* If none works, what is thrown says why the first one does not. */
static vow_value open_first(vow_value *value, void *data)
{
    const opening *self = data;
    const vow_list *addresses = vow_as_list(value);
    vow_value first = vow_nil();

    for (size_t i = 0; i < vow_list_length(addresses); i++) {
        const vow_address *address = vow_as_address(vow_list_at(addresses, i));
        vow_value result = open_one(&self->opener, address, self->site);

        if (vow_is_fd(&result)) {
            vow_value_drop(first);
            return result;
        }
        if (i == 0)
            first = result;
        else
            vow_value_drop(result);
    }
    return first;
}

static opening *opening_new(const vow__opener *opener, const char *site)
{
    opening *self = vow__allocate(sizeof *self + opener->size);

    if (!self)
        return NULL;
    self->opener = *opener;
    self->opener.options = self->options;
    self->site = site;
    if (opener->size)
        memcpy(self->options, opener->options, opener->size);
    return self;
}

vow_promise *vow__open_first(vow_loop *loop, const vow__opener *opener, const char *host, const char *service,
                             const char *site)
{
    vow_address address;
    vow_error *error;
    opening *self;
    vow_promise *found;

    if (opener->is_wildcard)
        host = VOW__ANY_HOST;
    if (vow__lookup_numeric(&address, host, service, opener->function, site, &error))
        return vow_resolved_at(loop, open_one(opener, &address, site), site);
    if (error)
        return vow_rejected_at(loop, error, site);
    self = opening_new(opener, site);
    if (!self)
        return vow__refusal(loop);
    found =
        vow__lookup(loop, &(vow__question){host, service, opener->type, AF_UNSPEC, opener->function}, site);
    return vow_attach_at(vow_then_at(found, open_first, self, site), self, opening_free, site);
}
