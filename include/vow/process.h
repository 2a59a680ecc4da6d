/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/process.h
 * @brief Other programs: started, waited for, ended.
 *
 * References are interest here, too. A process runs on as long as somebody holds its handle or waits for it.
 * When the last of them goes (is dropped, cancelled, late), the process is ended: it gets SIGTERM inside that
 * call, and SIGKILL if it still runs when the grace time is over. The loop keeps watching until it has ended,
 * so that no zombie is left. vow_loop_free() does not wait for the grace time: it kills what still runs, and
 * waits for it inside that call.
 *
 * A process that runs keeps ev_run() going. This works on any ev_loop and needs no signal handler. A process
 * is watched by its pidfd. On Linux before 5.4, on other systems, and when there is no descriptor left, the
 * library asks from time to time instead. libev's default loop waits for every child of the program, even
 * for those that it was not asked about. On Linux 6.15 and later, the exit status of a process on another
 * ev_loop is found all the same. On older kernels vow_process_wait() may then reject with `ECHILD`; so it may
 * when anything else in the program waits for all children or ignores SIGCHLD.
 *
 * After fork(2) the processes are the parent's; see vow_loop_fork().
 */
#ifndef VOW_PROCESS_H
#define VOW_PROCESS_H

#include <sys/types.h>

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/stream.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/* A program that runs, or has run. See vow_process_start(). */
typedef struct vow_process vow_process;

VOW_API const vow_type vow_type_process; /**< @brief The type of what vow_process_start() gives. */

/** @brief What a standard stream of a new process is. */
enum vow_stdio_kind {
    VOW_STDIO_INHERIT, /**< the same as ours; the default. `/dev/null` if we have none, or if what is there is
                          close-on-exec, as the descriptors of the library and of libev are */
    VOW_STDIO_NULL,    /**< /dev/null */
    VOW_STDIO_PIPE,    /**< a pipe whose other end is ours: see vow_process_stdout() */
    VOW_STDIO_FD,      /**< a descriptor of ours, which stays ours */
    VOW_STDIO_STDOUT   /**< the same as the standard output of that process; for `err` */
};

/**
 * @brief A standard stream of a new process: `.out.kind = VOW_STDIO_PIPE`, `.err = {VOW_STDIO_FD, fd}`.
 *
 * A child's streams block, as programs expect. If a descriptor of ours that it gets has `O_NONBLOCK` set, a
 * pipe or a terminal is opened once more for the child, and the flag stays as it is here. A socket cannot be
 * opened once more: its flag is cleared for all who have it, which no operation of the library minds. A
 * listening socket keeps its flag.
 */
typedef struct vow_stdio {
    enum vow_stdio_kind kind; /**< what it is */
    int fd;                   /**< for VOW_STDIO_FD */
} vow_stdio;

/** @brief What to start, and how. Zero is the default of every member. */
typedef struct vow_process_options {
    const char *program;      /**< a path, or a name to look up in PATH; NULL for `arguments[0]` */
    char *const *arguments;   /**< with the program's name in front and NULL at the end; NULL for no more than
                                 that name */
    char *const *environment; /**< NULL at the end; NULL for ours */
    const char *directory;    /**< where it starts, and what a path of `program` starts from; NULL for ours */
    vow_stdio in;             /**< its standard input */
    vow_stdio out;            /**< its standard output */
    vow_stdio err;            /**< its standard error */
    double grace;   /**< seconds from SIGTERM to SIGKILL: 0 for 5 seconds; less than 0 to kill at once */
    int end_signal; /**< in place of SIGTERM; 0 for that */
    bool own_group; /**< in a process group of its own, which is then ended as a whole: it and its children.
                       What is left of it when the program has ended by itself is left alone. */
} vow_process_options;

/**
 * @brief Starts a program.
 *
 * It gets its three standard streams and no other descriptor. Every signal has its default action and none is
 * blocked, whatever the calling thread has blocked. When the promise is fulfilled, the program runs; if it
 * cannot be run, the promise rejects. The call lasts until that is known. It waits for nobody else, such as
 * what other threads fork meanwhile. Under an emulator that makes vfork(2) a fork(2) it does: until such a
 * process ends or executes a program.
 *
 *     VOW_AWAIT(me, vow_process_start(VOW_LOOP(me), &(vow_process_options){.arguments = argv}));
 *     me->process = vow_take_process(VOW_RESULT(me));
 *     VOW_AWAIT(me, vow_process_wait(me->process));
 *
 * @param loop    whose ev_loop watches.
 * @param options read during the call.
 * @return the promise of a value of `vow_type_process`, the caller's. If nobody takes the process out of it,
 * the process is ended with it.
 * @par Errors
 * execve(2)'s, such as `ENOENT` and `EACCES`; those of chdir(2); `EAGAIN` when there may be no more
 * processes; `EMFILE` and `ENFILE`; `EBADF` for a descriptor that is not open; `EINVAL` for options that make
 * no sense; `ENOMEM`. The message names the program and what failed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_process_start_at(vow_loop *loop, const vow_process_options *options,
                                                        const char *site);
#define vow_process_start(...) vow_process_start_at(__VA_ARGS__, VOW_HERE)
/* Variadic, because the commas of a compound literal separate the arguments of a macro. */

/**
 * @brief Moves a process out of a value.
 * @param value of type `vow_type_process`, left nil. Any other type is misuse and aborts.
 * @return the process, to be released with vow_process_free().
 * @since 0.1
 */
