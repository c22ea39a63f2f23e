/* In-process host of the fan-out node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/atomic.h>
#include <spa/debug/types.h>
#include <spa/node/utils.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/audio/type-info.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "audio/fanout-host.h"
#include "log.h"
#include "names.h"
#include "spa-handle.h"

/* The largest quantum that PipeWire schedules by default */
#define CYCLE_MAX	8192u

/* -90 dBFS, one step of 16 bits: silence, after a codec has been at it. With a full
 * scale of 110 dB, more than such speakers can, it is less than any room's noise. */
#define SILENCE		3.2e-5f
/* The pauses between words are shorter */
#define QUIET_SEC	0.5

static uint32_t port_id(const struct fanout_host *host, uint32_t slot, uint32_t channel)
{
	return slot * host->info.channels + channel;
}

/* Give a port its format, its buffer and its io area. */
static int port_setup(struct fanout_host *host, enum spa_direction direction,
		uint32_t id, struct fanout_port *port, float *memory)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_audio_info_dsp dsp = SPA_AUDIO_INFO_DSP_INIT(.format = SPA_AUDIO_FORMAT_DSP_F32);
	struct spa_pod *format = spa_format_audio_dsp_build(&b, SPA_PARAM_Format, &dsp);
	int res;

	port->data = (struct spa_data) {
		.type = SPA_DATA_MemPtr,
		.flags = SPA_DATA_FLAG_READWRITE,
		.fd = -1,
		.maxsize = CYCLE_MAX * sizeof(float),
		.data = memory,
		.chunk = &port->chunk,
	};
	port->buffer = (struct spa_buffer) { .n_datas = 1, .datas = &port->data };
	port->buffers[0] = &port->buffer;
	port->io = SPA_IO_BUFFERS_INIT;

	if ((res = spa_node_port_set_param(host->node, direction, id,
					SPA_PARAM_Format, 0, format)) < 0 ||
	    (res = spa_node_port_use_buffers(host->node, direction, id, 0,
					port->buffers, 1)) < 0 ||
	    (res = spa_node_port_set_io(host->node, direction, id,
					SPA_IO_Buffers, &port->io, sizeof(port->io))) < 0)
		return res;
	return 0;
}

static void format_position(const struct spa_audio_info_raw *info, char *str, size_t size)
{
	struct spa_strbuf b;
	uint32_t i;

	spa_strbuf_init(&b, str, size);
	spa_strbuf_append(&b, "[");
	for (i = 0; i < info->channels; i++)
		spa_strbuf_append(&b, " %s", spa_debug_type_find_short_name(
					spa_type_audio_channel, info->position[i]));
	spa_strbuf_append(&b, " ]");
}

int fanout_host_init(struct fanout_host *host, struct pw_context *context,
		struct pw_loop *data_loop, const struct args *args, int64_t history_ns)
{
	const struct spa_audio_info_raw *info = &args->info;
	char channels[16], position[128], rate[16], history[32], slew[16];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_AUDIO_CHANNELS, channels),
		SPA_DICT_ITEM_INIT(SPA_KEY_AUDIO_POSITION, position),
		SPA_DICT_ITEM_INIT(PW_KEY_AUDIO_RATE, rate),
		SPA_DICT_ITEM_INIT(BLUEZ_COMBINE_FANOUT_OUTPUTS, "0"),
		SPA_DICT_ITEM_INIT(BLUEZ_COMBINE_FANOUT_HISTORY, history),
		SPA_DICT_ITEM_INIT(BLUEZ_COMBINE_FANOUT_SLEW, slew),
	};
	void *iface;
	uint32_t i;
	int res;

	spa_zero(*host);
	host->data_loop = data_loop;
	host->info = *info;
	host->drained = true;
	host->quiet_after = UINT32_MAX;

	if ((host->silence = calloc(CYCLE_MAX, sizeof(float))) == NULL ||
	    (host->scratch = calloc(CYCLE_MAX, sizeof(float))) == NULL) {
		res = -errno;
		goto error;
	}
	if ((res = dither_init(&host->dither, args->keep_warm_level, CYCLE_MAX)) < 0)
		goto error;

	snprintf(channels, sizeof(channels), "%u", info->channels);
	snprintf(rate, sizeof(rate), "%u", args->rate);
	snprintf(slew, sizeof(slew), "%u", args->slew_ppm);
	snprintf(history, sizeof(history), "%" PRIi64, history_ns / (int64_t)SPA_NSEC_PER_MSEC + 1);
	format_position(info, position, sizeof(position));

	host->handle = spa_handle_load(context, data_loop, BLUEZ_COMBINE_SPA_LIB,
			BLUEZ_COMBINE_FACTORY_FANOUT, &SPA_DICT_INIT_ARRAY(items));
	if (host->handle == NULL) {
		res = -errno;
		goto error;
	}
	if ((res = spa_handle_get_interface(host->handle, SPA_TYPE_INTERFACE_Node, &iface)) < 0)
		goto error;
	host->node = iface;
	if ((res = spa_handle_get_interface(host->handle, FANOUT_TYPE_CONTROL, &iface)) < 0)
		goto error;
	host->control = iface;

	for (i = 0; i < info->channels; i++)
		if ((res = port_setup(host, SPA_DIRECTION_INPUT, i, &host->inputs[i],
						host->silence)) < 0)
			goto error;
	if ((res = spa_node_send_command(host->node,
				&SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start))) < 0)
		goto error;
	return 0;

