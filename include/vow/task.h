/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/task.h
 * @brief Await for C: functions that read top to bottom and wait without a stack.
 *
 * A task is a struct and a body. The struct begins with a `vow_task` member called `task`, and holds what
 * lives across an await. The body is written with VOW_ASYNC(). **Local variables do not survive an await**:
 * the body is entered anew after it, and its locals then hold whatever happens to be on the stack. What lives
 * across an await must be a member of the struct, loop counters and buffers, too. Declarations before
 * VOW_BEGIN() run again each time. So a value that is set there is there after an await; a later change to it
 * is not.
 *
 * Compilers see only a part of the mistakes, here as gcc 12 and clang 14 do. Both warn with -Wall, at any
 * level of optimisation, about a scalar that is set before an await and read after it. gcc also warns about
 * an array with an initialiser. gcc -Wall at -O1 and above, and clang with -Wconditional-uninitialized, warn
 * about the counter of a loop. gcc -Wjump-misses-init warns about each variable with an initialiser that
 * stands between VOW_BEGIN() and an await, but not if this header is found in a system's folder. Nothing
 * warns about an array without an initialiser, nor about a variable that is set before VOW_BEGIN() and
 * changed later. Valgrind's memcheck and MemorySanitizer notice the former when it is read.
 *
 *     struct greet { vow_task task; const char *name; };
 *
 *     VOW_ASYNC(greet, me)
 *     {
 *         VOW_BEGIN(me);
 *         printf("Hello, %s\n", me->name);
 *         VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 1.0));
 *         printf("Goodbye, %s\n", me->name);
 *         VOW_END(me);
 *     }
 *
 * A function of the program starts it, and gets a promise of what it returns:
 *
 *     vow_promise *done = vow_async(loop, greet, .name = "Alice");
 *
 * The macros are ISO C11 and need no extension. Two awaits on one source line do not compile. Nor does an
 * await inside a `switch` of your own on a type of up to 32 bits; inside a `switch` on a wider type it is
 * misuse and aborts when it resumes. These macros are for C; C++ programs use vow_then() and the like.
 */
#ifndef VOW_TASK_H
#define VOW_TASK_H

#include <vow/common.h>
#include <vow/error.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/** @brief The first member of every task's struct, called `task`. Use the macros, not the members. */
typedef struct vow_task {
    uint32_t state;    /**< the line to go on from, or one of VOW__TASK_… */
    uint32_t flags;    /**< VOW__TASK_REJECTED … */
    vow_value *result; /**< of the last await; owned by the awaited promise, which the task holds until the
                          next one */
} vow_task;

/** @brief What VOW_ASYNC() makes of a task's name: its frame and its body. */
typedef struct vow_task_type {
    const char *name; /* as messages call it: "task greet" */
    const char *file;
    uint32_t line; /**< where VOW_ASYNC() stands */
    size_t size;
    size_t alignment;
    bool (*enter)(void *frame); /**< runs the body; true when it is done, false when it awaits */
} vow_task_type;

/* States above every line number, and flags. */
#define VOW__TASK_FINALLY UINT32_C(0xfffffffe) /* go on at VOW_FINALLY, if there is one */
#define VOW__TASK_DONE UINT32_C(0xffffffff)
#define VOW__TASK_REJECTED UINT32_C(1) /* the last await was rejected */

/**
 * @brief Starts a task; the function behind vow_async().
 *
 * @param loop  where it runs.
 * @param type  what VOW_ASYNC() made.
 * @param frame the initial struct, copied.
 * @param site  where the call stands, or NULL.
 * @return the promise of what the task returns, the caller's.
 * @par Errors
 * `ENOMEM`: the task does not start. `ECANCELED` while the loop is being freed, likewise.
 * @since 0.1
 */
VOW_API VOW_DIRECT VOW_NODISCARD vow_promise *vow_async_at(vow_loop *loop, const vow_task_type *type,
                                                           const void *frame, const char *site);

