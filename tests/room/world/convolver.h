/* Convolution with long responses, a block at a time */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CONVOLVER_H
#define ROOM_CONVOLVER_H

#include <stdint.h>

/*
 * Uniformly partitioned overlap-save: the response is cut into pieces of a
 * block, and each is multiplied, as a spectrum, with the block of so many blocks ago. What several inputs
 * give together is added up as a spectrum and transformed back once. No delay: a block out for each in.
 */
#define CONVOLVER_BLOCK	256
#define CONVOLVER_BINS	(CONVOLVER_BLOCK + 1)

struct spectrum {
	float re[CONVOLVER_BINS], im[CONVOLVER_BINS];
};

/** The transforms, of one thread */
struct transform;

struct transform *transform_new(void);
void transform_destroy(struct transform *transform);
/** The block, of CONVOLVER_BLOCK samples, that a sum of convolver_run()s stands for */
void transform_inverse(struct transform *transform, const struct spectrum *sum, float *block);

struct convolver;

/** \a response of \a n >= 1 samples. NULL: out of memory */
struct convolver *convolver_new(struct transform *transform, const float *response, uint32_t n);
void convolver_destroy(struct convolver *convolver);
/** Add the next block to \a sum. */
void convolver_run(struct convolver *convolver, const float *block, struct spectrum *sum);

#endif /* ROOM_CONVOLVER_H */
