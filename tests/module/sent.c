/* Is what a listener gets of the outputs what the speakers get? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * sent play           plays a ramp into the group, whose every sample tells which one it is
 * sent listen         listens to the outputs of the group, as the tool does
 * sent speaker NODE   listens to what a speaker gets: its monitor is to be linked to the port "in" of NODE
 *
 * The last two print, when they end (SIGTERM), for each cycle: whose, the first frame, the first sample as a number, and
 * how many of its samples do not follow the one before.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <pipewire/filter.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/string.h>

#include "client/report.h"
#include "track/sent.h"

#define RATE	48000
#define RAMP	(1u << 22)	/* samples: as many as a float can tell apart, with both channels added */
#define CYCLES	65536

struct cycle {
	char who[16];
	uint64_t frame;
	uint32_t sample, wrong;
};

struct data {
	struct pw_main_loop *loop;
	struct client client;
	struct sent sent;
	bool begun;
	float *blocks[SENT_SPEAKERS_MAX];
	struct pw_stream *stream;
	struct pw_filter *filter;
	void *port;
	uint32_t next;
	uint32_t n_cycles;
	struct cycle cycles[CYCLES];
};

static void note_cycle(struct data *d, const char *who, uint64_t frame, const float *samples, uint32_t n)
{
	struct cycle *c;
	uint32_t i, k;

	if (d->n_cycles == CYCLES)
		return;
	c = &d->cycles[d->n_cycles++];
	snprintf(c->who, sizeof(c->who), "%s", who);
	c->frame = frame;
	c->sample = k = lrintf(samples[0] * RAMP);
	for (i = 0; i < n; i++, k = (k + 1) % RAMP)
		c->wrong += samples[i] != (float)k / RAMP;
}

static void print_cycles(const struct data *d)
{
	for (uint32_t i = 0; i < d->n_cycles; i++)
		printf("%s %llu %u %u\n", d->cycles[i].who, (unsigned long long)d->cycles[i].frame,
				d->cycles[i].sample, d->cycles[i].wrong);
}

static void on_play(void *data)
{
	struct data *d = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(d->stream);
	struct spa_data *to;
	float *samples;
	uint32_t i, n;

	if (b == NULL)
		return;
	to = &b->buffer->datas[0];
	samples = to->data;
	n = to->maxsize / (2 * sizeof(float));
	if (b->requested)
		n = SPA_MIN(n, (uint32_t)b->requested);
	for (i = 0; i < n; i++, d->next = (d->next + 1) % RAMP)
		samples[2 * i] = samples[2 * i + 1] = (float)d->next / (2 * RAMP);
	*to->chunk = (struct spa_chunk) { .stride = 2 * sizeof(float), .size = n * 2 * sizeof(float) };
	pw_stream_queue_buffer(d->stream, b);
}

static const struct pw_stream_events play_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_play,
};

static void play(struct data *d)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *param = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat,
			&SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .channels = 2, .rate = RATE,
				.position = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR }));

	d->stream = pw_stream_new_simple(pw_main_loop_get_loop(d->loop), "ramp",
			pw_properties_new(
				PW_KEY_NODE_NAME, "ramp",
				PW_KEY_MEDIA_TYPE, "Audio",
				PW_KEY_MEDIA_CATEGORY, "Playback",
				PW_KEY_TARGET_OBJECT, "bluez_combine.default",
				NULL),
			&play_events, d);
	pw_stream_connect(d->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, &param, 1);
	pw_main_loop_run(d->loop);
	pw_stream_destroy(d->stream);
}

static void on_speaker(void *data, struct spa_io_position *position)
{
	struct data *d = data;
	uint32_t n = position->clock.duration;
	const float *samples = pw_filter_get_dsp_buffer(d->port, n);

	if (samples)
		note_cycle(d, "speaker", position->clock.position, samples, n);
}

static const struct pw_filter_events speaker_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_speaker,
};

