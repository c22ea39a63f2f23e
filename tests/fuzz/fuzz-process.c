/* Fuzz target: what a host may do to the fan-out node between two cycles, and the cycles */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* Each step is a byte that says what is done, one that says to which port, and a number. */

#include <math.h>

#include <spa/node/utils.h>
#include <spa/param/audio/dsp-utils.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/support/plugin.h>
#include <spa/utils/names.h>

#include "fanout/node.h"
#include "fuzz.h"
#include "names.h"

#define PORTS		10	/* two inputs, and four outputs of two */
#define BUFFERS		3
#define SAMPLES_MAX	3000
#define STEPS_MAX	400
#define CYCLES_MAX	40

extern const struct spa_handle_factory bluez_combine_fanout_factory;

struct test_port {
	enum spa_direction direction;
	uint32_t id;
	struct spa_io_buffers io;
	struct spa_io_async_buffers async;
	struct spa_buffer buffers[BUFFERS], *list[BUFFERS];
	struct spa_data datas[BUFFERS];
	struct spa_chunk chunks[BUFFERS];
	float *memory[BUFFERS];
	uint32_t n_buffers;
};

static struct fanout f;
static struct spa_node *node;
static struct test_port ports[PORTS];
static struct spa_io_position position;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void set_format(struct test_port *p)
{
	uint8_t buffer[256];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

	spa_node_port_set_param(node, p->direction, p->id, SPA_PARAM_Format, 0,
			spa_format_audio_dsp_build(&b, SPA_PARAM_Format,
				&SPA_AUDIO_INFO_DSP_INIT(.format = SPA_AUDIO_FORMAT_DSP_F32)));
}

static void drop_buffers(struct test_port *p)
{
	uint32_t i;

	spa_node_port_use_buffers(node, p->direction, p->id, 0, NULL, 0);
	for (i = 0; i < p->n_buffers; i++)
		free(p->memory[i]);
	p->n_buffers = 0;
}

/* Of just that size: a sample too much is seen */
static void use_buffers(struct test_port *p, uint32_t n, uint32_t samples)
{
	uint32_t i;

	drop_buffers(p);
	for (i = 0; i < n; i++) {
		p->memory[i] = malloc(SPA_MAX(samples, 1u) * sizeof(float));
		memset(p->memory[i], 0, SPA_MAX(samples, 1u) * sizeof(float));
		p->chunks[i] = (struct spa_chunk) { .size = samples * sizeof(float) };
		p->datas[i] = (struct spa_data) {
			.type = SPA_DATA_MemPtr,
			.maxsize = samples * sizeof(float),
			.data = p->memory[i],
			.chunk = &p->chunks[i],
		};
		p->buffers[i] = (struct spa_buffer) { .n_datas = 1, .datas = &p->datas[i] };
		p->list[i] = &p->buffers[i];
	}
	if (spa_node_port_use_buffers(node, p->direction, p->id, 0, p->list, n) >= 0)
		p->n_buffers = n;
	else
		for (i = 0; i < n; i++)
			free(p->memory[i]);
}