VOW_API vow_process *vow_take_process_at(vow_value *value, const char *site);
#define vow_take_process(...) vow_take_process_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled when a process has ended: with its exit code, or with minus the number of the signal that
 * ended it.
 *
 * Any number may wait, even when it has ended already. Dropping or cancelling the promise leaves the process
 * alone as long as somebody else holds it. The last one to go ends it; a promise that was cancelled rejects
 * when the process is gone. Here the last one is the deadline, after ten seconds:
 *
 *     vow_promise *done = vow_process_wait(process);
 *     vow_process_free(process);
 *     done = vow_timeout(done, 10);
 *
 * @param process borrowed.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `ECHILD` when somebody else in the program has waited for it, or when this is another process than the one
 * that started it; `ECANCELED` when the loop was freed; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_process_wait_at(const vow_process *process, const char *site);
#define vow_process_wait(...) vow_process_wait_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a process: SIGTERM now, and SIGKILL if it still runs when the grace time is over.
 *
 * Whoever waits sees how it ended. If it has a process group of its own, whatever is left of the group is
 * killed then. A process that has ended, or was told to end, is left alone.
 *
 * @param process changed.
 * @since 0.1
 */
VOW_API void vow_process_end_at(vow_process *process, const char *site);
#define vow_process_end(...) vow_process_end_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Sends a signal to a process, or to its process group if it has one of its own.
 * @param process borrowed.
 * @param signum  such as `SIGHUP`.
 * @return 0, or an errno value: `ESRCH` when it has ended. Nobody else ever gets the signal, even if somebody
 * has waited for the process and its id was given to another one.
 * @since 0.1
 */
VOW_API int vow_process_kill_at(const vow_process *process, int signum, const char *site);
#define vow_process_kill(...) vow_process_kill_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The process id, for messages.
 * @param process borrowed.
 * @return the id. When the process has ended, the system may give it to another one.
 * @since 0.1
 */
VOW_API pid_t vow_process_pid_at(const vow_process *process, const char *site);
#define vow_process_pid(...) vow_process_pid_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Takes our end of a pipe, for those who want a descriptor and no stream.
 *
 * Ends that nobody takes are closed with the handle.
 *
 * @param process changed.
 * @param stream  `STDIN_FILENO`, `STDOUT_FILENO` or `STDERR_FILENO`: whose other end it is.
 * @return the descriptor, with O_NONBLOCK and FD_CLOEXEC, now the caller's to close; -1 if that stream is no
 * pipe or was taken already.
 * @since 0.1
 */
VOW_API int vow_process_take_fd_at(vow_process *process, int stream, const char *site);
#define vow_process_take_fd(...) vow_process_take_fd_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The stream to a process's standard input.
 *
 * End the stream (vow_stream_close(), vow_stream_free()) to tell the process that there is no more.
 *
 * @param process changed.
 * @return the stream, now the caller's; NULL, with errno set, when there is none.
 * @par Errors
 * errno is `EBADF` when that is no pipe or was taken already; `ENOMEM`, and then the pipe is closed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_stream *vow_process_stdin_at(vow_process *process, const char *site);
#define vow_process_stdin(...) vow_process_stdin_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The stream from a process's standard output.
 * @param process changed.
 * @return the stream, now the caller's; NULL, with errno set, when there is none.
 * @par Errors
 * errno is `EBADF` when that is no pipe or was taken already; `ENOMEM`, and then the pipe is closed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_stream *vow_process_stdout_at(vow_process *process, const char *site);
#define vow_process_stdout(...) vow_process_stdout_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The stream from a process's standard error.
 * @param process changed.
 * @return the stream, now the caller's; NULL, with errno set, when there is none.
 * @par Errors
 * errno is `EBADF` when that is no pipe or was taken already; `ENOMEM`, and then the pipe is closed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_stream *vow_process_stderr_at(vow_process *process, const char *site);
#define vow_process_stderr(...) vow_process_stderr_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Runs a program from its start to its end, feeds it, and collects what it prints.
 *
 * Streams that `options` make a pipe are fed or collected; the others are as `options` say. It is fulfilled
 * when the program has ended and its output has come to an end, with a list of three: the code that
 * vow_process_wait() gives, the standard output, and the standard error. The last two are bytes, or nil if
 * that stream is no pipe. A program that ends with a code other than 0 is no rejection. Dropping the promise
 * ends the program; so does any rejection.
 *
 *     vow_process_options date = {.program = "date", .out.kind = VOW_STDIO_PIPE};
 *     VOW_AWAIT(me, vow_timeout(vow_process_run(VOW_LOOP(me), &date, NULL, 0, 1024), 5));
 *     puts(vow_as_bytes(vow_list_at(vow_as_list(VOW_RESULT(me)), 1))->data);
 *
 * @param loop    whose ev_loop watches.
 * @param options read during the call.
 * @param input   lent until the promise is settled or dropped: what a pipe of `options->in` gives. The
 * program need not read it all. May be NULL when `size` is 0.
 * @param size    of the input.
 * @param limit   how many bytes to collect at most of each stream.
 * @return the promise of a list, the caller's.
 * @par Errors
 * Those of vow_process_start() and vow_process_wait(); `EMSGSIZE` when it prints more than the limit: the
 * message names the program and the stream.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_process_run_at(vow_loop *loop, const vow_process_options *options,
                                                      const void *input, size_t size, size_t limit,
                                                      const char *site);
#define vow_process_run(...) vow_process_run_at(__VA_ARGS__, VOW_HERE)
/* Variadic for the same reason as vow_process_start(). */

/**
 * @brief Gives up the handle of a process.
 *
 * If nobody waits for the process, it is ended; otherwise it runs on for those who do. Our ends of its pipes
 * are closed.
 *
 * @param process given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_process_free(vow_process *process);

VOW_END_DECLS

#endif
