/* A piano, slowly */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "stage/music-kinds.h"

#define LEVEL		0.2
#define LOWEST_HZ	110.0
#define WAIT_MIN_S	0.25
#define WAIT_MAX_S	2.2
#define CHORDS		0.3	/* of the notes have another one with them */
#define STIFFNESS	4e-4	/* the k-th partial is k sqrt(1 + STIFFNESS k^2) times the first */
#define HAMMER_S	8e-3	/* of noise */

/* A scale that has no wrong notes, in semitones */
static const int scale[] = { 0, 3, 5, 7, 10 };
#define N_SCALE		(int)(sizeof(scale) / sizeof(scale[0]))
#define OCTAVES		3

static void strike(struct piano *p)
{
	struct note *note = &p->notes[p->next];
	int step = (int)(random_next(&p->random) % (N_SCALE * OCTAVES));
	double hz = LOWEST_HZ * exp2((scale[step % N_SCALE] + 12 * (step / N_SCALE)) / 12.0);
	double level = LEVEL * random_ratio(&p->random, 0.3, 1.0), fade_s = 3.5 * sqrt(LOWEST_HZ / hz);

	p->next = (p->next + 1) % PIANO_NOTES;
	*note = (struct note) { .pan = (double)step / (N_SCALE * OCTAVES), .hammer = level };
	for (int k = 1; k <= PIANO_PARTIALS; k++) {
		struct partial *partial = &note->partials[note->n];
		double w = 2.0 * M_PI * hz * k * sqrt(1.0 + STIFFNESS * k * k) / p->rate;
		double r = exp(-(1.0 + 0.3 * k) / (fade_s * p->rate));

		if (w > 0.9 * M_PI)
			break;
		partial->b = 2.0 * r * cos(w);
		partial->c = r * r;
		/* struck at an eighth of the string; it begins at 0, whatever it is after that */
		partial->y[0] = 0.0;
		partial->y[1] = -level * pow(k, -1.1) * sin(M_PI * k / 8.0 + 0.2) * sin(w) / r;
		note->n++;
	}
}

static double note_next(struct note *note, double rate, double knock)
{
	double sum = 0.0;

	for (int i = 0; i < note->n; i++) {
		struct partial *p = &note->partials[i];
		double y = p->b * p->y[0] - p->c * p->y[1];

		p->y[1] = p->y[0];
		p->y[0] = y;
		sum += y;
	}
	sum += note->hammer * knock * exp(-note->age / HAMMER_S);
	note->age += 1.0 / rate;
	return sum;
}

void piano_init(struct piano *p, uint32_t rate, uint64_t seed)
{
	p->random.state = seed;
	p->rate = rate;
}

void piano_next(struct piano *p, float *frame)
{
	double left = 0.0, right = 0.0;

	if (p->wait-- <= 0) {
		strike(p);
		if (random_unit(&p->random) < CHORDS)
			strike(p);
		p->wait = (int64_t)(random_ratio(&p->random, WAIT_MIN_S, WAIT_MAX_S) * p->rate);
	}
	p->knock += (random_around(&p->random, 1.0) - p->knock) * 0.4;
	for (int i = 0; i < PIANO_NOTES; i++) {
		struct note *note = &p->notes[i];
		double y = note->n > 0 ? note_next(note, p->rate, p->knock) : 0.0;

		left += (1.0 - 0.6 * note->pan) * y;
		right += (0.4 + 0.6 * note->pan) * y;
	}
	frame[0] = (float)left;
	frame[1] = (float)right;
}
