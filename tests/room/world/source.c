/* Microphones as sources in PipeWire */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/latency-utils.h>
#include <spa/utils/dll.h>

#include "world/source.h"

#define RETRY_MS	200
/* As WirePlumber ranks a sound card's */
#define PRIORITY	"2009"
/* A follower's own resampler: slow, so that a cycle that is late by itself is not heard */
#define DLL_BW		0.05	/* Hz */
#define LOST_NS		100e6	/* further off than this, it begins anew */

struct sources {
	int64_t epoch_ns;
	struct pw_thread_loop *thread;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct spa_source *retry;
	struct spa_list list;		/**< struct source */
};

struct source {
	struct spa_list link;		/**< sources.list */
	struct sources *sources;
	struct pw_properties *props;
	struct pickup_config config;
	const struct heard *heard;
	uint32_t seed;
	bool plugged;
	struct pw_stream *stream;	/**< NULL: unplugged, or no daemon */
	struct spa_hook stream_listener;
	struct pw_loop *data_loop;
	struct spa_source *timer;

	/* of the data loop */
	struct spa_io_position *position;
	double next_ns;			/**< of the driver: the next cycle */
	double heard_ns;		/**< since the epoch: the next sample */
	bool locked;			/**< heard_ns holds */
	struct spa_dll dll;
	struct pickup pickup;
	_Atomic uint64_t missed;
};

static double own_period_ns(const struct source *s)
{
	return 1e9 / (s->config.rate * (1.0 + s->config.ppm * 1e-6));
}

/* Data loop */

static void set_timer(struct source *s)
{
	struct timespec at = { .tv_sec = (time_t)(s->next_ns / 1e9) };

	at.tv_nsec = (long)(s->next_ns - at.tv_sec * 1e9);
	pw_loop_update_timer(s->data_loop, s->timer, &at, NULL, true);
}

/* A cycle of the graph that it drives: so many of its frames, at its own pace */
static void on_timer(void *data, uint64_t expirations)
{
	struct source *s = data;
	struct spa_io_clock *clock;
	double now = s->next_ns;

	if (s->position == NULL)
		return;
	clock = &s->position->clock;
	s->next_ns += clock->target_duration * 1e9 * clock->target_rate.num / clock->target_rate.denom /
		(1.0 + s->config.ppm * 1e-6);
	if (pw_stream_is_driving(s->stream)) {
		clock->nsec = (uint64_t)now;
		clock->rate = clock->target_rate;
		clock->position += clock->duration;
		clock->duration = clock->target_duration;
		clock->delay = 0;
		clock->rate_diff = 1.0 + s->config.ppm * 1e-6;
		clock->next_nsec = (uint64_t)s->next_ns;
		pw_stream_trigger_process(s->stream);
	}
	set_timer(s);
}

/*
 * From one sample to the next. Driving, it is its own period. As a follower it is that which the graph's
 * clock makes of it, held by a loop on what is heard last against the time of the cycle.
 */
static double period_ns(struct source *s, double end_ns, uint32_t n)
{
	double period = own_period_ns(s), error;

	if (pw_stream_is_driving(s->stream)) {
		if (fabs(s->heard_ns + n * period - end_ns) > LOST_NS)
			s->locked = false;
	} else {
		error = (s->heard_ns + n * 1e9 / s->config.rate - end_ns) * 1e-9 * s->config.rate;
		period = 1e9 / s->config.rate;
		if (fabs(error) * period > LOST_NS)
			s->locked = false;
		else
			period /= spa_dll_update(&s->dll, error);
	}
	if (!s->locked) {
		s->heard_ns = end_ns - n * period;
		spa_dll_init(&s->dll);
		spa_dll_set_bw(&s->dll, DLL_BW, n, s->config.rate);
		s->locked = true;
	}
	return period;
}

static void on_process(void *data)
{
	struct source *s = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(s->stream);
	struct spa_data *d;
	double end_ns, period;
	uint32_t n;

	if (b == NULL || s->position == NULL)
		return;
	d = &b->buffer->datas[0];
	n = d->maxsize / sizeof(float);
	n = SPA_MIN(n, b->requested > 0 ? (uint32_t)b->requested : n);
	end_ns = s->position->clock.nsec - s->sources->epoch_ns - s->config.latency_ms * 1e6;
	period = period_ns(s, end_ns, n);
	pickup_read(&s->pickup, s->heard_ns, period, d->data, n);
	s->heard_ns += n * period;
	atomic_store(&s->missed, s->pickup.missed);
	d->chunk->offset = 0;
	d->chunk->stride = sizeof(float);
	d->chunk->size = n * sizeof(float);
	pw_stream_queue_buffer(s->stream, b);
}

