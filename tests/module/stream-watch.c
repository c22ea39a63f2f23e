/* Watches who uses the streams of a host, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * Preloaded, in front of libpipewire. A stream that is triggered from another node's cycle may be
 * used by the data loop only from when it is started until it is told to stop: what it needs comes
 * and goes with that, in the main loop, and PipeWire waits for its own cycles only. Whoever uses it
 * at another time ends here.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <pipewire/pipewire.h>
#include <spa/node/command.h>
#include <spa/utils/atomic.h>

#define STREAMS_MAX	256

struct watch {
	struct pw_stream *stream;	/* atomic; NULL: free */
	bool triggered;			/* by another node's cycle: it is watched */
	bool started;			/* atomic */
	struct spa_hook first;		/* of the stream's listeners */
	struct spa_hook last;
};

static struct watch watches[STREAMS_MAX];
static uint32_t n_uses, n_stops;

/* libpipewire's own */
static struct {
	__typeof__(pw_stream_new) *stream_new;
	__typeof__(pw_stream_connect) *connect;
	__typeof__(pw_stream_destroy) *destroy;
	__typeof__(pw_stream_dequeue_buffer) *dequeue_buffer;
	__typeof__(pw_stream_queue_buffer) *queue_buffer;
	__typeof__(pw_stream_trigger_process) *trigger_process;
} real;

static void *next(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL) {
		fprintf(stderr, "stream-watch: there is no %s\n", name);
		abort();
	}
	return symbol;
}

__attribute__((constructor)) static void find_real(void)
{
	real.stream_new = next("pw_stream_new");
	real.connect = next("pw_stream_connect");
	real.destroy = next("pw_stream_destroy");
	real.dequeue_buffer = next("pw_stream_dequeue_buffer");
	real.queue_buffer = next("pw_stream_queue_buffer");
	real.trigger_process = next("pw_stream_trigger_process");
}

static struct watch *find(const struct pw_stream *stream)
{
	SPA_FOR_EACH_ELEMENT_VAR(watches, w)
		if (SPA_ATOMIC_LOAD(w->stream) == stream)
			return w;
	return NULL;
}

/* data loop */
static void use(struct pw_stream *stream, const char *how)
{
	struct watch *w = find(stream);

	if (w == NULL || !w->triggered)
		return;
	if (!SPA_ATOMIC_LOAD(w->started)) {
		fprintf(stderr, "stream-watch: %s of a stream that is not started\n", how);
		abort();
	}
	SPA_ATOMIC_INC(n_uses);
}

static void before_others(void *data, const struct spa_command *command)
{
	struct watch *w = data;

	if (SPA_NODE_COMMAND_ID(command) == SPA_NODE_COMMAND_Start)
		SPA_ATOMIC_STORE(w->started, true);
}

static void after_others(void *data, const struct spa_command *command)
{
	struct watch *w = data;

	switch (SPA_NODE_COMMAND_ID(command)) {
	case SPA_NODE_COMMAND_Pause:
	case SPA_NODE_COMMAND_Suspend:
		if (SPA_ATOMIC_XCHG(w->started, false) && w->triggered)
			n_stops++;
		break;
	default:
		break;
	}
}

static const struct pw_stream_events first_events = {
	PW_VERSION_STREAM_EVENTS,
	.command = before_others,
};

static const struct pw_stream_events last_events = {
	PW_VERSION_STREAM_EVENTS,
	.command = after_others,
};

SPA_EXPORT struct pw_stream *pw_stream_new(struct pw_core *core, const char *name,
		struct pw_properties *props)
{
	struct pw_stream *stream = real.stream_new(core, name, props);
	struct watch *w = find(NULL);

	if (stream && w) {
		w->triggered = w->started = false;
		pw_stream_add_listener(stream, &w->first, &first_events, w);
		SPA_ATOMIC_STORE(w->stream, stream);
	}
	return stream;
}

/* Its user's listeners are there by now */
SPA_EXPORT int pw_stream_connect(struct pw_stream *stream, enum pw_direction direction,
		uint32_t target_id, enum pw_stream_flags flags,
		const struct spa_pod **params, uint32_t n_params)
{
	struct watch *w = find(stream);

	if (w) {
		w->triggered = SPA_FLAG_IS_SET(flags, PW_STREAM_FLAG_TRIGGER);
		pw_stream_add_listener(stream, &w->last, &last_events, w);
	}
	return real.connect(stream, direction, target_id, flags, params, n_params);
}

SPA_EXPORT void pw_stream_destroy(struct pw_stream *stream)
{
	struct watch *w = find(stream);

	real.destroy(stream);
	if (w)
		SPA_ATOMIC_STORE(w->stream, NULL);
}

SPA_EXPORT struct pw_buffer *pw_stream_dequeue_buffer(struct pw_stream *stream)
{
	use(stream, "pw_stream_dequeue_buffer()");
	return real.dequeue_buffer(stream);
}

SPA_EXPORT int pw_stream_queue_buffer(struct pw_stream *stream, struct pw_buffer *buffer)
{
	use(stream, "pw_stream_queue_buffer()");
	return real.queue_buffer(stream, buffer);
}

SPA_EXPORT int pw_stream_trigger_process(struct pw_stream *stream)
{
	use(stream, "pw_stream_trigger_process()");
	return real.trigger_process(stream);
}

/* A host in which nothing was watched has proved nothing */
__attribute__((destructor)) static void tell(void)
{
	fprintf(stderr, "stream-watch: %u uses, %u stops\n", n_uses, n_stops);
}
