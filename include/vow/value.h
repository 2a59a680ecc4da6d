/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/value.h
 * @brief What a promise is fulfilled with: a small typed value that knows who owns it.
 *
 * A `vow_value` that is passed or returned by value is given away. A `vow_value *` points into a promise (or
 * a list, or a task's last result). It is valid while that lives, and is only borrowed; vow_take() moves its
 * content out. None of these functions belongs to a loop: values that were made or taken may be read on any
 * thread, one thread at a time. What is in a promise belongs to the thread of its loop.
 */
#ifndef VOW_VALUE_H
#define VOW_VALUE_H

#include <vow/common.h>

VOW_BEGIN_DECLS

/**
 * @brief A type of owned values: its name in messages, and what releases one.
 *
 * Two values are of the same type if they carry the same `vow_type` address. So keep one static const object
 * for each type.
 */
typedef struct vow_type {
    const char *name;        /**< as messages call it */
    void (*drop)(void *ptr); /**< releases what vow_own() was given; NULL when there is nothing to release */
} vow_type;

/**
 * @brief A value: 16 bytes, passed in registers. Zero-initialised, it is nil. Use the functions, not the
 * members.
 */
typedef struct vow_value {
    const vow_type *type;
    union {
        int64_t integer;
        double number;
        void *pointer;
    } u;
} vow_value;

VOW_API const vow_type vow_type_bool;   /**< @brief The type of vow_bool(). */
VOW_API const vow_type vow_type_int;    /**< @brief The type of vow_int(). */
VOW_API const vow_type vow_type_double; /**< @brief The type of vow_double(). */
VOW_API const vow_type vow_type_ptr;    /**< @brief The type of vow_ptr(). */
VOW_API const vow_type vow_type_str;    /**< @brief The type of vow_strdup(). */
VOW_API const vow_type vow_type_list;   /**< @brief The type of what vow_all() and vow_all_settled() give. */
VOW_API const vow_type vow_type_error;  /**< @brief The type of an error that is held as a value. */
VOW_API const vow_type vow_type_fd;     /**< @brief The type of vow_fd(). */
VOW_API const vow_type vow_type_bytes;  /**< @brief The type of vow_bytes_copy(). */

/* Ends the program: `function` was called, at `site`, on a value that is not of the type it reads, or without
 * a value or type. */
VOW_API VOW_NORETURN void vow__value_mismatch(const vow_value *value, const char *function,
                                              const vow_type *wanted, const char *site);

/** @brief Bytes of any kind, including zeros: what vow_as_bytes() reads from a value. */
typedef struct vow_bytes {
    size_t length; /**< how many */
    const char
        *data; /**< the bytes; never NULL. A zero byte that does not count stands behind the last one */
} vow_bytes;

/**
 * @brief No value; what a promise of "done" is fulfilled with.
 * @return nil.
 * @since 0.1
 */
static inline vow_value vow_nil(void)
{
    vow_value value = {0, {0}};
    return value;
}

/**
 * @brief A truth value.
 * @param truth the content.
 * @return a value of type `vow_type_bool`.
 * @since 0.1
 */
static inline vow_value vow_bool(bool truth)
{
    vow_value value = {&vow_type_bool, {truth}};
    return value;
}

/**
 * @brief A whole number.
 * @param integer the content.
 * @return a value of type `vow_type_int`.
 * @since 0.1
 */
static inline vow_value vow_int(int64_t integer)
{
    vow_value value = {&vow_type_int, {integer}};
    return value;
}

/**
 * @brief A floating-point number.
 * @param number the content.
 * @return a value of type `vow_type_double`.
 * @since 0.1
 */
static inline vow_value vow_double(double number)
{
    vow_value value = {&vow_type_double, {0}};
    value.u.number = number;
    return value;
}

/**
 * @brief A pointer that is not owned: libvow never releases what it points to.
 * @param pointer stays the caller's; what it points to must outlive every reader of the value.
 * @return a value of type `vow_type_ptr`.
 * @since 0.1
 */
static inline vow_value vow_ptr(void *pointer)
{
    vow_value value = {&vow_type_ptr, {0}};
    value.u.pointer = pointer;
    return value;
}

/**
 * @brief An owned pointer of a type of your own.
 *
 * If the value is released without having been taken, `type->drop(pointer)` is called exactly once: with its
 * promise, with its list, or by vow_value_drop().
 *
 * @param pointer given away.
 * @param type    borrowed for as long as the value lives; make it static. NULL is misuse and aborts.
 * @return a value of that type.
 * @since 0.1
 */
static inline vow_value vow_own_at(void *pointer, const vow_type *type, const char *site)
{
    vow_value value = {type, {0}};
    if (VOW_UNLIKELY(!type))
        vow__value_mismatch(NULL, "vow_own", NULL, site);
    value.u.pointer = pointer;
    return value;
}
#define vow_own(...) vow_own_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief An owned copy of a string.
 * @param string copied; NULL gives nil.
 * @return a value of type `vow_type_str`. Out of memory, a vow_throw() of `ENOMEM`: a promise that is
 * resolved with it rejects.
 * @since 0.1
 */
VOW_API vow_value vow_strdup(const char *string);

/**
 * @brief An owned copy of bytes of any kind, including zeros.
 * @param data copied; may be NULL when `size` is 0.
 * @param size how many bytes; 0 gives a value without bytes, which is not nil.
 * @return a value of type `vow_type_bytes`, to be read with vow_as_bytes(). Out of memory, a vow_throw() of
 * `ENOMEM`: a promise that is resolved with it rejects.
 * @since 0.1
 */
VOW_API vow_value vow_bytes_copy_at(const void *data, size_t size, const char *site);
#define vow_bytes_copy(...) vow_bytes_copy_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief An owned file descriptor: closed if the value is released without having been taken.
 *
 * Closing never waits: a socket that has `SO_LINGER` set with a time still sends the rest in the background.
 *
 * @param fd given away.
 * @return a value of type `vow_type_fd`.
 * @since 0.1
 */
VOW_API vow_value vow_fd(int fd);

/**
 * @brief "Become this promise": return it from a handler, or give it to a resolver, to adopt another
 * promise's outcome.
 *
 * This costs the same number of turns of the job queue as returning a promise from a handler does in
 * JavaScript. A promise that is to follow itself rejects with `ELOOP`.
 *
 * @param promise given away, and of the same loop as the follower.
 * @return a value to return from a handler or to pass to vow_resolve(); vow_value_drop() takes it, too.
 * @par Standard
 * ECMAScript 2024, 27.2.1.3.2 Promise Resolve Functions and 27.2.2.2 NewPromiseResolveThenableJob.
 * @since 0.1
 */
VOW_API vow_value vow_follow_at(vow_promise *promise, const char *site);
#define vow_follow(...) vow_follow_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief "Reject with this error": return it from a handler to throw.
 * @param error given away.
 * @return a value to return from a handler or to pass to vow_resolve().
 * @since 0.1
 */
VOW_API vow_value vow_throw_at(vow_error *error, const char *site);
#define vow_throw(...) vow_throw_at(__VA_ARGS__, VOW_HERE)

/* vow_throwf(code, format, ...) is in <vow/error.h>. */

/**
 * @brief Moves the content of a value out of the promise, list or task that holds it.
 *
 * What you get stands alone: it may go to another thread, and outlive its promise and its loop. An error is
 * not moved, because a rejected promise always has one: it stays, and you get a reference to it.
 *
 * A list takes its members along, and so do the lists in it. If somebody else still holds the promise of a
 * member, or the list has it twice, both have it from then on. Numbers, strings, bytes and lists are copied;
 * of an error there are two references. What cannot be copied, for example from vow_own() or vow_fd(), is
 * shared: it may be read in both places. The last to have it releases it, once, on its own thread. vow_take()
 * of it in one place leaves nil in the other; if that is on another thread, nobody may look at it there
 * meanwhile. Out of memory nothing is lost: a member that could not be copied or shared is in the list that
 * you get, and the other holder sees nil.
 *
 * @param value left nil, for whoever else looks at it, unless it is an error; NULL gives nil.
 * @return the content, now the caller's to pass on or to vow_value_drop().
 * @since 0.1
 */
VOW_API vow_value vow_take(vow_value *value);

/**
 * @brief Moves a file descriptor out of a value.
 * @param value of type `vow_type_fd`, left nil. Any other type is misuse and aborts.
 * @return the descriptor, now the caller's to close.
 * @since 0.1
 */
VOW_API int vow_take_fd_at(vow_value *value, const char *site);
#define vow_take_fd(...) vow_take_fd_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Releases a value that was taken, or never given to anybody. May run the type's drop function.
 *
 * A drop function may drop what its value owns: values, errors, promises. Chains of such values may be of any
 * length. If more than 64 drop functions would run inside one another, what they drop (a value, an error or a
 * settled promise) goes a little later: when the drop function that drops it has returned. When the outermost
 * call returns, all of it has gone.
 *
 * @param value given away. Numbers, nil and vow_ptr() need no release, but may be passed.
 * @since 0.1
 */
VOW_API void vow_value_drop(vow_value value);

/**
 * @brief The name of a value's type, for messages.
 * @param value borrowed.
 * @return "nil", "int", … or the name in its `vow_type`.
 * @since 0.1
 */
VOW_API const char *vow_value_type_name_at(const vow_value *value, const char *site);
#define vow_value_type_name(...) vow_value_type_name_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads an owned value of a type of your own.
 *
 * A value of any other type is misuse and aborts. The message names both types, where this call stands and,
 * if the value lies in a promise, where that promise was made. The same holds for all the vow_as_… functions.
 *
 * @param value borrowed.
 * @param type  what the value must be.
 * @return what vow_own() was given, still owned by the value.
 * @since 0.1
 */
static inline void *vow_as_at(const vow_value *value, const vow_type *type, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != type))
        vow__value_mismatch(value, "vow_as", type, site);
    return value->u.pointer;
}
#define vow_as(...) vow_as_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is nil. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_nil_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_nil", NULL, site);
    return !value->type;
}
#define vow_is_nil(...) vow_is_nil_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a truth value. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_bool_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_bool", NULL, site);
    return value->type == &vow_type_bool;
}
#define vow_is_bool(...) vow_is_bool_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a whole number. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_int_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_int", NULL, site);
    return value->type == &vow_type_int;
}
#define vow_is_int(...) vow_is_int_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a floating-point number. @param value borrowed. @return true if so. @since 0.1
 */
