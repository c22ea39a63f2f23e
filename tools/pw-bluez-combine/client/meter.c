/* How loud something plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/param/audio/format-utils.h>
#include <spa/utils/atomic.h>

#include "client/meter.h"

#define PEAKS_RATE	25
#define FALL_DB		20.0	/* a second: that of a peak programme meter, IEC 60268-10 */
#define FLOOR_DB	(-60.0)

/* Floats from 0 on are in the order of their bits, and bits can be atomic */
static uint32_t float_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static float bits_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void on_process(void *data)
{
	struct meter *meter = data;
	struct pw_buffer *b = pw_stream_dequeue_buffer(meter->stream);
	float peak = bits_float(SPA_ATOMIC_LOAD(meter->peak));
	const struct spa_data *d;
	const float *samples;
	uint32_t i, n;

	if (b == NULL)
		return;
	d = &b->buffer->datas[0];
	if (d->data) {
		uint32_t offset = SPA_MIN(d->chunk->offset, d->maxsize);

		samples = SPA_PTROFF(d->data, offset, const float);
		n = SPA_MIN(d->chunk->size, d->maxsize - offset) / sizeof(float);
		for (i = 0; i < n; i++)
			peak = SPA_MAX(peak, fabsf(samples[i]));
		SPA_ATOMIC_STORE(meter->peak, float_bits(peak));
	}
	pw_stream_queue_buffer(meter->stream, b);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
};

static struct pw_properties *make_properties(const char *target, enum meter_of of)
{
	struct pw_properties *props = pw_properties_new(
			PW_KEY_MEDIA_TYPE, "Audio",
			PW_KEY_MEDIA_CATEGORY, "Capture",
			PW_KEY_TARGET_OBJECT, target,
			/* peaks instead of samples, and not in anybody's list of recordings */
			PW_KEY_STREAM_MONITOR, "true",
			PW_KEY_NODE_PASSIVE, "true",
			"node.dont-fallback", "true",
			"node.linger", "true",
			"state.restore-props", "false",
			"state.restore-target", "false",
			NULL);

	if (props && of == METER_SINK)
		pw_properties_set(props, PW_KEY_STREAM_CAPTURE_SINK, "true");
	if (props)
		pw_properties_setf(props, PW_KEY_NODE_NAME, "pw-bluez-combine.meter.%s", target);
	return props;
}

struct meter *meter_new(struct pw_core *core, const char *target, enum meter_of of)
{
	struct spa_audio_info_raw info = {
		.format = SPA_AUDIO_FORMAT_F32, .rate = PEAKS_RATE, .channels = 1,
		.position = { SPA_AUDIO_CHANNEL_MONO },
	};
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *params[1];
	struct meter *meter = calloc(1, sizeof(*meter));
	struct pw_properties *props;
	int res;

	if (meter == NULL)
		return NULL;
	if ((meter->target = strdup(target)) == NULL || (props = make_properties(target, of)) == NULL ||
	    (meter->stream = pw_stream_new(core, "meter", props)) == NULL) {
		res = -errno;
		goto error;
	}
	pw_stream_add_listener(meter->stream, &meter->listener, &stream_events, meter);
	params[0] = spa_format_audio_raw_build(&b, SPA_PARAM_EnumFormat, &info);
	if ((res = pw_stream_connect(meter->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
			PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
			params, 1)) < 0)
		goto error;
	return meter;

error:
	meter_destroy(meter);
	errno = -res;
	return NULL;
}

void meter_destroy(struct meter *meter)
{
	if (meter->stream) {
		spa_hook_remove(&meter->listener);
		pw_stream_destroy(meter->stream);
	}
	free(meter->target);
	free(meter);
}

double meter_read_db(struct meter *meter, double seconds)
{
	float peak = bits_float(SPA_ATOMIC_XCHG(meter->peak, 0));
	double db;

	meter->level = SPA_MAX(peak, meter->level * (float)pow(10.0, -FALL_DB * seconds / 20.0));
	db = meter->level > 0.0f ? 20.0 * log10(meter->level) : -INFINITY;
	return db < FLOOR_DB ? -INFINITY : db;
}
