/* Scene rates: speakers of 44.1 and of 48 kHz in one group */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "scene.h"

/*
 * The sink of a speaker that takes 44.1 kHz only resamples for itself, by another way than the others. Its
 * resampler must neither drift nor shift it.
 */
static const struct {
	const char *name, *rates;
	double latency;
	int bitpool;
} speakers[] = {
	{ "s1-48k", "48000", 50.0, 53 },
	{ "s2-44k", "44100", 150.0, 53 },
	{ "s3-48k", "48000", 220.0, 53 },
	{ "s4-44k-low", "44100", 180.0, 35 },
};

static int play_rates(struct scene *sc)
{
	int res = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(speakers) && res == 0; i++)
		res = scene_add_speaker(sc, speakers[i].name, "{'rates': <'%s'>, 'bitpool': <%d>, "
				"'latency.msec': <%.1f>, 'report.msec': <%.1f>, 'start': <'first'>}",
				speakers[i].rates, speakers[i].bitpool, speakers[i].latency, speakers[i].latency);
	if (res < 0 || (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0)
		return res;
	return scene_pass(sc, sc->seconds);
}

const struct scene_type scenes_rates[] = {
	{ .name = "rates", .text = "speakers of 44.1 and of 48 kHz play for five minutes",
	  .runs = 1, .speakers = G_N_ELEMENTS(speakers), .seconds = 300.0, .brief_seconds = 10.0,
	  .bounds = { .median = 0.5, .worst = 0.5, .whole = true }, .play = play_rates },
	{ 0 },
};