static inline bool vow_is_double_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_double", NULL, site);
    return value->type == &vow_type_double;
}
#define vow_is_double(...) vow_is_double_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a pointer from vow_ptr(). @param value borrowed. @return true if so. @since 0.1
 */
static inline bool vow_is_ptr_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_ptr", NULL, site);
    return value->type == &vow_type_ptr;
}
#define vow_is_ptr(...) vow_is_ptr_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a string. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_str_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_str", NULL, site);
    return value->type == &vow_type_str;
}
#define vow_is_str(...) vow_is_str_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a list. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_list_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_list", NULL, site);
    return value->type == &vow_type_list;
}
#define vow_is_list(...) vow_is_list_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is an error. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_error_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_error", NULL, site);
    return value->type == &vow_type_error;
}
#define vow_is_error(...) vow_is_error_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is a file descriptor. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_fd_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_fd", NULL, site);
    return value->type == &vow_type_fd;
}
#define vow_is_fd(...) vow_is_fd_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a value is bytes. @param value borrowed. @return true if so. @since 0.1 */
static inline bool vow_is_bytes_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value))
        vow__value_mismatch(value, "vow_is_bytes", NULL, site);
    return value->type == &vow_type_bytes;
}
#define vow_is_bytes(...) vow_is_bytes_at(__VA_ARGS__, VOW_HERE)

