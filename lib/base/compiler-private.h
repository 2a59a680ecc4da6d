/* SPDX-License-Identifier: BSD-2-Clause */
/* What compilers are told beyond ISO C, if they understand it. */
#ifndef VOW_BASE_COMPILER_PRIVATE_H
#define VOW_BASE_COMPILER_PRIVATE_H

#if defined __GNUC__
/* On the declaration of an object of the library: code addresses the object directly, and not through the
 * table of objects that a program might replace. */
#define VOW__HIDDEN __attribute__((visibility("hidden")))
/* On the declaration of a function that the libraries beside libvow call, too. They are built together with
 * it, and work with no other version. lib/vow.map names these functions. */
#define VOW__SHARED __attribute__((visibility("default")))
/* For a function that is rarely called: it is kept out of its callers, so that they need not save registers
 * for it. */
#define VOW__RARE __attribute__((noinline, cold))
/* Worth being inline, though the compiler would find it too long. */
#define VOW__ALWAYS_INLINE inline __attribute__((always_inline))
/* What is true most often. */
#define VOW__LIKELY(condition) __builtin_expect(!!(condition), 1)
/* Memory that is about to be used; the address need not be valid. */
#define VOW__PREFETCH(address) __builtin_prefetch(address)
/* A function whose own variables AddressSanitizer leaves where they are. */
#define VOW__NO_ADDRESS_SANITIZER __attribute__((no_sanitize("address")))
#else
#define VOW__ALWAYS_INLINE inline
#define VOW__LIKELY(condition) (condition)
#define VOW__PREFETCH(address) ((void) (address))
#define VOW__HIDDEN
#define VOW__SHARED
#define VOW__RARE
#define VOW__NO_ADDRESS_SANITIZER
#endif

/* How many references there may be to an object that counts them in 32 bits, with some to spare. */
#define VOW__REFS_MAX (INT32_MAX - 65536)

/* Whether this is a build for ThreadSanitizer. */
#if defined __SANITIZE_THREAD__
#define VOW__THREAD_SANITIZER 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define VOW__THREAD_SANITIZER 1
#endif
#endif
#ifndef VOW__THREAD_SANITIZER
#define VOW__THREAD_SANITIZER 0
#endif

#endif
