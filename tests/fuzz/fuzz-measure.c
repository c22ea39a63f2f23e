/* Fuzz target: a recording of a speaker, and what is measured in it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a sound file. */

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "listen/measure.h"
#include "listen/wav.h"

#define FRAMES_MAX	100000	/* 2 s: what is longer takes long, and is no different */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* It says what is wrong with each file */
	if (getenv("FUZZ_QUIET"))
		fclose(stderr);
	return 0;
}

static void try_measure(const char *path)
{
	struct measure_options options = { .window = 0.1, .hop = 0.05, .range = 0.05 };
	struct measure m;

	measure_init(&m, &options);
	if (measure_add_speaker(&m, path) == 0 && measure_add_speaker(&m, path) == 0 &&
	    measure_set_source(&m, path, true) == 0)
		measure_run(&m);
	measure_finish(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct wav wav;
	int fd = memfd_create("input", MFD_CLOEXEC);

	fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (wav_read(&wav, path) == 0) {
		fuzz_check(wav.rate > 0 && wav.channels > 0);
		if (wav.frames <= FRAMES_MAX && wav.channels <= 2)
			try_measure(path);
	}
	wav_finish(&wav);
	close(fd);
	return 0;
}
