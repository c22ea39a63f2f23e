/* Random numbers from a seed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_RANDOM_H
#define ROOM_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014): small, and any seed is a good one */
struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/** Uniform in [0, 1) */
static inline double random_unit(struct random *r)
{
	return (random_next(r) >> 11) * 0x1p-53;
}

/** Uniform in [-a, a) */
static inline double random_around(struct random *r, double a)
{
	return a * (2.0 * random_unit(r) - 1.0);
}

#endif /* ROOM_RANDOM_H */
