/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/error.h
 * @brief Why a promise rejected: a reference-counted error with code, domain, message, cause and the sites it
 * passed.
 *
 * An error may be made and used on any thread. Several threads may use it at once, each with a reference of
 * its own: only its count and the sites that it passes still change, and those are atomic.
 */
#ifndef VOW_ERROR_H
#define VOW_ERROR_H

#include <stdio.h>

#include <vow/common.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/**
 * @brief A family of error codes. Two errors are of one domain if they carry the same `vow_domain` address.
 */
typedef struct vow_domain {
    const char *name; /**< as messages call it */
    const char *(*describe)(
        int code); /**< what a code means, as a static string; NULL if there is nothing to say */
} vow_domain;

VOW_API const vow_domain
    vow_domain_errno;                    /**< @brief Codes are errno's values: what vow_error_new() makes. */
VOW_API const vow_domain vow_domain_vow; /**< @brief What errno has no number for: enum vow_code. */

/** @brief Codes of `vow_domain_vow`. None of them is an errno value, nor a code of vow_lookup(). */
enum vow_code {
    VOW_EOF = -1001,       /**< the peer ended the stream where more was needed */
    VOW_EAGGREGATE = -1002 /**< every input of a vow_any() rejected: see vow_error_list() */
};

/**
 * @brief Makes an error in the errno domain.
 *
 * It records where this call stands in the source.
 *
 * @param code   an errno value, such as `EPROTO`.
 * @param format as printf(3), for the message. Let it name what failed; it need not repeat what the code
 * means.
 * @return the error, the caller's. Never NULL: out of memory, it is the static error of `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_error_new_at(const char *site, int code, const char *format, ...)
    VOW_PRINTF(3, 4);
#define vow_error_new(...) vow_error_new_at(VOW_HERE, __VA_ARGS__)

/**
 * @brief Makes an error in a domain of your own.
 * @param domain borrowed for as long as the error lives; make it static.
 * @param code   one of the domain's.
 * @param format as printf(3), for the message.
 * @return the error, the caller's; never NULL.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_error_new_in_at(const char *site, const vow_domain *domain, int code,
                                                     const char *format, ...) VOW_PRINTF(4, 5);
#define vow_error_new_in(...) vow_error_new_in_at(VOW_HERE, __VA_ARGS__)

/**
 * @brief Makes an error in the errno domain that another error caused.
 * @param cause  given away; vow_error_cause() of the new error returns it. NULL for none.
 * @param code   an errno value.
 * @param format as printf(3), for the message.
 * @return the error, the caller's; never NULL.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_error_wrap_at(const char *site, vow_error *cause, int code,
                                                   const char *format, ...) VOW_PRINTF(4, 5);
#define vow_error_wrap(...) vow_error_wrap_at(VOW_HERE, __VA_ARGS__)

/**
 * @brief Makes an error and throws it: what a handler returns to reject.
 * @param code   an errno value.
 * @param format as printf(3), for the message.
 * @return vow_throw() of the new error.
 * @since 0.1
 */
VOW_API vow_value vow_throwf_at(const char *site, int code, const char *format, ...) VOW_PRINTF(3, 4);
#define vow_throwf(...) vow_throwf_at(VOW_HERE, __VA_ARGS__)

/**
 * @brief Keeps an error.
 * @param error borrowed.
 * @return the same error, with a reference that is the caller's.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_error_ref_at(const vow_error *error, const char *site);
#define vow_error_ref(...) vow_error_ref_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Gives up a reference to an error. The last one releases it, its cause and its list, without
 * recursion.
 * @param error given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_error_unref(vow_error *error);

/** @brief An error's code. @param error borrowed. @return the code, in the error's domain. @since 0.1 */
VOW_API int vow_error_code_at(const vow_error *error, const char *site);
#define vow_error_code(...) vow_error_code_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The domain that an error's code belongs to. @param error borrowed. @return the domain. @since 0.1
 */
VOW_API const vow_domain *vow_error_domain_at(const vow_error *error, const char *site);
#define vow_error_domain(...) vow_error_domain_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether an error has this domain and this code. Compare errors with it, since a code alone says
 * little.
 * @param error  borrowed; NULL is no error, so this is false.
 * @param domain borrowed.
 * @param code   of that domain.
 * @return true if so.
 * @since 0.1
 */
VOW_API bool vow_error_is_at(const vow_error *error, const vow_domain *domain, int code, const char *site);
#define vow_error_is(...) vow_error_is_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Prints all that an error has to say: its message, code and domain, the places it passed, the errors
 * of an aggregate, and its causes, one on each line.
 *
 * Reports of unhandled rejections say the same. Of a long chain or list it prints the first sixteen, and how
 * many are left out.
 *
 * @param error  borrowed.
 * @param stream where to.
 * @since 0.1
 */
VOW_API void vow_error_print_at(const vow_error *error, FILE *stream, const char *site);
#define vow_error_print(...) vow_error_print_at(__VA_ARGS__, VOW_HERE)

/** @brief What went wrong, for a person. @param error borrowed. @return owned by the error. @since 0.1 */
VOW_API const char *vow_error_message_at(const vow_error *error, const char *site);
#define vow_error_message(...) vow_error_message_at(__VA_ARGS__, VOW_HERE)

/** @brief The error that caused this one. @param error borrowed. @return owned by the error, or NULL. @since
 * 0.1 */
VOW_API const vow_error *vow_error_cause_at(const vow_error *error, const char *site);
#define vow_error_cause(...) vow_error_cause_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The errors of an aggregate, one for each input of the vow_any() that rejected, in the inputs' order.
 * @param error borrowed.
 * @return a list of error values, owned by the error; NULL if the error is not an aggregate.
 * @since 0.1
 */
VOW_API const vow_list *vow_error_list_at(const vow_error *error, const char *site);
#define vow_error_list(...) vow_error_list_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The places in the source that an error passed: first where it was made, then where it was rejected,
 * or where the promises that it went through were made.
 *
 * The first places are kept and later ones left out, so that an error stays small on a chain of any length.
 *
 * @param error borrowed.
 * @param index from 0.
 * @return "file:line", or NULL past the last one and in builds without sites.
 * @since 0.1
 */
VOW_API const char *vow_error_site_at(const vow_error *error, size_t index, const char *site);
#define vow_error_site(...) vow_error_site_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
