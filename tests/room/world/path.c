/* The way of a speaker's sound to a microphone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "listen/sinc.h"
#include "listen/timeline.h"
#include "random.h"
#include "world/path.h"

#define PER_NS		(TIMELINE_RATE * 1e-9)
#define SIZE		(1u << 17)	/* frames that sound may be ahead: 2.7 s */
#define MASK		(SIZE - 1)
#define NEAR_M		0.1		/* nearer, and it does not get louder */
#define STRAIGHT	64		/* frames in which a walk is a line: within 0.02 us for a metre a second */

/* Early reflections: a table, walls, the ceiling */
#define N_REFLECTIONS	6
#define REFLECTION_S	0.5e-3		/* after the direct sound: from 17 cm */
#define REFLECTIONS_S	25e-3		/* to 8.6 m of a longer way */
#define WEAKER_DB	3.0		/* the others are weaker than the strongest by at least this, */
#define SPREAD_DB	9.0		/* and up to so much more */
#define NO_REFLECTION_DB (-100.0)
#define TAIL_S		5e-3
#define DULL		0.45		/* one-pole low-pass of what falls by T60, some 6 kHz */

struct path {
	struct path_config config;
	struct transform *transform;
	struct convolver *here;		/* the room's answer, */
	struct convolver *away;		/* and that at the ends of a walk, NULL: there is none */
	float *frames;			/* ring, of what arrives by the direct way */
	int64_t heard;			/* frame of TIMELINE_RATE that is next */
	uint64_t missed;
	/* The distance: a line in time, and a walk about it */
	double from_ns, to_ns;
	double from_m, to_m;
	double walk_ns;			/* when it began */
};

static double linear(double db)
{
	return pow(10.0, db / 20.0);
}

static uint32_t reflections(const struct path_config *c, struct random *r, float *response)
{
	uint32_t strongest = random_next(r) % N_REFLECTIONS, end = 1, i;

	for (i = 0; i < N_REFLECTIONS; i++) {
		double s = REFLECTION_S + random_unit(r) * (REFLECTIONS_S - REFLECTION_S);
		double db = c->reflection_db - WEAKER_DB - random_unit(r) * SPREAD_DB;
		uint32_t at = (uint32_t)(s * TIMELINE_RATE);

		response[at] += linear(i == strongest ? c->reflection_db : db);
		end = at >= end ? at + 1 : end;
	}
	return end;
}

/* Noise of a given energy that falls by 60 dB in T60 */
static void tail(const struct path_config *c, struct random *r, float *response, uint32_t n)
{
	uint32_t from = (uint32_t)(TAIL_S * TIMELINE_RATE), i;
	double energy = 0.0, low = 0.0, scale;
	float *noise = calloc(n, sizeof(float));

	if (noise == NULL)
		return;
	for (i = from; i < n; i++) {
		low += (random_around(r, 1.0) - low) * DULL;
		noise[i] = low * exp(-M_LN10 * 3.0 * i / (c->t60_s * TIMELINE_RATE));
		energy += noise[i] * noise[i];
	}
	scale = energy > 0.0 ? linear(c->reverb_db) / sqrt(energy) : 0.0;
	for (i = from; i < n; i++)
		response[i] += noise[i] * scale;
	free(noise);
}

float *path_response(const struct path_config *c, uint32_t *n)
{
	uint32_t early = (uint32_t)(REFLECTIONS_S * TIMELINE_RATE) + 1;
	uint32_t late = (uint32_t)(c->t60_s * TIMELINE_RATE), end = 1;
	struct random r = { .state = c->seed };
	float *response = calloc(early > late ? early : late, sizeof(float));

	if (response == NULL)
		return NULL;
	response[0] = 1.0f;
	if (c->reflection_db > NO_REFLECTION_DB)
		end = reflections(c, &r, response);
	if (c->t60_s > TAIL_S) {
		tail(c, &r, response, late);
		end = late > end ? late : end;
	}
	*n = end;
	return response;
}

static struct convolver *make_convolver(const struct path_config *config, uint32_t seed, struct transform *transform)
{
	struct path_config c = *config;
	struct convolver *convolver;
	uint32_t n = 0;
	float *response;

	c.seed = seed;
	response = path_response(&c, &n);

	if (response == NULL)
		return NULL;
	convolver = convolver_new(transform, response, n);
	free(response);
	return convolver;
}

static bool walks(const struct path_config *config)
{
	return config->walk_m != 0.0;
}

/* 0 or -ENOMEM, and it is as it was */
static int make_room(struct path *p, const struct path_config *config)
{
	struct convolver *here = make_convolver(config, config->seed, p->transform), *away = NULL;

	if (walks(config))
		away = make_convolver(config, PATH_AWAY_SEED(config->seed), p->transform);
	if (here == NULL || (away == NULL && walks(config))) {
		convolver_destroy(here);
		convolver_destroy(away);
		return -ENOMEM;
	}
	convolver_destroy(p->here);
	convolver_destroy(p->away);
	p->here = here;
	p->away = away;
	return 0;
}

struct path *path_new(const struct path_config *config, struct transform *transform, int64_t frame)
{
	struct path *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	sinc_init();
	p->config = *config;
	p->transform = transform;
	p->heard = frame;
	p->from_m = p->to_m = config->distance_m;
	p->frames = calloc(SIZE, sizeof(float));
	if (p->frames == NULL || make_room(p, config) < 0) {
		path_destroy(p);
		return NULL;
	}
	return p;
}