error:
	fanout_host_finish(host);
	return res;
}

void fanout_host_finish(struct fanout_host *host)
{
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(host->slots); i++)
		if (host->slots[i].used)
			fanout_host_remove(host, i);
	if (host->handle)
		pw_unload_spa_handle(host->handle);
	free(host->silence);
	dither_finish(&host->dither);
	free(host->scratch);
	spa_zero(*host);
}

struct slot_change {
	struct fanout_host *host;
	struct fanout_slot *slot;
	struct pw_stream *stream;
};

/* A port whose buffer nobody took keeps it, and the node passes over it: time passes, and
 * nothing is written to where the buffer was. */
static void put_port_aside(struct fanout_host *host, struct fanout_port *port)
{
	port->data.data = host->scratch;
	port->data.maxsize = CYCLE_MAX * sizeof(float);
	port->io.status = SPA_STATUS_HAVE_DATA;
}

static int do_set_stream(struct spa_loop *loop, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	const struct slot_change *change = data;
	struct fanout_host *host = change->host;
	uint32_t c, n = SPA_N_ELEMENTS(host->slots);

	change->slot->stream = change->stream;
	for (c = 0; c < host->info.channels; c++)
		put_port_aside(host, &change->slot->ports[c]);
	while (n > 0 && host->slots[n - 1].stream == NULL)
		n--;
	host->n_slots = n;
	return 0;
}

void fanout_host_run(struct fanout_host *host, uint32_t n, struct pw_stream *stream)
{
	struct slot_change change = { host, &host->slots[n], stream };
	pw_loop_invoke(host->data_loop, do_set_stream, 0, &change, sizeof(change), true, NULL);
}

int fanout_host_add(struct fanout_host *host)
{
	struct fanout_slot *slot;
	uint32_t n, c;
	int res;

	for (n = 0; n < SPA_N_ELEMENTS(host->slots); n++)
		if (!host->slots[n].used)
			break;
	if (n == SPA_N_ELEMENTS(host->slots))
		return -ENOSPC;

	slot = &host->slots[n];
	slot->ports = calloc(host->info.channels, sizeof(*slot->ports));
	if (slot->ports == NULL)
		return -errno;

	/* One port stands for its whole output */
	if ((res = spa_node_add_port(host->node, SPA_DIRECTION_OUTPUT,
					port_id(host, n, 0), NULL)) < 0)
		goto error_ports;
	slot->used = true;
	/* Before the ports: with them it would begin to fade in */
	if ((res = fanout_control_set_targets(host->control,
			&(struct fanout_output_target) { .output = n }, 1)) < 0)
		goto error;
	for (c = 0; c < host->info.channels; c++)
		if ((res = port_setup(host, SPA_DIRECTION_OUTPUT, port_id(host, n, c),
						&slot->ports[c], host->scratch)) < 0)
			goto error;
	fanout_host_run(host, n, NULL);
	return n;

error:
	fanout_host_remove(host, n);
	return res;
error_ports:
	free(slot->ports);
	slot->ports = NULL;
	return res;
}

