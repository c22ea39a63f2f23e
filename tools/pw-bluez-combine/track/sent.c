/* Sent: what each speaker is really sent, to the sample */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <spa/utils/atomic.h>
#include <spa/utils/string.h>

#include "names.h"
#include "track/sent.h"

#define NODE_NAME	"pw-bluez-combine.sent"

/* Data loop. The samples of a slot that belong to the frame \a index of the ring, and on to its end */
static float *ring_of(struct sent *s, uint32_t slot, uint32_t index)
{
	return s->ring + (size_t)slot * SENT_RING + index % SENT_RING;
}

/* Data loop. NULL: silence */
static void copy_in(struct sent *s, uint32_t slot, uint32_t index, const float *samples, uint32_t n)
{
	uint32_t first = SPA_MIN(n, SENT_RING - index % SENT_RING);

	if (samples) {
		memcpy(ring_of(s, slot, index), samples, first * sizeof(float));
		memcpy(ring_of(s, slot, 0), samples + first, (n - first) * sizeof(float));
	} else {
		memset(ring_of(s, slot, index), 0, first * sizeof(float));
		memset(ring_of(s, slot, 0), 0, (n - first) * sizeof(float));
	}
}

/* Data loop. In every cycle, whether they are of use or not: where a buffer is not taken the mixer in front of the port
 * has none from then on. Returns how many ports there are */
static uint32_t take_buffers(struct sent *s, uint32_t n, const float **samples)
{
	uint32_t n_ports = SPA_ATOMIC_LOAD(s->n_ports), i;

	for (i = 0; i < n_ports; i++)
		samples[i] = pw_filter_get_dsp_buffer(s->slots[i].port, n);
	return n_ports;
}

/* Data loop. What the clock says now may be of a cycle that has begun meanwhile */
static bool is_now(struct spa_io_clock *clock, uint64_t position)
{
	return SPA_ATOMIC_LOAD(clock->position) == position;
}

/* Data loop. What was sent in the cycle before: the first one of a new length is of the old one, and is left out */
static void put_cycle(struct sent *s, struct spa_io_clock *clock, uint64_t position, uint32_t n,
		const float *const *samples, uint32_t n_ports)
{
	struct timeline_mark mark = {
		.frame = position - n,
		.n = n,
		.ticks = position - n,
		.tick_rate = clock->rate.denom,
		.now_ns = (int64_t)clock->nsec - (int64_t)(n * (uint64_t)SPA_NSEC_PER_SEC / clock->rate.denom),
	};
	uint32_t index, of_mark, present = 0, i;

	if (spa_ringbuffer_get_write_index(&s->frames, &index) + (int64_t)n > SENT_RING)
		return;
	for (i = 0; i < n_ports; i++) {
		copy_in(s, i, index, samples[i], n);
		present |= samples[i] ? 1u << i : 0;
	}
	/* Two buffers take turns: if the next cycle has begun, this one's may be written to */
	if (!is_now(clock, position))
		return;
	spa_ringbuffer_get_write_index(&s->marks.ring, &of_mark);
	s->present[of_mark % MARKS_MAX] = present;
	if (marks_put(&s->marks, &mark))
		spa_ringbuffer_write_update(&s->frames, index + n);
}

/* Data loop */
static void on_process(void *data, struct spa_io_position *position)
{
	struct sent *s = data;
	const float *samples[SENT_SPEAKERS_MAX];
	struct spa_io_clock *clock;
	uint32_t n, n_ports;
	uint64_t now;

	if (position == NULL)
		return;
	clock = &position->clock;
	now = SPA_ATOMIC_LOAD(clock->position);
	n = clock->duration;
	n_ports = take_buffers(s, n, samples);
	/* Who was late is called once more for the same cycle */
	if (s->duration != 0 && now == s->position)
		return;
	if (n > 0 && n <= SENT_BLOCK_MAX && n == s->duration && clock->rate.denom > 0)
		put_cycle(s, clock, now, n, samples, n_ports);
	s->position = now;
	s->duration = n;
}

static void on_state(void *data, enum pw_filter_state old, enum pw_filter_state state, const char *error)
{
	struct sent *s = data;

	if (state == PW_FILTER_STATE_ERROR)
		s->failed(s->data, error ? error : "");
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
	.state_changed = on_state,
};

