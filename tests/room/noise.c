/* Noise for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include <sndfile.h>

#include "noise.h"
#include "random.h"

#define LEVEL	0.3f
/* Small: giving back the memory of a whole file keeps a processor in the kernel for milliseconds. */
#define BLOCK	4096

int noise_write(const char *path, double seconds, uint32_t rate, uint64_t seed)
{
	SF_INFO info = { .samplerate = (int)rate, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT };
	sf_count_t left = (sf_count_t)(seconds * rate);
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	struct random r = { .state = seed };
	float low[2] = { 0.0f }, block[2 * BLOCK];
	int res = file != NULL ? 0 : -EIO;

	if (file != NULL)
		/* it holds the date, and two runs are to give the same file */
		sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	while (left > 0 && res == 0) {
		sf_count_t n = left < BLOCK ? left : BLOCK;

		for (sf_count_t i = 0; i < 2 * n; i++) {
			low[i % 2] += 0.5f * ((float)random_around(&r, 1.0) - low[i % 2]);
			block[i] = LEVEL * low[i % 2];
		}
		if (sf_writef_float(file, block, n) != n)
			res = -EIO;
		left -= n;
	}
	if (file != NULL)
		sf_close(file);
	if (res < 0)
		fprintf(stderr, "room: cannot write %s\n", path);
	return res;
}