static void on_io_changed(void *data, uint32_t id, void *area, uint32_t size)
{
	struct source *s = data;

	if (id == SPA_IO_Position)
		s->position = area;
}

static int do_start(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size, void *user)
{
	struct source *s = user;
	struct timespec now;

	pickup_start(&s->pickup, s->heard, s->seed);
	s->locked = false;
	spa_system_clock_gettime(s->data_loop->system, CLOCK_MONOTONIC, &now);
	s->next_ns = SPA_TIMESPEC_TO_NSEC(&now);
	set_timer(s);
	return 0;
}

static int do_stop(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size, void *user)
{
	struct source *s = user;

	pw_loop_update_timer(s->data_loop, s->timer, &(struct timespec) { 0 }, NULL, false);
	return 0;
}

static int do_configure(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size, void *user)
{
	struct source *s = user;

	s->config = s->pickup.config = *(const struct pickup_config *)data;
	return 0;
}

/* The thread of the connection */

static void on_state_changed(void *data, enum pw_stream_state old, enum pw_stream_state state, const char *error)
{
	struct source *s = data;

	if (state == PW_STREAM_STATE_ERROR)
		fprintf(stderr, "roomd: a microphone: %s\n", error);
	if (s->data_loop != NULL)
		pw_loop_invoke(s->data_loop, state == PW_STREAM_STATE_STREAMING ? do_start : do_stop, 0,
				NULL, 0, true, s);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.state_changed = on_state_changed,
	.io_changed = on_io_changed,
	.process = on_process,
};

static void remove_stream(struct source *s)
{
	if (s->stream == NULL)
		return;
	spa_hook_remove(&s->stream_listener);
	pw_stream_destroy(s->stream);
	s->stream = NULL;
	s->position = NULL;
	if (s->timer != NULL)
		pw_loop_destroy_source(s->data_loop, s->timer);
	s->timer = NULL;
	pw_context_release_loop(s->sources->context, s->data_loop);
	s->data_loop = NULL;
}

static int add_stream(struct source *s)
{
	struct sources *all = s->sources;
	struct spa_audio_info_raw info = SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32,
			.channels = 1, .rate = s->config.rate, .position = { SPA_AUDIO_CHANNEL_MONO });
	struct spa_latency_info latency = SPA_LATENCY_INFO(SPA_DIRECTION_OUTPUT,
			.min_ns = (int64_t)(s->config.latency_ms * 1e6),
			.max_ns = (int64_t)(s->config.latency_ms * 1e6));
	struct pw_properties *props = pw_properties_copy(s->props);
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[2];

	s->data_loop = pw_context_acquire_loop(all->context, &props->dict);
	s->timer = pw_loop_add_timer(s->data_loop, on_timer, s);
	pw_properties_set(props, PW_KEY_NODE_LOOP_NAME, s->data_loop->name);
	s->stream = pw_stream_new(all->core, "microphone", props);
	if (s->stream == NULL)
		return -errno;
	pw_stream_add_listener(s->stream, &s->stream_listener, &stream_events, s);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	params[1] = spa_latency_build(&b, SPA_PARAM_Latency, &latency);
	return pw_stream_connect(s->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY, PW_STREAM_FLAG_DRIVER |
			PW_STREAM_FLAG_RT_PROCESS | PW_STREAM_FLAG_MAP_BUFFERS, params, 2);
}

static void update(struct source *s)
{
	bool wanted = s->plugged && s->sources->core != NULL;
	int res;

	if (!wanted) {
		remove_stream(s);
	} else if (s->stream == NULL && (res = add_stream(s)) < 0) {
		fprintf(stderr, "roomd: cannot add a microphone: %s\n", strerror(-res));
		remove_stream(s);
	}
}

