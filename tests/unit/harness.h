/* Test harness: names, checks, a deterministic noise */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A test is a function whose name is the sentence that it shows. main() runs
 * them with run(name) and returns harness_finish(). The output is TAP, which
 * meson reads; the first check that fails ends the program.
 */

static int harness_count;

#define run(name)								\
	do {									\
		name();								\
		harness_count++;						\
		printf("ok " #name "\n");					\
		fflush(stdout);							\
	} while (0)

/** A figure that belongs to the test that is running. */
#define note(...)								\
	do {									\
		printf("# " __VA_ARGS__);					\
		printf("\n");							\
	} while (0)

#define check(expr)								\
	do {									\
		if (!(expr))							\
			harness_fail(__FILE__, __LINE__, __func__, #expr);	\
	} while (0)

#define check_int(a, b)								\
	do {									\
		int64_t a_ = (a), b_ = (b);					\
		if (a_ != b_) {							\
			printf("# %lld is not %lld\n", (long long)a_, (long long)b_); \
			harness_fail(__FILE__, __LINE__, __func__, #a " == " #b); \
		}								\
	} while (0)

static inline void harness_fail(const char *file, int line, const char *func, const char *expr)
{
	printf("not ok %s\n# %s:%d: %s\n", func, file, line, expr);
	fflush(stdout);
	exit(1);
}

static inline int harness_finish(void)
{
	printf("1..%d\n", harness_count);
	return 0;
}

/** Uniform in -1..1, the same in every run. */
static inline float harness_noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (float)(*seed >> 8) / (1 << 23) - 1.0f;
}

#endif /* TESTS_HARNESS_H */