/** @brief Reads a truth value. @param value borrowed; another type aborts. @return its content. @since 0.1 */
static inline bool vow_as_bool_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_bool))
        vow__value_mismatch(value, "vow_as_bool", &vow_type_bool, site);
    return value->u.integer != 0;
}
#define vow_as_bool(...) vow_as_bool_at(__VA_ARGS__, VOW_HERE)

/** @brief Reads a whole number. @param value borrowed; another type aborts. @return its content. @since 0.1
 */
static inline int64_t vow_as_int_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_int))
        vow__value_mismatch(value, "vow_as_int", &vow_type_int, site);
    return value->u.integer;
}
#define vow_as_int(...) vow_as_int_at(__VA_ARGS__, VOW_HERE)

/** @brief Reads a floating-point number. @param value borrowed; another type aborts. @return its content.
 * @since 0.1 */
static inline double vow_as_double_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_double))
        vow__value_mismatch(value, "vow_as_double", &vow_type_double, site);
    return value->u.number;
}
#define vow_as_double(...) vow_as_double_at(__VA_ARGS__, VOW_HERE)

/** @brief Reads a pointer that vow_ptr() made. @param value borrowed; another type aborts. @return it.
 * @since 0.1 */
static inline void *vow_as_ptr_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_ptr))
        vow__value_mismatch(value, "vow_as_ptr", &vow_type_ptr, site);
    return value->u.pointer;
}
#define vow_as_ptr(...) vow_as_ptr_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a string.
 * @param value borrowed; another type aborts.
 * @return the string, owned by the value.
 * @since 0.1
 */
