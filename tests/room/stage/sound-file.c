/* Files for the room's sources */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include <sndfile.h>

#include "stage/sound-file.h"

/* Small: giving back the memory of a whole file keeps a processor in the kernel for milliseconds. */
#define BLOCK	4096

int sound_file_write(const char *path, double seconds, uint32_t rate, sound_next_t next, void *data)
{
	SF_INFO info = { .samplerate = (int)rate, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT };
	sf_count_t left = (sf_count_t)(seconds * rate);
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	int res = file != NULL ? 0 : -EIO;
	float block[2 * BLOCK];

	if (file != NULL)
		/* it holds the date, and two runs are to give the same file */
		sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	while (left > 0 && res == 0) {
		sf_count_t n = left < BLOCK ? left : BLOCK;

		for (sf_count_t i = 0; i < n; i++)
			next(data, &block[2 * i]);
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