void fanout_host_remove(struct fanout_host *host, uint32_t n)
{
	struct fanout_slot *slot = &host->slots[n];

	if (!slot->used)
		return;
	fanout_host_run(host, n, NULL);
	spa_node_remove_port(host->node, SPA_DIRECTION_OUTPUT, port_id(host, n, 0));
	free(slot->ports);
	spa_zero(*slot);
}

void fanout_host_set_position(struct fanout_host *host, struct spa_io_position *position)
{
	SPA_ATOMIC_STORE(host->position, position);
	/* This waits for the data loop: no cycle that has seen the former position
	 * is left when we return, and the caller may unmap it. */
	spa_node_set_io(host->node, SPA_IO_Position, position, position ? sizeof(*position) : 0);
}

/* data loop */
static struct pw_buffer *newest_buffer(struct pw_stream *stream)
{
	struct pw_buffer *b = NULL, *next;

	while ((next = pw_stream_dequeue_buffer(stream)) != NULL) {
		if (b)
			pw_stream_queue_buffer(stream, b);
		b = next;
	}
	return b;
}

/* Point the input ports at what the sink got. The ring must move on in every
 * cycle, or the outputs would lose their place: without input it is silence. */
static uint32_t map_inputs(struct fanout_host *host, struct pw_buffer *in)
{
	struct spa_io_position *position = SPA_ATOMIC_LOAD(host->position);
	uint32_t c, n_samples = CYCLE_MAX;

	for (c = 0; in && c < SPA_MIN(host->info.channels, in->buffer->n_datas); c++)
		n_samples = SPA_MIN(n_samples,
				in->buffer->datas[c].chunk->size / (uint32_t)sizeof(float));
	if (in == NULL || n_samples == 0)
		n_samples = position ? SPA_MIN(position->clock.duration, CYCLE_MAX) : 0;

	for (c = 0; c < host->info.channels; c++) {
		struct fanout_port *port = &host->inputs[c];

		port->data.data = host->silence;
		if (in && c < in->buffer->n_datas) {
			struct spa_data *d = &in->buffer->datas[c];
			uint32_t offs = SPA_MIN(d->chunk->offset, d->maxsize);
			uint32_t size = SPA_MIN(d->chunk->size, d->maxsize - offs);
			if (size >= n_samples * sizeof(float))
				port->data.data = SPA_PTROFF(d->data, offs, void);
		}
		port->chunk = (struct spa_chunk) {
			.size = n_samples * sizeof(float),
			.stride = sizeof(float),
		};
		port->io.status = SPA_STATUS_HAVE_DATA;
		port->io.buffer_id = 0;
	}
	return n_samples;
}

static void map_output(struct fanout_host *host, struct fanout_slot *slot, struct pw_buffer *out)
{
	uint32_t c;

	for (c = 0; c < host->info.channels; c++) {
		struct fanout_port *port = &slot->ports[c];

		/* Nowhere to play to in this cycle */
		if (out == NULL || c >= out->buffer->n_datas) {
			put_port_aside(host, port);
			continue;
		}
		port->data.data = out->buffer->datas[c].data;
		port->data.maxsize = out->buffer->datas[c].maxsize;
		port->io.status = SPA_STATUS_NEED_DATA;
		port->io.buffer_id = 0;
	}
}

/* Dither comes last, so that it is the same whatever gain and role the output has: half a step of 16 bits is
 * none at all. It replaces what is silence, and never adds to anything. */
static void finish_output(struct fanout_host *host, struct fanout_slot *slot, struct pw_buffer *out,
		bool dither)
{
	uint32_t c;

	for (c = 0; c < out->buffer->n_datas; c++) {
		struct spa_chunk *chunk = out->buffer->datas[c].chunk;
		struct fanout_port *port;

		chunk->offset = 0;
		chunk->size = 0;
		chunk->stride = sizeof(float);
		if (c >= host->info.channels)
			continue;
		port = &slot->ports[c];
		if (port->io.status == SPA_STATUS_HAVE_DATA)
			chunk->size = SPA_MIN(port->chunk.size, out->buffer->datas[c].maxsize);
		if (dither && chunk->size > 0)
			dither_write(&host->dither, out->buffer->datas[c].data,
					chunk->size / (uint32_t)sizeof(float));
	}
	pw_stream_queue_buffer(slot->stream, out);
}