static void listen_to_speaker(struct data *d, const char *name)
{
	d->filter = pw_filter_new_simple(pw_main_loop_get_loop(d->loop), name,
			pw_properties_new(PW_KEY_NODE_NAME, name, PW_KEY_NODE_PASSIVE, "true", NULL),
			&speaker_events, d);
	d->port = pw_filter_add_port(d->filter, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 0,
			pw_properties_new(
				PW_KEY_FORMAT_DSP, "32 bit float mono audio",
				PW_KEY_PORT_NAME, "in", NULL),
			NULL, 0);
	pw_filter_connect(d->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
	pw_main_loop_run(d->loop);
	pw_filter_destroy(d->filter);
}

static void take(struct data *d)
{
	struct sent_block block;
	uint32_t i;

	while (sent_take(&d->sent, &block, d->blocks))
		for (i = 0; i < SENT_SPEAKERS_MAX; i++)
			if (block.present & 1u << i)
				note_cycle(d, d->sent.slots[i].address, block.mark.frame, d->blocks[i], block.mark.n);
}

static void on_sent_failed(void *data, const char *error)
{
	struct data *d = data;

	fprintf(stderr, "failed: %s\n", error);
	pw_main_loop_quit(d->loop);
}

static void on_changed(void *data)
{
	struct data *d = data;
	struct sent_speaker speakers[SENT_SPEAKERS_MAX];
	struct report report;
	uint32_t i, n = 0;

	if (!d->begun && sent_init(&d->sent, &d->client, on_sent_failed, d) < 0) {
		pw_main_loop_quit(d->loop);
		return;
	}
	d->begun = true;
	if (report_init(&report, &d->client, "default") == 0)
		for (i = 0; i < report.n_speakers; i++)
			if (report.speakers[i].here && n < SENT_SPEAKERS_MAX)
				speakers[n++] = (struct sent_speaker) {
					report.speakers[i].address, report.speakers[i].target };
	for (; n < SENT_SPEAKERS_MAX; n++)
		speakers[n] = (struct sent_speaker) { "", "" };
	sent_follow(&d->sent, report.sink_id, speakers, n);
	report_finish(&report);
}

static void on_lost(void *data, int res)
{
	struct data *d = data;

	pw_main_loop_quit(d->loop);
}

static void on_tick(void *data, uint64_t expirations)
{
	take(data);
}

static void listen_to_outputs(struct data *d)
{
	static const struct client_events events = { .changed = on_changed, .lost = on_lost };
	struct timespec interval = { .tv_nsec = 100 * SPA_NSEC_PER_MSEC };
	struct pw_loop *loop = pw_main_loop_get_loop(d->loop);
	struct spa_source *timer = pw_loop_add_timer(loop, on_tick, d);
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		d->blocks[i] = calloc(SENT_BLOCK_MAX, sizeof(float));
	pw_loop_update_timer(loop, timer, &interval, &interval, false);
	if (client_init(&d->client, loop, "default", CLIENT_NODES | CLIENT_PORTS, &events, d) == 0)
		pw_main_loop_run(d->loop);
	sent_finish(&d->sent);
	client_finish(&d->client);
	pw_loop_destroy_source(loop, timer);
	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		free(d->blocks[i]);
}

static void on_signal(void *data, int number)
{
	struct data *d = data;

	pw_main_loop_quit(d->loop);
}

int main(int argc, char **argv)
{
	struct data *d = calloc(1, sizeof(*d));

	if (d == NULL || argc < 2)
		return 2;
	pw_init(&argc, &argv);
	d->loop = pw_main_loop_new(NULL);
	pw_loop_add_signal(pw_main_loop_get_loop(d->loop), SIGTERM, on_signal, d);
	if (spa_streq(argv[1], "play"))
		play(d);
	else if (spa_streq(argv[1], "speaker") && argc > 2)
		listen_to_speaker(d, argv[2]);
	else
		listen_to_outputs(d);
	print_cycles(d);
	pw_main_loop_destroy(d->loop);
	pw_deinit();
	free(d);
	return 0;
}
