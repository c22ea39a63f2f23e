/* The sounds of the tool's test command */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "cli/sound.h"
#include "harness.h"

#define RATE	48000
#define SECONDS	40

static float samples[SECONDS * RATE * 2];

static void make(enum sound_kind kind, double level_db, double seconds)
{
	struct sound s;

	sound_init(&s, kind, RATE, level_db, seconds);
	sound_fill(&s, samples, SECONDS * RATE);
}

/* Mean power of left and right together at a frequency: Goertzel, "An algorithm for the evaluation
 * of finite trigonometric series", 1958, over Hann windows */
static double power_db(double hz)
{
	enum { SIZE = 4096 };
	double sum = 0.0;
	int n = 0;

	for (int start = RATE; start + SIZE < (SECONDS - 1) * RATE; start += SIZE / 2, n++) {
		for (int c = 0; c < 2; c++) {
			double k = 2 * cos(2 * M_PI * hz / RATE), s1 = 0, s2 = 0;

			for (int i = 0; i < SIZE; i++) {
				double w = 0.5 * (1 - cos(2 * M_PI * i / SIZE));
				double s0 = w * samples[2 * (start + i) + c] + k * s1 - s2;
				s2 = s1;
				s1 = s0;
			}
			sum += s1 * s1 + s2 * s2 - k * s1 * s2;
		}
	}
	return 10 * log10(sum / n);
}

static void the_noise_is_pink(void)
{
	double low = power_db(62.5 * 2);

	for (int octave = 1; octave <= 6; octave++) {
		double db = power_db(125.0 * (1 << octave)) - low;

		note("%g Hz: %.2f dB, pink is %.2f", 125.0 * (1 << octave), db, -3.01 * octave);
		/* 0.5 dB of the filter, and the chance in some 900 windows */
		check(fabs(db + 3.01 * octave) < 1.0);
	}
}

static void nothing_is_above_the_level(void)
{
	float peak = 0.0f;
	double power = 0.0;

	for (int i = 0; i < SECONDS * RATE * 2; i++) {
		peak = fmaxf(peak, fabsf(samples[i]));
		power += samples[i] * samples[i];
	}
	note("peak %.2f dB, rms %.2f dB", 20 * log10(peak), 10 * log10(power / (SECONDS * RATE)));
	check(peak <= 0.1f);
	/* and it is loud enough to be of use */
	check(peak > 0.05f);
}

static double energy(int from, int to, int channel)
{
	double sum = 0.0;

	for (int i = from; i < to; i++)
		sum += samples[2 * i + channel] * samples[2 * i + channel];
	return sum;
}

static void the_noise_wanders_and_stays_as_loud(void)
{
	int period = (int)(SOUND_WANDER_SEC * RATE), tenth = RATE / 10;
	double left = 0, right = 0, middle[2] = { 0 };

	for (int turn = 1; turn < 9; turn++) {
		left += energy(turn * period - tenth, turn * period + tenth, 1);
		right += energy(turn * period + period / 2 - tenth, turn * period + period / 2 + tenth, 0);
		for (int c = 0; c < 2; c++)
			middle[c] += energy(turn * period + period / 4 - tenth,
					turn * period + period / 4 + tenth, c);
	}
	note("middle, left to right: %.2f dB", 10 * log10(middle[0] / middle[1]));
	note("the silent side: %.1f and %.1f dB below the middle", -10 * log10(left / middle[1]),
			-10 * log10(right / middle[0]));
	check(left < 0.01 * middle[1] && right < 0.01 * middle[0]);
	check(fabs(10 * log10(middle[0] / middle[1])) < 0.5);
}

static void clicks_come_each_half_second_from_where_they_should(void)
{
	static const int heard[4][2] = { { 1, 0 }, { 1, 1 }, { 0, 1 }, { 1, 1 } };

	make(SOUND_CLICKS, -20.0, 20.0);
	for (int click = 0; click < 39; click++)
		for (int c = 0; c < 2; c++) {
			int at = click * RATE / 2;

			check((energy(at, at + 72, c) > 1e-3) == heard[click % 4][c]);
			/* and nothing between them */
			check(energy(at + 73, at + RATE / 2, c) == 0.0);
		}
}

static void clicks_for_all_come_in_both_channels(void)
{
	make(SOUND_BOTH, -20.0, 20.0);
	for (int click = 0; click < 39; click++)
		for (int c = 0; c < 2; c++) {
			int at = click * RATE / 2;

			check(energy(at, at + 72, c) > 1e-3);
			check(energy(at + 73, at + RATE / 2, c) == 0.0);
		}
}

static void it_ends_in_silence(void)
{
	struct sound s;

	make(SOUND_NOISE, 0.0, 10.0);
	check(energy(9 * RATE, 10 * RATE, 0) > 0.0);
	check(energy(10 * RATE, SECONDS * RATE, 0) == 0.0);
	/* the fade: no click at its end */
	check(fabsf(samples[2 * (10 * RATE - 1)]) < 0.005f);

	sound_init(&s, SOUND_NOISE, RATE, 0.0, 1.0);
	sound_fill(&s, samples, RATE - 1);
	check(!sound_is_over(&s));
	sound_fill(&s, samples, 1);
	check(sound_is_over(&s));
}

static void blocks_of_any_size_give_the_same(void)
{
	static float other[3 * RATE * 2];

	for (int kind = SOUND_NOISE; kind <= SOUND_BOTH; kind++) {
		struct sound s;
		uint32_t n = 1;

		make(kind, -6.0, 2.5);
		sound_init(&s, kind, RATE, -6.0, 2.5);
		for (uint32_t done = 0; done < 3 * RATE; done += n, n = 1 + (n * 7 + 3) % 1500) {
			if (n > 3 * RATE - done)
				n = 3 * RATE - done;
			sound_fill(&s, other + 2 * done, n);
		}
		check(memcmp(other, samples, sizeof(other)) == 0);
	}
}

int main(void)
{
	make(SOUND_NOISE, -20.0, SECONDS);
	run(the_noise_is_pink);
	run(nothing_is_above_the_level);
	run(the_noise_wanders_and_stays_as_loud);
	run(clicks_come_each_half_second_from_where_they_should);
	run(clicks_for_all_come_in_both_channels);
	run(it_ends_in_silence);
	run(blocks_of_any_size_give_the_same);
	return harness_finish();
}