int sent_init(struct sent *s, struct client *client, sent_failed_t failed, void *data)
{
	struct pw_properties *props;

	*s = (struct sent) { .client = client, .failed = failed, .data = data };
	spa_ringbuffer_init(&s->frames);
	marks_init(&s->marks);
	if ((s->ring = calloc(SENT_SPEAKERS_MAX * (size_t)SENT_RING, sizeof(*s->ring))) == NULL)
		return -errno;
	props = pw_properties_new(
			PW_KEY_NODE_NAME, NODE_NAME,
			PW_KEY_NODE_DESCRIPTION, "pw-bluez-combine track",
			PW_KEY_MEDIA_TYPE, "Audio",
			PW_KEY_MEDIA_CATEGORY, "Monitor",
			PW_KEY_MEDIA_ROLE, "DSP",
			/* No cycle waits for it, */
			PW_KEY_NODE_ASYNC, "true",
			/* and it keeps nobody awake */
			PW_KEY_NODE_PASSIVE, "true",
			NULL);
	if (props == NULL || (s->filter = pw_filter_new(client->core, NODE_NAME, props)) == NULL)
		return -errno;
	pw_filter_add_listener(s->filter, &s->listener, &filter_events, s);
	return pw_filter_connect(s->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

static void unlink_port(struct sent_link *link)
{
	if (link->proxy == NULL)
		return;
	spa_hook_remove(&link->listener);
	pw_proxy_destroy(link->proxy);
	spa_zero(*link);
}

static void free_slot(struct sent_slot *slot)
{
	size_t i;

	for (i = 0; i < SENT_CHANNELS_MAX; i++)
		unlink_port(&slot->links[i]);
	slot->address[0] = '\0';
}

void sent_finish(struct sent *s)
{
	size_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		free_slot(&s->slots[i]);
	if (s->filter) {
		spa_hook_remove(&s->listener);
		pw_filter_destroy(s->filter);
	}
	free(s->ring);
	spa_zero(*s);
}

/* The output is gone, and the link with it; or it was refused: what happens next in the graph lets us try again */
static void on_link_removed(void *data)
{
	unlink_port(data);
}

static void on_link_error(void *data, int seq, int res, const char *message)
{
	unlink_port(data);
}

static const struct pw_proxy_events link_events = {
	PW_VERSION_PROXY_EVENTS,
	.removed = on_link_removed,
	.error = on_link_error,
};

static struct sent_link *find_link(struct sent_slot *slot, uint32_t port)
{
	struct sent_link *free = NULL;
	size_t i;

	for (i = 0; i < SENT_CHANNELS_MAX; i++) {
		if (slot->links[i].proxy == NULL)
			free = &slot->links[i];
		else if (slot->links[i].port == port)
			return &slot->links[i];
	}
	return free;
}

static void link_port(struct sent *s, struct sent_slot *slot, uint32_t slot_id, uint32_t port)
{
	struct sent_link *link = find_link(slot, port);
	char name[24], output[16], node[16];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_OUTPUT_PORT, output),
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_INPUT_NODE, node),
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_INPUT_PORT, name),
		SPA_DICT_ITEM_INIT(PW_KEY_LINK_PASSIVE, "true"),
	};

	if (link == NULL || link->proxy)
		return;
	snprintf(output, sizeof(output), "%u", port);
	snprintf(node, sizeof(node), "%u", pw_filter_get_node_id(s->filter));
	snprintf(name, sizeof(name), "speaker_%u", slot_id + 1);
	link->proxy = pw_core_create_object(s->client->core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
			&SPA_DICT_INIT_ARRAY(items), 0);
	if (link->proxy == NULL)
		return;
	link->port = port;
	pw_proxy_add_listener(link->proxy, &link->listener, &link_events, link);
}

/* Who plays to it for the group: by the speaker that it goes to, and the client that has made it, as any client can give
 * its node any name */
static const struct graph_object *find_output(const struct graph *graph, const struct graph_object *sink,
		const char *target)
{
	const struct graph_object *speaker, *o;

	spa_list_for_each(speaker, &graph->objects, link) {
		if (speaker->kind != GRAPH_NODE || !spa_streq(speaker->name, target))
			continue;
		for (o = NULL; (o = graph_next_source(graph, speaker->id, o));)
			if (o->client == sink->client && o->name &&
			    spa_strstartswith(o->name, BLUEZ_COMBINE_NODE_PREFIX))
				return o;
	}
	return NULL;
}

static void link_slot(struct sent *s, uint32_t slot, const struct graph_object *sink, const char *target)
{
	const struct graph *graph = &s->client->graph;
	const struct graph_object *output = sink ? find_output(graph, sink, target) : NULL, *port = NULL;

	while (output && (port = graph_next_output(graph, output->id, port)))
		link_port(s, &s->slots[slot], slot, port->id);
}

/* Ports are made in turn, so that their number says which there are */
static bool make_ports(struct sent *s, uint32_t n)
{
	char name[24];
	uint32_t i;

	for (i = s->n_ports; i < n; i++) {
		snprintf(name, sizeof(name), "speaker_%u", i + 1);
		s->slots[i].port = pw_filter_add_port(s->filter, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 0,
				pw_properties_new(
					PW_KEY_FORMAT_DSP, "32 bit float mono audio",
					PW_KEY_PORT_NAME, name,
					/* Else the output would take the mean of ours and the speaker's for the speaker's */
					PW_KEY_PORT_IGNORE_LATENCY, "true",
					NULL),
				NULL, 0);
		if (s->slots[i].port == NULL)
			return false;
		SPA_ATOMIC_STORE(s->n_ports, i + 1);
	}
	return true;
}

void sent_follow(struct sent *s, uint32_t sink_id, const struct sent_speaker *speakers, uint32_t n)
{
	const struct graph_object *sink = graph_find(&s->client->graph, sink_id);
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct sent_slot *slot = &s->slots[i];

		if (!spa_streq(slot->address, speakers[i].address))
			free_slot(slot);
		if (speakers[i].address[0] == '\0' || !make_ports(s, i + 1))
			continue;
		snprintf(slot->address, sizeof(slot->address), "%s", speakers[i].address);
		if (pw_filter_get_node_id(s->filter) != SPA_ID_INVALID)
			link_slot(s, i, sink, speakers[i].target);
	}
}

bool sent_take(struct sent *s, struct sent_block *block, float *const *samples)
{
	uint32_t index, of_mark, n_ports = SPA_ATOMIC_LOAD(s->n_ports), i, first;

	if (spa_ringbuffer_get_read_index(&s->marks.ring, &of_mark) <= 0)
		return false;
	block->present = s->present[of_mark % MARKS_MAX];
	marks_take(&s->marks, &block->mark);
	spa_ringbuffer_get_read_index(&s->frames, &index);
	first = SPA_MIN(block->mark.n, SENT_RING - index % SENT_RING);
	for (i = 0; i < n_ports; i++) {
		memcpy(samples[i], ring_of(s, i, index), first * sizeof(float));
		memcpy(samples[i] + first, ring_of(s, i, 0), (block->mark.n - first) * sizeof(float));
	}
	spa_ringbuffer_read_update(&s->frames, index + block->mark.n);
	return true;
}
