/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells AddressSanitizer and Valgrind which memory of a pool is in use, since they cannot see into one. Costs
 * nothing if neither is built in. VOW__POISONS says that one is built in, VOW__ON_VALGRIND that the program
 * runs on Valgrind.
 */
#ifndef VOW_BASE_POISON_PRIVATE_H
#define VOW_BASE_POISON_PRIVATE_H

#if defined __has_feature
#if __has_feature(address_sanitizer) && !defined __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define VOW__POISONS 1
#define VOW__POISON(block, size) ASAN_POISON_MEMORY_REGION((block), (size))
#define VOW__UNPOISON(block, size) ASAN_UNPOISON_MEMORY_REGION((block), (size))
#define VOW__PEEK_BEGIN(block, size) ASAN_UNPOISON_MEMORY_REGION((block), (size))
#elif defined HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#define VOW__POISONS 1
#define VOW__POISON(block, size) ((void) VALGRIND_MAKE_MEM_NOACCESS((block), (size)))
#define VOW__UNPOISON(block, size) ((void) VALGRIND_MAKE_MEM_UNDEFINED((block), (size)))
#define VOW__PEEK_BEGIN(block, size) ((void) VALGRIND_MAKE_MEM_DEFINED((block), (size)))
#define VOW__ON_VALGRIND RUNNING_ON_VALGRIND
#else
#define VOW__POISON(block, size) ((void) (block), (void) (size))
#define VOW__UNPOISON(block, size) ((void) (block), (void) (size))
#define VOW__PEEK_BEGIN(block, size) ((void) (block), (void) (size))
#endif

#ifndef VOW__ON_VALGRIND
#define VOW__ON_VALGRIND 0
#endif

#endif
