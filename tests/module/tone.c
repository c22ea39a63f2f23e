/* A quiet tone for one sink, to see that it goes on */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdio.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

#define RATE	48000
#define HZ	440.0

struct data {
	struct pw_main_loop *loop;
	struct pw_stream *stream;
	double phase;
};

static void on_process(void *userdata)
{
	struct data *d = userdata;
	struct pw_buffer *b = pw_stream_dequeue_buffer(d->stream);
	struct spa_data *data;
	float *samples;
	uint32_t i, n;

	if (b == NULL)
		return;
	data = &b->buffer->datas[0];
	samples = data->data;
	n = data->maxsize / sizeof(float);
	if (b->requested)
		n = SPA_MIN(n, (uint32_t)b->requested);
	for (i = 0; i < n; i++) {
		samples[i] = 0.01 * sin(d->phase);
		d->phase = fmod(d->phase + 2 * M_PI * HZ / RATE, 2 * M_PI);
	}
	data->chunk->offset = 0;
	data->chunk->stride = sizeof(float);
	data->chunk->size = n * sizeof(float);
	pw_stream_queue_buffer(d->stream, b);
}

static void on_state(void *userdata, enum pw_stream_state old, enum pw_stream_state state,
		const char *error)
{
	struct data *d = userdata;
	if (state == PW_STREAM_STATE_ERROR)
		pw_main_loop_quit(d->loop);
}

static const struct pw_stream_events events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
	.state_changed = on_state,
};

static void on_signal(void *userdata, int signal)
{
	struct data *d = userdata;
	pw_main_loop_quit(d->loop);
}

int main(int argc, char **argv)
{
	struct data d = { 0 };
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	const char *target;

	if (argc > 2) {
		fprintf(stderr, "usage: tone [TARGET]\n");
		return 2;
	}
	target = argc == 2 ? argv[1] : NULL;
	pw_init(&argc, &argv);
	d.loop = pw_main_loop_new(NULL);
	pw_loop_add_signal(pw_main_loop_get_loop(d.loop), SIGTERM, on_signal, &d);
	d.stream = pw_stream_new_simple(pw_main_loop_get_loop(d.loop), "tone",
			pw_properties_new(
				PW_KEY_NODE_NAME, "tone",
				PW_KEY_MEDIA_TYPE, "Audio",
				PW_KEY_MEDIA_CATEGORY, "Playback",
				PW_KEY_TARGET_OBJECT, target,
				NULL),
			&events, &d);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat,
			&SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32,
				.channels = 1, .rate = RATE));
	pw_stream_connect(d.stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS, params, 1);
	pw_main_loop_run(d.loop);
	pw_stream_destroy(d.stream);
	pw_main_loop_destroy(d.loop);
	pw_deinit();
	return 0;
}
