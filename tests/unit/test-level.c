/* How far what is played stands out from a room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdbool.h>

#include "calibrate/level.h"
#include "harness.h"

#define RATE	48000.0
#define QUIET	14000
#define LOUD	60000

static float quiet[QUIET], loud[LOUD];

static void fill(double noise_db, double sound_db, double hum_db, double sound_hz)
{
	double noise = pow(10.0, noise_db / 20.0) * sqrt(3.0), sound = pow(10.0, sound_db / 20.0) * sqrt(2.0);
	double hum = pow(10.0, hum_db / 20.0) * sqrt(2.0);
	uint32_t seed = 1, i;

	for (i = 0; i < QUIET; i++)
		quiet[i] = noise * harness_noise(&seed) + hum * sin(2.0 * M_PI * 50.0 / RATE * i);
	for (i = 0; i < LOUD; i++) {
		bool sounds = i > 20000 && i < 44000;

		loud[i] = noise * harness_noise(&seed) + hum * sin(2.0 * M_PI * 50.0 / RATE * (QUIET + i)) +
			(sounds ? sound * sin(2.0 * M_PI * sound_hz / RATE * i) : 0.0);
	}
}

static double measured(void)
{
	return level_measure(quiet, QUIET, loud, LOUD, RATE);
}

static void what_is_played_is_told_from_the_room(void)
{
	int db;

	for (db = 0; db <= 40; db += 10) {
		fill(-60.0, -60.0 + db, -200.0, 2000.0);
		note("%d dB above the noise: %.1f", db, measured());
		check(fabs(measured() - db) < 1.0);
	}
}

static void hum_is_not_what_it_is_told_from(void)
{
	fill(-70.0, -50.0, -40.0, 2000.0);
	note("10 dB below the hum, which counts 16 dB less: %.1f", measured());
	check(measured() > 3.0);
}

static void silence_is_not_heard(void)
{
	fill(-60.0, -200.0, -200.0, 2000.0);
	check(measured() < -5.0);
	fill(-200.0, -200.0, -200.0, 2000.0);
	check(measured() == -INFINITY);
}

static void nothing_and_no_numbers_are_not_heard(void)
{
	fill(-60.0, -20.0, -200.0, 2000.0);
	check(level_measure(quiet, 0, loud, LOUD, RATE) == -INFINITY);
	check(level_measure(quiet, QUIET, loud, 0, RATE) == -INFINITY);
	loud[30000] = NAN;
	quiet[10] = NAN;
	check(measured() == -INFINITY);
}

int main(void)
{
	run(what_is_played_is_told_from_the_room);
	run(hum_is_not_what_it_is_told_from);
	run(silence_is_not_heard);
	run(nothing_and_no_numbers_are_not_heard);
	return harness_finish();
}
