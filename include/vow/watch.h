/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/watch.h
 * @brief Files that change, appear and disappear.
 *
 * A path is watched, whether something is there or not. Of a symbolic link, the link itself is watched. A
 * change is a difference in what lstat(2) says, with times as whole seconds. So a file that is written again
 * within the same second and keeps its size is seen as the same. On most file systems Linux tells of changes
 * at once (inotify). On others, such as NFS, and when there is no inotify, libev looks from time to time.
 *
 * Changes are not counted: what happened before anybody looked is one change. So look at the file and not at
 * the number of times.
 */
#ifndef VOW_WATCH_H
#define VOW_WATCH_H

#include <ev.h>

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/* See vow_watch_new(). */
typedef struct vow_watch vow_watch;

/**
 * @brief Fulfilled when a path has changed, with true if there is something now and false if there is not.
 *
 * Use it for one change and no more: a change that comes before the next call is not seen. Nor does a change
 * come back when the promise is dropped and nobody has looked at it. See vow_watch_new() to miss none and to
 * get it back.
 *
 * @param loop whose ev_loop watches.
 * @param path copied; an absolute one, if the program changes its working directory.
 * @return the promise of a truth value, the caller's.
 * @par Errors
 * `ENAMETOOLONG` when the path is too long; `EINVAL` when it is NULL; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_changed_at(vow_loop *loop, const char *path, const char *site);
#define vow_changed(...) vow_changed_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Watches a path: from now on no change is missed, whether somebody waits or not.
 *
 * A change while nobody waits is kept for the next vow_watch_next(). The watch alone does not keep ev_run()
 * going; a promise of its next change does. A watch that is still there when its loop is freed is reported as
 * a leak.
 *
 * @param loop    whose ev_loop watches.
 * @param path    copied; an absolute one, if the program changes its working directory.
 * @param seconds how often to look if the system does not tell, no more often than ten times a second; 0 for
 * libev's choice, which is 5.
 * @return the watch, to be released with vow_watch_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `EINVAL` when the path is NULL, or the seconds are negative or no number; `ENAMETOOLONG`;
 * `ENOMEM`; `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_watch *vow_watch_new_at(vow_loop *loop, const char *path, double seconds,
                                                  const char *site);
#define vow_watch_new(...) vow_watch_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled at the next change, with true if there is something now and false if there is not.
 *
 * If a change was kept, it is fulfilled at once. Each change goes to one of those who wait, in the order in
 * which they came. If a promise is dropped and nobody has looked at its change, that goes to the next.
 *
 * @param watch borrowed.
 * @return the promise of a truth value, the caller's.
 * @par Errors
 * `ECANCELED` when the watch is released first; `ENOMEM`, which loses no change.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_watch_next_at(vow_watch *watch, const char *site);
#define vow_watch_next(...) vow_watch_next_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief What lstat(2) said last.
 * @param watch borrowed.
 * @return the attributes, owned by the watch; `st_nlink` is 0 when there is nothing.
 * @since 0.1
 */
VOW_API const ev_statdata *vow_watch_stat_at(const vow_watch *watch, const char *site);
#define vow_watch_stat(...) vow_watch_stat_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a watch. A change that was kept is lost, and those who still wait see `ECANCELED`.
 * @param watch given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_watch_free(vow_watch *watch);

VOW_END_DECLS

#endif