static inline const char *vow_as_str_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_str))
        vow__value_mismatch(value, "vow_as_str", &vow_type_str, site);
    return (const char *) value->u.pointer;
}
#define vow_as_str(...) vow_as_str_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a list.
 * @param value borrowed; another type aborts.
 * @return the list, owned by the value.
 * @since 0.1
 */
static inline const vow_list *vow_as_list_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_list))
        vow__value_mismatch(value, "vow_as_list", &vow_type_list, site);
    return (const vow_list *) value->u.pointer;
}
#define vow_as_list(...) vow_as_list_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads an error that is held as a value, as in the places of vow_all_settled() that rejected.
 * @param value borrowed; another type aborts.
 * @return the error, owned by the value; vow_error_ref() keeps it.
 * @since 0.1
 */
static inline const vow_error *vow_as_error_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_error))
        vow__value_mismatch(value, "vow_as_error", &vow_type_error, site);
    return (const vow_error *) value->u.pointer;
}
#define vow_as_error(...) vow_as_error_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a file descriptor, which stays owned by the value.
 * @param value borrowed; another type aborts.
 * @return the descriptor; do not close it (vow_take_fd() gives it to you).
 * @since 0.1
 */
VOW_API int vow_as_fd_at(const vow_value *value, const char *site);
#define vow_as_fd(...) vow_as_fd_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads bytes.
 * @param value borrowed; another type aborts.
 * @return the bytes and their count, owned by the value.
 * @since 0.1
 */
static inline const vow_bytes *vow_as_bytes_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_bytes))
        vow__value_mismatch(value, "vow_as_bytes", &vow_type_bytes, site);
    return (const vow_bytes *) value->u.pointer;
}
#define vow_as_bytes(...) vow_as_bytes_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many values a list holds.
 * @param list borrowed; NULL counts as empty.
 * @return the count.
 * @since 0.1
 */
VOW_API size_t vow_list_length(const vow_list *list);

/**
 * @brief One value of a list.
 * @param list  borrowed.
 * @param index from 0; past the end is misuse and aborts.
 * @return a pointer into the list, or to the place where those who share the value have it: for reading and
 * for vow_take().
 * @since 0.1
 */
VOW_API vow_value *vow_list_at_at(const vow_list *list, size_t index, const char *site);
#define vow_list_at(...) vow_list_at_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