static void set_props(uint32_t output, uint32_t which, uint32_t value)
{
	static const char * const keys[] = { BLUEZ_COMBINE_OUTPUT_DELAY, BLUEZ_COMBINE_OUTPUT_GAIN,
		BLUEZ_COMBINE_OUTPUT_ROLE, BLUEZ_COMBINE_OUTPUT_WAIT, BLUEZ_COMBINE_FANOUT_SLEW,
		BLUEZ_COMBINE_OUTPUT_CODE, BLUEZ_COMBINE_OUTPUT_SAMPLES, BLUEZ_COMBINE_OUTPUT_CHIP };
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame frames[2];
	char key[64];

	which %= SPA_N_ELEMENTS(keys);
	if (which != 4)
		snprintf(key, sizeof(key), BLUEZ_COMBINE_OUTPUT_PREFIX "%u.%s", output, keys[which]);
	else
		snprintf(key, sizeof(key), "%s", keys[which]);
	spa_pod_builder_push_object(&b, &frames[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &frames[1]);
	spa_pod_builder_string(&b, key);
	/* Any number that there is, down to denormals, and what is none */
	if (value & 0x80000000 && which != 2) {
		union { uint64_t bits; double number; } any = { (uint64_t)value << 33 };

		spa_pod_builder_double(&b, any.number);
		which = SPA_ID_INVALID;
	}
	switch (which) {
	case SPA_ID_INVALID: break;
	case 1: spa_pod_builder_double(&b, (value & 0xff) / 255.0); break;
	case 2: spa_pod_builder_string(&b, role_name(value % ROLE_N)); break;
	case 4: spa_pod_builder_int(&b, value % (FANOUT_SLEW_PPM_MAX + 1)); break;
	case 5: spa_pod_builder_int(&b, value % (WOBBLE_CODES + 1)); break;
	case 6: spa_pod_builder_int(&b, value % (WOBBLE_SAMPLES_MAX + 1)); break;
	default: spa_pod_builder_long(&b, value % (50 * SPA_NSEC_PER_MSEC)); break;
	}
	spa_pod_builder_pop(&b, &frames[1]);
	spa_node_set_param(node, SPA_PARAM_Props, 0, spa_pod_builder_pop(&b, &frames[0]));
}

static void fill(struct test_port *p, uint32_t seed)
{
	uint32_t i, n;

	for (i = 0; i < p->n_buffers; i++)
		for (n = 0; n < p->datas[i].maxsize / sizeof(float); n++)
			p->memory[i][n] = sinf(n * 0.01f * (seed & 0xff));
}

/* What is finite and within full scale is so again */
static void check_output(struct test_port *p)
{
	struct spa_chunk *chunk;
	const float *samples;
	uint32_t i;

	if (p->io.status != SPA_STATUS_HAVE_DATA || p->io.buffer_id >= p->n_buffers)
		return;
	chunk = &p->chunks[p->io.buffer_id];
	samples = p->memory[p->io.buffer_id];
	if (chunk->offset != 0 || chunk->size > p->datas[p->io.buffer_id].maxsize)
		return;		/* a host that wrote this itself */
	for (i = 0; i < chunk->size / sizeof(float); i++)
		fuzz_check(fabsf(samples[i]) <= 1.5f);
}

static void cycle(void)
{
	uint32_t i;

	spa_node_process(node);
	for (i = 0; i < PORTS; i++)
		if (ports[i].direction == SPA_DIRECTION_OUTPUT)
			check_output(&ports[i]);
}

static void set_position(uint32_t what, uint32_t value)
{
	switch (what & 7) {
	case 0: position.clock.duration = value; break;
	case 1: position.clock.rate.denom = value; break;
	case 2: position.clock.rate.num = value & 3; break;
	case 3: position.clock.cycle++; break;
	case 4: spa_node_set_io(node, SPA_IO_Position, NULL, 0); break;
	case 5: position.clock.rate = SPA_FRACTION(1, 44100); break;
	default: spa_node_set_io(node, SPA_IO_Position, &position, sizeof(position)); break;
	}
}

static void set_chunk(struct test_port *p, uint32_t what, uint32_t value)
{
	uint32_t i = what % BUFFERS;

	if (i >= p->n_buffers)
		return;
	switch (what >> 4 & 3) {
	case 0: p->chunks[i].offset = value; break;
	case 1: p->chunks[i].size = value; break;
	case 2: p->chunks[i].flags = value; break;
	case 3: p->datas[i].data = value & 1 ? p->memory[i] : NULL; break;
	}
}

static void step(struct fuzz_input *in, uint32_t *cycles)
{
	uint32_t what = fuzz_u8(in), n = fuzz_u8(in), value = fuzz_u32(in);
	struct test_port *p = &ports[n % PORTS];

	switch (what & 15) {
	case 0: use_buffers(p, value % (BUFFERS + 1), value / 8 % SAMPLES_MAX); break;
	case 1: drop_buffers(p); break;
	case 2: set_format(p); break;
	case 3: spa_node_port_set_param(node, p->direction, p->id, SPA_PARAM_Format, 0, NULL);
		drop_buffers(p);
		break;
	case 4: spa_node_port_set_io(node, p->direction, p->id, SPA_IO_Buffers,
				&p->io, sizeof(p->io));
		break;
	case 5: spa_node_port_set_io(node, p->direction, p->id, SPA_IO_AsyncBuffers,
				value & 1 ? &p->async : NULL, sizeof(p->async));
		break;
	case 6: p->io = SPA_IO_BUFFERS_INIT; break;
	case 7: p->io.status = value & 0x80 ? (int32_t)value : SPA_STATUS_HAVE_DATA;
		p->io.buffer_id = what >> 4;
		break;
	case 8: p->io.buffer_id = value; break;
	case 9: set_chunk(p, n, value); break;
	case 10: fill(p, value); break;
	case 11: set_props(n % 4, what >> 4, value); break;
	case 12: set_position(what >> 4, value); break;
	case 13: spa_node_port_reuse_buffer(node, n % PORTS, value % 8); break;
	case 14: if (value & 1)
			spa_node_add_port(node, SPA_DIRECTION_OUTPUT, n % 8, NULL);
		 else
			spa_node_remove_port(node, SPA_DIRECTION_OUTPUT, n % 8);
		 break;
	default:
		 /* Time is bounded, not what happens in it */
		 position.clock.duration = SPA_MIN(position.clock.duration, (uint64_t)70000);
		 if ((*cycles)++ < CYCLES_MAX)
			cycle();
		 break;
	}
}

static void open_node(void)
{
	const struct spa_dict info = SPA_DICT_ITEMS(SPA_DICT_ITEM("fanout.outputs", "4"),
			SPA_DICT_ITEM("fanout.history.msec", "50"));
	uint32_t i;
	void *iface;

	fuzz_check(spa_handle_factory_init(&bluez_combine_fanout_factory, &f.handle, &info, NULL, 0) == 0);
	fuzz_check(spa_handle_get_interface(&f.handle, SPA_TYPE_INTERFACE_Node, &iface) == 0);
	node = iface;
	memset(ports, 0, sizeof(ports));
	position = (struct spa_io_position) { .clock = { .duration = 256, .rate = { 1, 48000 } } };
	spa_node_set_io(node, SPA_IO_Position, &position, sizeof(position));
	for (i = 0; i < PORTS; i++) {
		ports[i].direction = i < 2 ? SPA_DIRECTION_INPUT : SPA_DIRECTION_OUTPUT;
		ports[i].id = i < 2 ? i : i - 2;
		ports[i].io = SPA_IO_BUFFERS_INIT;
		set_format(&ports[i]);
		use_buffers(&ports[i], 1, 256);
		spa_node_port_set_io(node, ports[i].direction, ports[i].id, SPA_IO_Buffers,
				&ports[i].io, sizeof(ports[i].io));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint32_t i, steps = 0, cycles = 0;

	open_node();
	while (in.size > 0 && steps++ < STEPS_MAX)
		step(&in, &cycles);
	cycle();
	spa_handle_clear(&f.handle);
	for (i = 0; i < PORTS; i++)
		while (ports[i].n_buffers > 0)
			free(ports[i].memory[--ports[i].n_buffers]);
	return 0;
}
