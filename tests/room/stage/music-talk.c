/* Voices: one, or two in turn */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "stage/music-kinds.h"

/*
 * As a formant synthesiser's: a saw from the vocal folds, three resonances of the throat and mouth, hiss for
 * fricatives. It says nothing, but has a voice's spectrum, pitch and pauses.
 */
#define LEVEL		0.2
#define TURN_MIN_S	4.0
#define TURN_MAX_S	12.0
#define PAUSE_MIN_S	0.4
#define PAUSE_MAX_S	3.0

static const double vowels[][TALKER_FORMANTS] = {
	{ 730, 1090, 2440 }, { 530, 1840, 2480 }, { 270, 2290, 3010 }, { 570, 840, 2410 }, { 300, 870, 2240 },
};
#define N_VOWELS	(int)(sizeof(vowels) / sizeof(vowels[0]))
static const double widths_hz[TALKER_FORMANTS] = { 80, 110, 160 };
static const double shares[TALKER_FORMANTS] = { 1.0, 0.6, 0.35 };

static void tune(struct resonator *f, double hz, double width_hz, double rate)
{
	double r = exp(-M_PI * width_hz / rate), w = 2.0 * M_PI * hz / rate;

	f->b = 2.0 * r * cos(w);
	f->c = r * r;
	/* about 1 at its frequency */
	f->gain = (1.0 - r) * sqrt(1.0 - 2.0 * r * cos(2.0 * w) + r * r);
}

static double resonate(struct resonator *f, double x)
{
	double y = f->gain * x + f->b * f->y[0] - f->c * f->y[1];

	f->y[1] = f->y[0];
	f->y[0] = y;
	return y;
}

static void begin(struct talker *t, enum talker_sound sound, double min_s, double max_s)
{
	t->sound = sound;
	t->length = t->left = (uint32_t)((min_s + random_unit(&t->random) * (max_s - min_s)) * t->rate) + 1;
}

static void begin_vowel(struct talker *t)
{
	const double *vowel = vowels[random_next(&t->random) % N_VOWELS];

	begin(t, TALKER_VOWEL, 0.09, 0.24);
	t->hz = t->pitch_hz * random_ratio(&t->random, 0.8, 1.25);
	t->glide = t->hz * random_around(&t->random, 0.2) / t->length;
	t->level = random_ratio(&t->random, 0.4, 1.0);
	for (int i = 0; i < TALKER_FORMANTS; i++)
		tune(&t->formants[i], vowel[i] * t->formant_scale, widths_hz[i], t->rate);
}

/* A phrase is syllables, each a vowel that half of the time has a fricative before it; and breath after it */
static void next_sound(struct talker *t)
{
	if (t->sound == TALKER_FRICATIVE) {
		begin_vowel(t);
	} else if (t->syllables-- > 0) {
		if (random_unit(&t->random) < 0.5)
			begin_vowel(t);
		else
			begin(t, TALKER_FRICATIVE, 0.04, 0.11);
	} else {
		t->syllables = 3 + (int)(random_next(&t->random) % 8);
		begin(t, TALKER_PAUSE, 0.12, 0.5);
	}
}

static double talker_next(struct talker *t)
{
	double noise = random_around(&t->random, 1.0), x = 0.0, y = 0.0, share;

	if (t->left == 0)
		next_sound(t);
	t->left--;
	share = sin(M_PI * (t->left + 0.5) / t->length);
	/* a first difference, which has what an s has above 4 kHz */
	t->hiss = t->sound == TALKER_FRICATIVE ? 0.25 * share * noise : 0.0;
	if (t->sound == TALKER_VOWEL) {
		t->hz += t->glide;
		t->phase = fmod(t->phase + t->hz / t->rate, 1.0);
		x = t->level * share * (2.0 * t->phase - 1.0 + 0.05 * noise);
	}
	for (int i = 0; i < TALKER_FORMANTS; i++)
		y += shares[i] * resonate(&t->formants[i], x);
	return y * 6.0 + t->hiss;
}

static void talker_init(struct talker *t, double rate, uint64_t seed, bool deep)
{
	*t = (struct talker) { .random.state = seed, .rate = rate };
	t->pitch_hz = random_ratio(&t->random, deep ? 90.0 : 170.0, deep ? 130.0 : 240.0);
	t->formant_scale = random_ratio(&t->random, deep ? 0.95 : 1.1, deep ? 1.05 : 1.2);
	begin_vowel(t);
}

static void begin_turn(struct talk *talk)
{
	double s = TURN_MIN_S + random_unit(&talk->random) * (TURN_MAX_S - TURN_MIN_S);

	talk->left = (int64_t)(s * talk->rate);
	talk->silent = (int64_t)(random_ratio(&talk->random, PAUSE_MIN_S, PAUSE_MAX_S) * talk->rate);
}

void talk_init(struct talk *talk, bool turns, uint32_t rate, uint64_t seed)
{
	talk->random.state = seed;
	talk->rate = rate;
	talk->turns = turns;
	for (int i = 0; i < 2; i++)
		talker_init(&talk->talkers[i], rate, random_next(&talk->random), i == 0);
	begin_turn(talk);
}

void talk_next(struct talk *talk, float *frame)
{
	/* somewhat to the left, and to the right */
	double left = !talk->turns ? 1.0 : talk->turn == 0 ? 1.0 : 0.7, right = !talk->turns ? 1.0 : 1.7 - left, y;

	frame[0] = frame[1] = 0.0f;
	if (talk->turns && talk->left <= 0 && talk->silent-- > 0)
		return;
	if (talk->turns && talk->left-- <= 0) {
		talk->turn = !talk->turn;
		begin_turn(talk);
	}
	y = LEVEL * talker_next(&talk->talkers[talk->turn]);
	frame[0] = (float)(left * y);
	frame[1] = (float)(right * y);
}