/**
 * @brief Starts a task: `vow_async(loop, name, .field = value, ...)`, or `vow_async(loop, name)`.
 *
 * It runs at once, inside this call, to its first await. Fields that are not given are zero. When the last
 * reference to the promise goes, the task is cancelled: what it awaits is dropped and its VOW_FINALLY section
 * runs.
 *
 * The struct may have members of any alignment. Together with the promise it is one allocation from the
 * loop's pool, up to about 4,000 bytes. A larger struct, or one that is aligned to more than 16 bytes, has
 * memory of its own beside the promise, of its size and a header.
 *
 * Out of memory, or while the loop is being freed, the body does not run at all. What a field was to own is
 * then lost. So let the body take such things over itself, before its first await.
 * @since 0.1
 */
#define vow_async(...) VOW__ASYNC_START(__VA_ARGS__, )
#define VOW__ASYNC_START(loop, name, ...) \
    vow_async_at((loop), &vow__task_##name, &(struct name){.task = {0, 0, NULL}, __VA_ARGS__}, VOW_HERE)

/**
 * @brief Begins the definition of a task's body: `VOW_ASYNC(greet, me) { … }` for `struct greet`.
 * @since 0.1
 */
#define VOW_ASYNC(name, me)                                                                                \
    _Static_assert(offsetof(struct name, task) == 0, "struct " #name " must begin with its vow_task");     \
    static bool vow__body_##name(struct name *me);                                                         \
    static VOW_UNUSED bool vow__enter_##name(void *frame)                                                  \
    {                                                                                                      \
        return vow__body_##name((struct name *) frame);                                                    \
    }                                                                                                      \
    static VOW_UNUSED const vow_task_type vow__task_##name = {                                             \
        "task " #name, __FILE__, __LINE__, sizeof(struct name), _Alignof(struct name), vow__enter_##name}; \
    static bool vow__body_##name(struct name *me)

/**
 * @brief Announces a task that is defined further down the file, so that it can be started before:
 * `VOW_DECLARE(greet);`
 * @since 0.1
 */
#define VOW_DECLARE(name) static VOW_UNUSED const vow_task_type vow__task_##name

/**
 * @brief Opens the part of a body that may await.
 *
 * Declarations may stand before it; they run again at every resumption.
 * @param me the body's parameter, as in VOW_ASYNC().
 * @since 0.1
 */
#define VOW_BEGIN(me)                                \
    vow__again:                                      \
    switch ((unsigned long long) (me)->task.state) { \
    default:                                         \
        return vow__task_end(&(me)->task);           \
    case 0:

/**
 * @brief Closes what VOW_BEGIN() opened.
 *
 * Reaching it returns nil, unless VOW_RETURN() or VOW_THROW() said otherwise.
 * @param me the body's parameter.
 * @since 0.1
 */
#define VOW_END(me)                   \
    }                                 \
    if (vow__task_leave(&(me)->task)) \
        goto vow__again;              \
    return true

/* The label is there twice: in a `switch` of up to 32 bits the two are one, which does not compile. */
#define VOW__AWAIT(me, promise)                        \
    vow__task_await(&(me)->task, (promise), __LINE__); \
    return false;                                      \
    case __LINE__:                                     \
    case __LINE__ + (1ULL << 32):

/**
 * @brief Waits for a promise. Afterwards VOW_RESULT() is its value.
 *
 * If it rejects, the task leaves for VOW_FINALLY() and rejects with the same error. Inside VOW_FINALLY() this
 * ends the section. An await takes one turn of the job queue, even when the promise is settled already, and
 * no memory. Awaiting the task's own promise, or one of another loop, is misuse and aborts.
 * @param me      the body's parameter.
 * @param promise given away.
 * @par Standard
 * ECMAScript 2024, 27.7.5.3 Await.
 * @since 0.1
 */
#define VOW_AWAIT(me, promise)                       \
    do {                                             \
        VOW__AWAIT(me, promise)                      \
        if ((me)->task.flags & VOW__TASK_REJECTED) { \
            vow__task_pass(&(me)->task);             \
            goto vow__again;                         \
        }                                            \
    } while (0)

/**
 * @brief Waits as VOW_AWAIT() does, but goes on when the promise rejects: VOW_ERROR() then has the error.
 * @param me      the body's parameter.
 * @param promise given away.
 * @since 0.1
 */
#define VOW_TRY_AWAIT(me, promise) \
    do {                           \
        VOW__AWAIT(me, promise)    \
        (void) 0;                  \
    } while (0)

/**
 * @brief What the last await gave.
 * @param me the body's parameter.
 * @return a `vow_value *`, valid until the next await, for reading and for vow_take(). NULL before the first
 * await. After a rejected VOW_TRY_AWAIT() an error value.
 * @since 0.1
 */
#define VOW_RESULT(me) ((me)->task.result)

/**
 * @brief The error of the last VOW_TRY_AWAIT().
 * @param me the body's parameter.
 * @return a `const vow_error *`, valid until the next await; NULL if it was fulfilled.
 * @since 0.1
 */
#define VOW_ERROR(me) vow__task_error(&(me)->task)

/**
 * @brief Leaves the task with a value, through VOW_FINALLY().
 *
 * An error that is held as a value (vow_is_error()) is a value like any other: the task is fulfilled with it.
 * To pass on the error of a VOW_TRY_AWAIT(), write `VOW_THROW(me, vow_error_ref(VOW_ERROR(me)))`.
 * @param me    the body's parameter.
 * @param value given away, also a vow_follow() or vow_throw().
 * @since 0.1
 */
#define VOW_RETURN(me, value)                   \
    do {                                        \
        vow__task_return(&(me)->task, (value)); \
        goto vow__again;                        \
    } while (0)

/**
 * @brief Leaves the task with an error, through VOW_FINALLY().
 * @param me    the body's parameter.
 * @param error given away.
 * @since 0.1
 */
#define VOW_THROW(me, error)                             \
    do {                                                 \
        vow__task_return(&(me)->task, vow_throw(error)); \
        goto vow__again;                                 \
    } while (0)

/**
 * @brief Begins the clean-up at the end of a body. It runs exactly once, however the task ends: when the body
 * reaches it, by a return, a throw, a rejected await, or a cancel.
 *
 * It may await. A throw, a rejected VOW_AWAIT() or a VOW_RETURN() in it replaces the outcome. But a task that
 * was cancelled stays cancelled, whatever its clean-up returns; only if the clean-up throws, those who wait
 * see that error instead, so that it is not lost. When a cancelled task awaits here, the loop keeps it until
 * it is done; cancelling it again changes nothing. A promise that the task was to follow, and does not, is
 * dropped; the task settles when the clean-up of that promise is done.
 * @param me the body's parameter.
 * @since 0.1
 */
#define VOW_FINALLY(me) \
    break;              \
    case VOW__TASK_FINALLY:

/**
 * @brief The loop that a task runs on.
 * @param me the body's parameter.
 * @return a `vow_loop *`.
 * @since 0.1
 */
#define VOW_LOOP(me) vow__task_loop(&(me)->task)

/* What the macros call. */
VOW_API VOW_DIRECT void vow__task_await(vow_task *task, vow_promise *promise, uint32_t line);
VOW_API void vow__task_pass(vow_task *task);
VOW_API VOW_DIRECT void vow__task_return(vow_task *task, vow_value value);
VOW_API VOW_DIRECT bool vow__task_leave(vow_task *task);
VOW_API bool vow__task_end(vow_task *task);
VOW_API VOW_DIRECT vow_loop *vow__task_loop(const vow_task *task);

static inline const vow_error *vow__task_error(const vow_task *task)
{
    return (task->flags & VOW__TASK_REJECTED) ? vow_as_error_at(task->result, NULL) : NULL;
}

VOW_END_DECLS

#endif