static void arm_retry(struct sources *all, bool armed)
{
	struct timespec after = { .tv_nsec = armed ? RETRY_MS * SPA_NSEC_PER_MSEC : 0 };

	pw_loop_update_timer(pw_thread_loop_get_loop(all->thread), all->retry, &after, NULL, false);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct sources *all = data;
	struct source *s;

	if (id != PW_ID_CORE || res != -EPIPE)
		return;
	spa_hook_remove(&all->core_listener);
	spa_list_for_each(s, &all->list, link)
		remove_stream(s);
	/* not here: it is in the middle of telling us */
	arm_retry(all, true);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = on_core_error,
};

static void on_retry(void *data, uint64_t expirations)
{
	struct sources *all = data;
	struct source *s;

	if (all->core != NULL)
		pw_core_disconnect(all->core);
	all->core = pw_context_connect(all->context, NULL, 0);
	if (all->core == NULL) {
		arm_retry(all, true);
		return;
	}
	pw_core_add_listener(all->core, &all->core_listener, &core_events, all);
	spa_list_for_each(s, &all->list, link)
		update(s);
}

/* Main thread */

struct sources *sources_new(int64_t epoch_ns)
{
	struct sources *all = calloc(1, sizeof(*all));
	int res;

	if (all == NULL)
		return NULL;
	pw_init(NULL, NULL);
	spa_list_init(&all->list);
	all->epoch_ns = epoch_ns;
	if ((all->thread = pw_thread_loop_new("microphones", NULL)) == NULL ||
	    (all->context = pw_context_new(pw_thread_loop_get_loop(all->thread), NULL, 0)) == NULL ||
	    (res = pw_thread_loop_start(all->thread)) < 0) {
		sources_destroy(all);
		return NULL;
	}
	pw_thread_loop_lock(all->thread);
	all->retry = pw_loop_add_timer(pw_thread_loop_get_loop(all->thread), on_retry, all);
	on_retry(all, 0);
	pw_thread_loop_unlock(all->thread);
	return all;
}

void sources_destroy(struct sources *all)
{
	if (all == NULL)
		return;
	if (all->thread != NULL)
		pw_thread_loop_stop(all->thread);
	if (all->context != NULL)
		pw_context_destroy(all->context);
	if (all->thread != NULL)
		pw_thread_loop_destroy(all->thread);
	free(all);
	pw_deinit();
}

struct source *source_new(struct sources *all, const char *name, const char *description,
			  const struct pickup_config *config, const struct heard *heard, uint32_t seed)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->props = pw_properties_new(PW_KEY_MEDIA_CLASS, "Audio/Source",
			PW_KEY_NODE_DESCRIPTION, description,
			PW_KEY_PRIORITY_DRIVER, PRIORITY,
			PW_KEY_PRIORITY_SESSION, PRIORITY,
			PW_KEY_DEVICE_FORM_FACTOR, "microphone",
			PW_KEY_NODE_PAUSE_ON_IDLE, "false", NULL);
	pw_properties_setf(s->props, PW_KEY_NODE_NAME, SOURCE_PREFIX "%s", name);
	s->sources = all;
	s->config = s->pickup.config = *config;
	s->heard = heard;
	s->seed = seed;
	pw_thread_loop_lock(all->thread);
	spa_list_append(&all->list, &s->link);
	pw_thread_loop_unlock(all->thread);
	return s;
}

void source_destroy(struct source *s)
{
	if (s == NULL)
		return;
	pw_thread_loop_lock(s->sources->thread);
	remove_stream(s);
	spa_list_remove(&s->link);
	pw_thread_loop_unlock(s->sources->thread);
	pw_properties_free(s->props);
	free(s);
}

void source_configure(struct source *s, const struct pickup_config *config)
{
	pw_thread_loop_lock(s->sources->thread);
	if (s->data_loop != NULL)
		pw_loop_invoke(s->data_loop, do_configure, 0, config, sizeof(*config), true, s);
	else
		s->config = s->pickup.config = *config;
	pw_thread_loop_unlock(s->sources->thread);
}

void source_plug(struct source *s, bool plugged)
{
	pw_thread_loop_lock(s->sources->thread);
	s->plugged = plugged;
	update(s);
	pw_thread_loop_unlock(s->sources->thread);
}

uint64_t source_missed(const struct source *s)
{
	return atomic_load(&s->missed);
}
