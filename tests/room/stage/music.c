/* Music for the room's sources, of several kinds */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "stage/music-kinds.h"
#include "stage/music.h"
#include "stage/sound-file.h"

#define FADE_S	0.03	/* of a part, at both ends */

const char *const music_kind_names[MUSIC_N_KINDS] = { "pop", "piano", "speech", "podcast" };

struct music {
	const struct music_part *parts;
	int n;				/**< parts that are left, the one that plays included */
	uint32_t rate;
	struct random random;
	int64_t at, length;		/**< frames of the part */
	union {
		struct pop pop;
		struct piano piano;
		struct talk talk;
	} u;
};

static void begin_part(struct music *m)
{
	uint64_t seed = random_next(&m->random);

	m->at = 0;
	m->length = (int64_t)(m->parts->seconds * m->rate);
	memset(&m->u, 0, sizeof(m->u));
	switch (m->parts->kind) {
	case MUSIC_POP: pop_init(&m->u.pop, m->rate, seed); break;
	case MUSIC_PIANO: piano_init(&m->u.piano, m->rate, seed); break;
	default: talk_init(&m->u.talk, m->parts->kind == MUSIC_PODCAST, m->rate, seed); break;
	}
}

static void next(void *data, float *frame)
{
	struct music *m = data;
	double edge;

	if (m->at == m->length && m->n > 1) {
		m->parts++;
		m->n--;
		begin_part(m);
	}
	switch (m->parts->kind) {
	case MUSIC_POP: pop_next(&m->u.pop, frame); break;
	case MUSIC_PIANO: piano_next(&m->u.piano, frame); break;
	default: talk_next(&m->u.talk, frame); break;
	}
	edge = fmin(m->at, m->length - m->at) / (FADE_S * m->rate);
	m->at++;
	if (edge >= 1.0)
		return;
	frame[0] *= (float)fmax(edge, 0.0);
	frame[1] *= (float)fmax(edge, 0.0);
}

int music_write(const char *path, const struct music_part *parts, int n, uint32_t rate, uint64_t seed)
{
	struct music m = { .parts = parts, .n = n, .rate = rate, .random.state = seed };
	double seconds = 0.0;

	for (int i = 0; i < n; i++)
		seconds += parts[i].seconds;
	begin_part(&m);
	return sound_file_write(path, seconds, rate, next, &m);
}