void fanout_host_set_drain(struct fanout_host *host, int64_t ns, uint32_t rate)
{
	double samples = (double)ns * rate / SPA_NSEC_PER_SEC;

	SPA_ATOMIC_STORE(host->drain, (uint32_t)samples);
	SPA_ATOMIC_STORE(host->quiet_after, (uint32_t)(samples + QUIET_SEC * rate));
}

void fanout_host_set_warm(struct fanout_host *host, bool warm)
{
	SPA_ATOMIC_STORE(host->warm, warm);
}

bool fanout_host_is_drained(const struct fanout_host *host)
{
	return SPA_ATOMIC_LOAD(host->drained);
}

bool fanout_host_is_quiet(const struct fanout_host *host)
{
	return SPA_ATOMIC_LOAD(host->quiet);
}

/* A sink that nobody is linked to gets buffers that are marked as empty */
static bool has_input(const struct pw_buffer *in)
{
	uint32_t c;

	for (c = 0; in && c < in->buffer->n_datas; c++)
		if (!SPA_FLAG_IS_SET(in->buffer->datas[c].chunk->flags, SPA_CHUNK_FLAG_EMPTY))
			return true;
	return false;
}

/* How many samples ago the newest was that can be heard, at most n_samples. While
 * music plays it is one of the first to be looked at. */
static uint32_t silence_length(const struct fanout_host *host, uint32_t n_samples)
{
	uint32_t c, n, length = n_samples;

	for (c = 0; c < host->info.channels; c++) {
		const float *end = (const float *)host->inputs[c].data.data + n_samples;

		/* A nan is no silence */
		for (n = 0; n < length && fabsf(end[-1 - (int32_t)n]) <= SILENCE; n++)
			;
		length = n;
	}
	return length;
}

static uint32_t count(uint32_t counter, uint32_t n_samples)
{
	return SPA_MIN(counter, UINT32_MAX - n_samples) + n_samples;
}

static bool update_flag(bool *flag, bool value)
{
	if (value == *flag)
		return false;
	SPA_ATOMIC_STORE(*flag, value);
	return true;
}

/* Returns true when it has changed whether all is played, or silent */
static bool update_silence(struct fanout_host *host, bool input, uint32_t n_samples)
{
	uint32_t drain = SPA_ATOMIC_LOAD(host->drain), length = n_samples;
	bool changed;

	if (input)
		length = silence_length(host, n_samples);
	host->silent = input ? 0 : count(host->silent, n_samples);
	host->still = length < n_samples ? length : count(host->still, n_samples);

	changed = update_flag(&host->drained, host->silent > 0 && host->silent >= drain);
	changed |= update_flag(&host->quiet,
			host->still >= SPA_ATOMIC_LOAD(host->quiet_after));
	return changed;
}

bool fanout_host_process(struct fanout_host *host, struct pw_stream *sink)
{
	struct pw_buffer *in, *out[FANOUT_HOST_OUTPUTS_MAX];
	uint32_t i, n_samples;
	bool changed, dither;

	in = newest_buffer(sink);
	n_samples = map_inputs(host, in);
	changed = update_silence(host, has_input(in), n_samples);
	dither = host->quiet && SPA_ATOMIC_LOAD(host->warm);

	for (i = 0; i < host->n_slots; i++) {
		struct fanout_slot *slot = &host->slots[i];
		out[i] = slot->stream ? pw_stream_dequeue_buffer(slot->stream) : NULL;
		if (slot->stream)
			map_output(host, slot, out[i]);
	}

	spa_node_process(host->node);

	for (i = 0; i < host->n_slots; i++) {
		struct fanout_slot *slot = &host->slots[i];
		if (slot->stream == NULL)
			continue;
		if (out[i])
			finish_output(host, slot, out[i], dither);
		/* Also without a buffer: its cycle is over, and the graph waits. */
		pw_stream_trigger_process(slot->stream);
	}
	if (in)
		pw_stream_queue_buffer(sink, in);
	return changed;
}

void fanout_host_skip(struct fanout_host *host, struct pw_stream *sink)
{
	struct pw_buffer *in = newest_buffer(sink);
	uint32_t i;

	for (i = 0; i < host->n_slots; i++)
		if (host->slots[i].stream)
			pw_stream_trigger_process(host->slots[i].stream);
	if (in)
		pw_stream_queue_buffer(sink, in);
}
