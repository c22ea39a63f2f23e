/* Test: for how long speakers are kept awake, and with what */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "audio/dither.h"
#include "harness.h"
#include "timing/keep-warm.h"

#define LONGEST		1024

static const int64_t SEC = SPA_NSEC_PER_SEC;

static void nobody_is_kept_awake_before_the_first_sound(void)
{
	struct keep_warm k = { 0 };

	check(!keep_warm_update(&k, 0, 60 * SEC, false));
	check(!keep_warm_update(&k, 5 * SEC, KEEP_WARM_ALWAYS, false));
	check(!keep_warm_update(&k, 6 * SEC, KEEP_WARM_ALWAYS, true));
	check(keep_warm_update(&k, 7 * SEC, KEEP_WARM_ALWAYS, false));
}

static void it_lasts_from_the_last_sound(void)
{
	struct keep_warm k = { 0 };

	check(!keep_warm_update(&k, 1 * SEC, 60 * SEC, true));
	check(keep_warm_update(&k, 10 * SEC, 60 * SEC, false));
	/* looked at again and again it is not longer */
	check(keep_warm_update(&k, 69 * SEC, 60 * SEC, false));
	check(k.until_ns == 70 * SEC);
	check(!keep_warm_update(&k, 70 * SEC, 60 * SEC, false));
	check(!keep_warm_update(&k, 71 * SEC, 60 * SEC, false));
	/* and the next sound begins it anew */
	check(!keep_warm_update(&k, 80 * SEC, 60 * SEC, true));
	check(keep_warm_update(&k, 81 * SEC, 60 * SEC, false) && k.until_ns == 141 * SEC);
}

static void without_end_it_ends_with_the_next_sound_only(void)
{
	struct keep_warm k = { 0 };

	keep_warm_update(&k, 1 * SEC, KEEP_WARM_ALWAYS, true);
	check(keep_warm_update(&k, 2 * SEC, KEEP_WARM_ALWAYS, false));
	check(keep_warm_update(&k, INT64_MAX - 1, KEEP_WARM_ALWAYS, false));
	check(!keep_warm_update(&k, 3 * SEC, KEEP_WARM_ALWAYS, true));
}

static void for_no_time_is_not_at_all(void)
{
	struct keep_warm k = { 0 };

	keep_warm_update(&k, 1 * SEC, 0, true);
	check(!keep_warm_update(&k, 1 * SEC, 0, false));
	check(!keep_warm_update(&k, 2 * SEC, 0, false));
}

/* As 16 bits have it, and whatever part of it is played */
static void dither_is_as_loud_as_told_and_never_louder(void)
{
	static const uint32_t levels[] = { 1, 2, 10, 100 };
	float part[LONGEST + 1];
	uint32_t l, i, k;

	for (l = 0; l < SPA_N_ELEMENTS(levels); l++) {
		double peak = 0, power = 0, rounded = 0;
		uint32_t heard = 0, n = 0;
		struct dither d;

		check_int(dither_init(&d, levels[l], LONGEST), 0);
		for (k = 0; k < 200; k++, n += LONGEST) {
			part[LONGEST] = 7.0f;
			/* who asks for more gets no more */
			dither_write(&d, part, k % 2 ? LONGEST : LONGEST + 1);
			check(part[LONGEST] == 7.0f);
			for (i = 0; i < LONGEST; i++) {
				peak = fmax(peak, fabsf(part[i]));
				rounded = fmax(rounded, fabs(rint(part[i] * 32768.0)));
				heard += rint(part[i] * 32768.0) != 0.0;
				power += (double)part[i] * part[i];
			}
		}
		note("%3u steps: peak %.1f dBFS, %.1f on average; %.0f %% of the samples are not 0",
				levels[l], 20 * log10(peak), 10 * log10(power / n), 100.0 * heard / n);
		check(peak <= levels[l] / 32768.0 && rounded <= levels[l]);
		check(peak > 0.9 * levels[l] / 32768.0 && heard > n / 5);
		dither_finish(&d);
	}
}

static void no_part_of_dither_comes_twice_in_a_row(void)
{
	float one[LONGEST], other[LONGEST];
	struct dither d = { 0 };
	uint32_t i;

	dither_finish(&d);
	check_int(dither_init(&d, 1, LONGEST), 0);
	dither_write(&d, one, LONGEST);
	for (i = 0; i < 100; i++) {
		dither_write(&d, other, LONGEST);
		check(memcmp(one, other, sizeof(one)) != 0);
		memcpy(one, other, sizeof(one));
	}
	dither_finish(&d);
}

int main(void)
{
	run(nobody_is_kept_awake_before_the_first_sound);
	run(it_lasts_from_the_last_sound);
	run(without_end_it_ends_with_the_next_sound_only);
	run(for_no_time_is_not_at_all);
	run(dither_is_as_loud_as_told_and_never_louder);
	run(no_part_of_dither_comes_twice_in_a_row);
	return harness_finish();
}
