/* A client that plays in its data loop, as pulseaudio's and JACK's clients do */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

/*
 * pw-play processes in its main loop, and PipeWire makes such a stream async: the graph does
 * not wait for it. For this one it waits in every cycle.
 */
struct player {
	struct pw_main_loop *loop;
	struct pw_stream *stream;
	struct spa_io_position *position;	/**< NULL: in no graph */
	uint64_t duration;		/**< of the last cycle, in samples */
	uint32_t rate;			/**< of the last cycle, in Hz */
	char driver[64];		/**< whose clock the last cycle was by */
};

/* Each time that it changes: when, what, and by whose clock. Data loop. */
static void tell_cycle(struct player *p)
{
	const struct spa_io_clock *c = p->position ? &p->position->clock : NULL;

	if (c == NULL || (c->duration == p->duration && c->rate.denom == p->rate &&
	    strcmp(c->name, p->driver) == 0))
		return;
	p->duration = c->duration;
	p->rate = c->rate.denom;
	snprintf(p->driver, sizeof(p->driver), "%s", c->name);
	printf("cycle %" PRIu64 " %" PRIu64 " %u %s\n", c->nsec, p->duration, p->rate, p->driver);
	fflush(stdout);
}

/* data loop */
static void on_process(void *data)
{
	struct player *p = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(p->stream);
	struct spa_data *d;
	uint32_t size;

	tell_cycle(p);
	if (b == NULL)
		return;
	d = &b->buffer->datas[0];
	size = b->requested ? b->requested * 2 * sizeof(float) : d->maxsize;
	size = SPA_MIN(size, d->maxsize);
	memset(d->data, 0, size);
	*d->chunk = (struct spa_chunk) { .size = size, .stride = 2 * sizeof(float) };
	pw_stream_queue_buffer(p->stream, b);
}

static void on_io_changed(void *data, uint32_t id, void *area, uint32_t size)
{
	struct player *p = data;

	if (id == SPA_IO_Position)
		p->position = area;
}

static void on_signal(void *data, int signal_number)
{
	struct player *p = data;

	pw_main_loop_quit(p->loop);
}

/* What others can do at any time: jack_set_buffer_size() is that */
static void on_force(void *data, int signal_number)
{
	struct player *p = data;
	const char *quantum = pw_properties_get(pw_stream_get_properties(p->stream), "player.quantum");
	struct spa_dict_item item = SPA_DICT_ITEM_INIT(PW_KEY_NODE_FORCE_QUANTUM, quantum);

	if (quantum != NULL)
		pw_stream_update_properties(p->stream, &SPA_DICT_INIT(&item, 1));
}

static const struct pw_stream_events events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
	.io_changed = on_io_changed,
};

int main(int argc, char **argv)
{
	struct spa_audio_info_raw info = SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32,
			.rate = 48000, .channels = 2,
			.position = { SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR });
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct player p = { 0 };
	int res;

	if (argc != 2) {
		fprintf(stderr, "usage: player PROPERTIES\n"
				"SIGUSR1: forces the quantum that is its player.quantum\n");
		return 2;
	}
	pw_init(&argc, &argv);
	p.loop = pw_main_loop_new(NULL);
	pw_loop_add_signal(pw_main_loop_get_loop(p.loop), SIGTERM, on_signal, &p);
	pw_loop_add_signal(pw_main_loop_get_loop(p.loop), SIGUSR1, on_force, &p);
	p.stream = pw_stream_new_simple(pw_main_loop_get_loop(p.loop), "player",
			pw_properties_new_string(argv[1]), &events, &p);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	if (p.stream == NULL ||
	    (res = pw_stream_connect(p.stream, PW_DIRECTION_OUTPUT, PW_ID_ANY, PW_STREAM_FLAG_AUTOCONNECT |
			PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS, params, 1)) < 0) {
		fprintf(stderr, "player: cannot connect\n");
		return 1;
	}
	pw_main_loop_run(p.loop);
	pw_stream_destroy(p.stream);
	pw_main_loop_destroy(p.loop);
	pw_deinit();
	return 0;
}
