/* Fuzz target: a calibration as others wrote it, read and changed by the tool */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is the value of calibration.<address>. */

#include <math.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "client/calibration.h"
#include "client/json.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void check_record(const struct calibration_record *r)
{
	fuzz_check(r->codec[0] != '\0' && strnlen(r->codec, sizeof(r->codec)) < sizeof(r->codec));
	fuzz_check(r->rate >= 8000 && r->rate <= 384000);
	fuzz_check(fabs(r->offset_ms) <= CALIBRATION_OFFSET_MAX_MS);
	fuzz_check(isnan(r->was_ms) || fabs(r->was_ms) <= CALIBRATION_OFFSET_MAX_MS);
	fuzz_check(r->report_ns >= 0 && r->at >= 0);
	fuzz_check(isnan(r->sigma_ms) || r->sigma_ms >= 0.0);
	fuzz_check(isnan(r->arrival_ms) || fabs(r->arrival_ms) <= 1000.0);
	fuzz_check(strnlen(r->microphone, sizeof(r->microphone)) < sizeof(r->microphone));
}

static bool find(const char *json, const char *codec, struct calibration_record *r)
{
	bool found = calibration_find(json, codec, 44100, r);

	if (found)
		check_record(r);
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct calibration_record put = { .codec = "aac", .rate = 44100, .offset_ms = -3.25, .was_ms = NAN,
		.by_ear = true, .sigma_ms = NAN, .arrival_ms = NAN }, before, after;
	char *json = fuzz_string(&in, '\0'), *with, *without;
	bool had = find(json, "sbc", &before);

	with = calibration_put(json, &put);
	fuzz_check(with && json_is_object(with) && strlen(with) <= 8192);
	fuzz_check(find(with, "aac", &after) && after.offset_ms == put.offset_ms && after.by_ear);
	/* Another one is there as before, unless there was no room for it */
	if (find(with, "sbc", &after))
		fuzz_check(had && after.offset_ms == before.offset_ms);

	without = calibration_drop(with, "aac", 44100);
	fuzz_check(without && json_is_object(without) && !find(without, "aac", &after));
	free(without);
	free(with);
	free(json);
	return 0;
}
