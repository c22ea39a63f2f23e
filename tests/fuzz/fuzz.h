/* What the fuzz targets share */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A target is a function that takes any bytes and must neither crash nor break
 * what it checks. With -Dfuzz=true libFuzzer calls it with what it makes up; else
 * fuzz-main.c does with each file of tests/fuzz/corpus/<target>, as a test.
 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(expr)							\
	do {									\
		if (!(expr)) {							\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expr); \
			abort();						\
		}								\
	} while (0)

/** The input, as it is used up; what is beyond its end is 0. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

static inline uint32_t fuzz_u8(struct fuzz_input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t value = fuzz_u8(in);

	value |= fuzz_u8(in) << 8;
	value |= fuzz_u8(in) << 16;
	return value | fuzz_u8(in) << 24;
}

/** Up to the next \a end, which is skipped, as a string; the caller frees it. */
static inline char *fuzz_string(struct fuzz_input *in, char end)
{
	const uint8_t *at = in->size ? memchr(in->data, end, in->size) : NULL;
	size_t len = at ? (size_t)(at - in->data) : in->size;
	char *str = malloc(len + 1);

	if (str == NULL)
		abort();
	if (len > 0)
		memcpy(str, in->data, len);
	str[len] = '\0';
	if (in->data != NULL)
		in->data += len + (at != NULL);
	in->size -= len + (at != NULL);
	return str;
}

#endif /* TESTS_FUZZ_H */
