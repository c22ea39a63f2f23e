/* A band: drums, a bass, chords, and a tune */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "stage/music-kinds.h"

#define LEVEL		0.8
#define SLOWEST_BPM	92.0
#define FASTEST_BPM	128.0
#define BAR		8	/* eighths */

/* Semitones over the lowest A of a bass: chords of four bars, and the tune's scale */
static const int chords[][POP_CHORD] = { { 24, 27, 31 }, { 20, 24, 27 }, { 27, 31, 34 }, { 22, 26, 29 } };
#define N_CHORDS	(int)(sizeof(chords) / sizeof(chords[0]))
static const int tune[] = { 36, 39, 41, 43, 46, 48 };
#define N_TUNE		(int)(sizeof(tune) / sizeof(tune[0]))

static double step_of(const struct pop *p, double semitones)
{
	return 55.0 * exp2(semitones / 12.0) / p->rate;
}

static double saw_next(struct saw *saw)
{
	saw->phase += saw->step;
	saw->phase -= saw->phase >= 1.0;
	return 2.0 * saw->phase - 1.0;
}

static void begin_chord(struct pop *p)
{
	for (int side = 0; side < POP_SIDES; side++)
		for (int i = 0; i < POP_CHORD; i++)
			/* a little out of tune with the other side, which makes it wide */
			p->pads[side][i].step = step_of(p, chords[p->chord][i] + (side ? 0.06 : -0.06));
	p->bass.step = step_of(p, chords[p->chord][0] - 24);
	p->chord = (p->chord + 1) % N_CHORDS;
}

/* Drums on the beats and between, a bar's chord, and a note of the tune now and then */
static void begin_eighth(struct pop *p)
{
	int at = p->eighth++ % BAR;

	if (at == 0)
		begin_chord(p);
	if (at == 0 || at == 4 || (at == 5 && random_unit(&p->random) < 0.4))
		p->kick = (struct drum) { 0 };
	if (at == 2 || at == 6)
		p->snare = (struct drum) { 0 };
	p->hat = (struct drum) { 0 };
	if (random_unit(&p->random) < 0.6) {
		p->lead.step = step_of(p, tune[random_next(&p->random) % N_TUNE]);
		p->lead_age = 0.0;
	}
	p->next += (int64_t)((p->beat_s / 2.0 + (p->eighth % 2 ? p->swing_s : -p->swing_s)) * p->rate);
}

static double drums_next(struct pop *p)
{
	double noise = random_around(&p->random, 1.0), bright = noise - p->last_noise, dt = 1.0 / p->rate, sum = 0.0;

	p->last_noise = noise;
	p->kick.phase += (45.0 + 110.0 * exp(-p->kick.age / 0.03)) * dt;
	sum += 0.9 * exp(-p->kick.age / 0.12) * sin(2.0 * M_PI * p->kick.phase);
	p->snare.phase += 190.0 * dt;
	sum += exp(-p->snare.age / 0.07) * (0.35 * noise + 0.25 * sin(2.0 * M_PI * p->snare.phase));
	sum += 0.12 * exp(-p->hat.age / 0.03) * bright;
	p->kick.age += dt;
	p->snare.age += dt;
	p->hat.age += dt;
	return sum;
}

void pop_init(struct pop *p, uint32_t rate, uint64_t seed)
{
	p->random.state = seed;
	p->rate = rate;
	p->beat_s = 60.0 / random_ratio(&p->random, SLOWEST_BPM, FASTEST_BPM);
	p->swing_s = random_unit(&p->random) * 0.03;
	p->chord = (int)(random_next(&p->random) % N_CHORDS);
	/* none has been hit */
	p->kick.age = p->snare.age = p->hat.age = p->lead_age = INFINITY;
}

void pop_next(struct pop *p, float *frame)
{
	double both, pads[POP_SIDES];

	if (p->frame++ >= p->next)
		begin_eighth(p);
	p->bass_low += (saw_next(&p->bass) - p->bass_low) * 0.06;
	both = drums_next(p) + 0.45 * p->bass_low + 0.12 * exp(-p->lead_age / 0.25) * saw_next(&p->lead);
	p->lead_age += 1.0 / p->rate;
	for (int side = 0; side < POP_SIDES; side++) {
		double sum = 0.0;

		for (int i = 0; i < POP_CHORD; i++)
			sum += saw_next(&p->pads[side][i]);
		p->pad_low[side] += (0.09 * sum - p->pad_low[side]) * 0.35;
		pads[side] = p->pad_low[side];
	}
	/* as records are: pressed against the ceiling */
	frame[0] = (float)(LEVEL * tanh(1.2 * (both + pads[0])));
	frame[1] = (float)(LEVEL * tanh(1.2 * (both + pads[1])));
}
