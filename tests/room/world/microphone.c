/* A microphone in the room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "listen/sinc.h"
#include "listen/timeline.h"
#include "random.h"
#include "world/microphone.h"

#define PER_NS		(TIMELINE_RATE * 1e-9)
#define NONE_DB		(-200.0)

/* Somebody who talks: noise in the band of a voice, syllables with pauses between */
#define VOICE_LOW	0.02		/* one-pole high-pass, some 150 Hz */
#define VOICE_HIGH	0.3		/* and low-pass, some 2.7 kHz */
#define SYLLABLE_S	0.25
#define TALKS		0.7		/* of the syllables are not pauses */

struct talker {
	struct random random;
	double low, high;		/* states of the filters */
	double level;			/* of this syllable, 0-1 */
	uint32_t left, length;		/* frames of it */
};

struct microphone {
	struct microphone_options options;
	struct transform *transform;
	GPtrArray *paths;		/* struct path */
	struct random random;
	struct talker talker;
	struct heard heard;
};

static double linear(double db)
{
	return db > NONE_DB ? pow(10.0, db / 20.0) : 0.0;
}

struct microphone *microphone_new(const struct microphone_options *options, int64_t now_ns)
{
	struct microphone *m = calloc(1, sizeof(*m));
	int64_t frame = (int64_t)(now_ns * PER_NS) / CONVOLVER_BLOCK * CONVOLVER_BLOCK;

	if (m == NULL)
		return NULL;
	m->transform = transform_new();
	if (m->transform == NULL) {
		free(m);
		return NULL;
	}
	m->paths = g_ptr_array_new_with_free_func((GDestroyNotify)path_destroy);
	m->random.state = options->seed;
	m->talker.random.state = options->seed ^ 0x74616c6b;
	atomic_store(&m->heard.end, frame);
	microphone_configure(m, options);
	return m;
}

void microphone_destroy(struct microphone *m)
{
	if (m == NULL)
		return;
	g_ptr_array_unref(m->paths);
	transform_destroy(m->transform);
	free(m);
}

void microphone_configure(struct microphone *m, const struct microphone_options *options)
{
	m->options = *options;
	m->options.description = NULL;
}

int microphone_add_speaker(struct microphone *m, const struct path_config *config)
{
	struct path *path = path_new(config, m->transform, atomic_load(&m->heard.end));

	if (path == NULL)
		return -ENOMEM;
	g_ptr_array_add(m->paths, path);
	return m->paths->len - 1;
}

struct path *microphone_path(struct microphone *m, int speaker)
{
	return m->paths->pdata[speaker];
}

const struct heard *microphone_heard(const struct microphone *m)
{
	return &m->heard;
}

/* Near enough to Gaussian, of variance 1: the sum of three (-1, 1) */
static double noise(struct random *r)
{
	return random_around(r, 1.0) + random_around(r, 1.0) + random_around(r, 1.0);
}

static double talk(struct talker *t)
{
	double sample;

	if (t->left == 0) {
		t->length = t->left = (uint32_t)((0.5 + random_unit(&t->random)) * SYLLABLE_S * TIMELINE_RATE);
		t->level = random_unit(&t->random) < TALKS ? 0.5 + 0.5 * random_unit(&t->random) : 0.0;
	}
	t->left--;
	t->high += (noise(&t->random) - t->high) * VOICE_HIGH;
	t->low += (t->high - t->low) * VOICE_LOW;
	sample = (t->high - t->low) / sqrt(VOICE_HIGH / (2.0 - VOICE_HIGH));
	return sample * t->level * sin(M_PI * t->left / t->length);
}

/* The next block: the speakers, and what else there is to hear */
static void hear_block(struct microphone *m, float *block)
{
	double room = linear(m->options.noise_db), voice = linear(m->options.talk_db);
	struct spectrum sum = { 0 };
	guint i;

	for (i = 0; i < m->paths->len; i++)
		path_hear(m->paths->pdata[i], &sum);
	transform_inverse(m->transform, &sum, block);
	for (i = 0; i < CONVOLVER_BLOCK; i++) {
		if (room > 0.0)
			block[i] += room * noise(&m->random);
		if (voice > 0.0)
			block[i] += voice * talk(&m->talker);
	}
}

void microphone_advance(struct microphone *m, int64_t known_ns)
{
	/* a sample that sounds later still reaches half a kernel back */
	int64_t known = (int64_t)floor(known_ns * PER_NS) - SINC_HALF;
	int64_t end = atomic_load_explicit(&m->heard.end, memory_order_relaxed);

	while (end + CONVOLVER_BLOCK <= known) {
		hear_block(m, m->heard.frames + (end & HEARD_MASK));
		end += CONVOLVER_BLOCK;
		atomic_store_explicit(&m->heard.end, end, memory_order_release);
	}
}
