/* What is asked of the module, and what others are told */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "names.h"
#include "track/track.h"

/* One sample to and fro, a second at each end: docs/dsp.md tells what is heard of it (nothing), docs/by-ear.md what is
 * found by it */
#define DITHER_SAMPLES	1
#define DITHER_CHIP_MS	1000.0
/* Less than a sample is not worth a word */
#define NEWS_MS		0.005

/* What the loop has found, on top of what the group corrects without it */
static double wanted_ms(const struct track *t, uint32_t i)
{
	const struct loop_speaker *s = &t->loop.speakers[i];

	return (s->base_s + s->tracked_s) * 1e3 - t->speakers[i].base_ms;
}

static uint32_t list_tracks(struct track *t, struct lease_track *tracks)
{
	uint32_t i, n = 0;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++) {
		struct track_speaker *s = &t->speakers[i];

		if (!s->here)
			continue;
		tracks[n++] = (struct lease_track) {
			.address = s->address,
			.tracked = !isnan(s->said_ms),
			.tracked_ms = s->said_ms,
			.code = i + 1,
		};
	}
	return n;
}

static int say(struct track *t)
{
	const struct lease_dither dither = { .samples = DITHER_SAMPLES, .chip_ms = DITHER_CHIP_MS };
	struct lease_track tracks[SENT_SPEAKERS_MAX];
	uint32_t n = list_tracks(t, tracks);

	t->asked_ns = track_now_ns(t);
	t->has_left = false;
	return lease_set_track(&t->lease, tracks, n, &dither, NULL);
}

static bool has_news(const struct track *t, uint32_t i)
{
	const struct track_speaker *s = &t->speakers[i];

	return s->here && t->loop.speakers[i].here && t->loop.speakers[i].known &&
		!(fabs(wanted_ms(t, i) - s->said_ms) < NEWS_MS);
}

int say_tracked(struct track *t)
{
	/* Asked for again as well: another program has it */
	bool news = !t->lease.fields || !t->leased || t->has_left;
	uint32_t i;

	if (!t->leased && t->occupied) {
		t->superseded = true;
		return 0;
	}
	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		if (has_news(t, i)) {
			t->speakers[i].said_ms = wanted_ms(t, i);
			news = true;
		}
	return news ? say(t) : 0;
}

static struct tell make_tell(const struct track *t, struct tell_speaker *speakers)
{
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		speakers[i] = (struct tell_speaker) {
			.address = t->speakers[i].here ? t->speakers[i].address : NULL,
			.name = t->speakers[i].name,
		};
	return (struct tell) {
		.state = t->told,
		.since_s = t->told_sec,
		.loop = &t->loop,
		.speakers = speakers,
		.n_speakers = SENT_SPEAKERS_MAX,
		.microphone = t->microphone.name,
		.now_s = track_now_sec(t),
		.now = time(NULL),
	};
}

static void publish(struct track *t, const struct tell *tell)
{
	struct metadata *m = client_group(&t->session.client, t->options->group);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return;
	tell_json_print(out, tell);
	if (fclose(out) == 0) {
		if (t->options->json) {
			puts(text);
			fflush(stdout);
		}
		if (m)
			metadata_set_of(m, client_id(&t->session.client), BLUEZ_COMBINE_KEY_TRACK, text);
	}
	free(text);
}

void say_what_is_heard(struct track *t)
{
	struct tell_speaker speakers[SENT_SPEAKERS_MAX];
	const struct tell tell = make_tell(t, speakers);

	if (!t->options->json)
		tell_lines_print(stdout, &t->lines, &tell);
	publish(t, &tell);
	t->published_ns = track_now_ns(t);
}