void path_destroy(struct path *p)
{
	if (p == NULL)
		return;
	convolver_destroy(p->here);
	convolver_destroy(p->away);
	free(p->frames);
	free(p);
}

static double line(const struct path *p, double t_ns)
{
	if (t_ns >= p->to_ns)
		return p->to_m;
	if (t_ns <= p->from_ns)
		return p->from_m;
	return p->from_m + (p->to_m - p->from_m) * (t_ns - p->from_ns) / (p->to_ns - p->from_ns);
}

/* -1 and 1 are its ends */
static double walked(const struct path *p, double t_ns)
{
	return sin(2.0 * M_PI * (t_ns - p->walk_ns) * 1e-9 / p->config.walk_s);
}

static double distance(const struct path *p, double t_ns)
{
	return fmax(0.0, line(p, t_ns) + (walks(&p->config) ? p->config.walk_m * walked(p, t_ns) : 0.0));
}

/* How much of what is heard at a moment has the answer of the walk's ends */
static double away_share(const struct path *p, double t_ns)
{
	double share = walked(p, t_ns);

	return share * share * fmin(fabs(p->config.walk_m) / PATH_WALK_FAR_M, 1.0);
}

/* What the room's answer depends on; a mere move changes nothing of it. */
static int is_same_room(const struct path_config *a, const struct path_config *b)
{
	return a->t60_s == b->t60_s && a->reverb_db == b->reverb_db &&
		a->reflection_db == b->reflection_db && a->seed == b->seed && walks(a) == walks(b);
}

int path_configure(struct path *p, const struct path_config *config, int64_t now_ns, int64_t move_ns)
{
	if (!is_same_room(&p->config, config) && make_room(p, config) < 0)
		return -ENOMEM;
	p->from_m = line(p, now_ns);
	p->from_ns = now_ns;
	if (config->walk_m != p->config.walk_m || config->walk_s != p->config.walk_s)
		p->walk_ns = now_ns;
	p->to_m = config->distance_m;
	p->to_ns = now_ns + move_ns;
	p->config = *config;
	return 0;
}

const struct path_config *path_config(const struct path *p)
{
	return &p->config;
}

static double arrival(const struct path *p, double t_ns)
{
	return t_ns + distance(p, t_ns) / PATH_SPEED_M_S * 1e9;
}

static double gain(const struct path *p, double t_ns)
{
	return linear(p->config.gain_db) / fmax(distance(p, t_ns), NEAR_M);
}

/* One sample at a place between frames: its share of each frame that its kernel reaches */
static void place(struct path *p, double x, float value)
{
	int64_t whole = (int64_t)floor(x), first = whole - (SINC_HALF - 1);
	float weights[SINC_TAPS];
	int tap;

	if (first < p->heard || first + SINC_TAPS > p->heard + SIZE) {
		p->missed++;
		return;
	}
	sinc_weights(x - whole, weights);
	for (tap = 0; tap < SINC_TAPS; tap++)
		p->frames[(first + tap) & MASK] += value * weights[tap];
}

/* So few that the distance changes along a line */
static void sound(struct path *p, double t_ns, double period_ns, const float *frames, uint32_t n)
{
	double end_ns = t_ns + n * period_ns;
	double x = arrival(p, t_ns) * PER_NS, step = (arrival(p, end_ns) * PER_NS - x) / n;
	/* each sample stands for a period's worth of the output's frames */
	double level = gain(p, t_ns) * step, change = (gain(p, end_ns) * step - level) / n;
	uint32_t i;

	for (i = 0; i < n; i++) {
		float mono = 0.5f * (frames[2 * i] + frames[2 * i + 1]);

		if (mono != 0.0f)
			place(p, x + i * step, mono * (level + i * change));
	}
}

void path_sound(struct path *p, double t_ns, double period_ns, const float *frames, uint32_t n)
{
	uint32_t i, l;

	for (i = 0; i < n; i += l) {
		l = !walks(&p->config) || n - i < STRAIGHT ? n - i : STRAIGHT;
		sound(p, t_ns + i * period_ns, period_ns, frames + 2 * i, l);
	}
}

/* Take out of a block what is answered from the walk's ends, and have it answered. */
static void hear_away(struct path *p, float *block, struct spectrum *sum)
{
	double share = away_share(p, p->heard / PER_NS), end = away_share(p, (p->heard + CONVOLVER_BLOCK) / PER_NS);
	float away[CONVOLVER_BLOCK];

	for (int i = 0; i < CONVOLVER_BLOCK; i++) {
		away[i] = block[i] * (share + (end - share) * i / CONVOLVER_BLOCK);
		block[i] -= away[i];
	}
	convolver_run(p->away, away, sum);
}

void path_hear(struct path *p, struct spectrum *sum)
{
	float *block = p->frames + (p->heard & MASK);

	/* SIZE is a multiple of the block */
	if (p->away != NULL)
		hear_away(p, block, sum);
	convolver_run(p->here, block, sum);
	memset(block, 0, CONVOLVER_BLOCK * sizeof(float));
	p->heard += CONVOLVER_BLOCK;
}

uint64_t path_missed(const struct path *p)
{
	return p->missed;
}
