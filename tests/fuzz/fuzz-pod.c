/* Fuzz target: params of the fan-out node, its filters and its Props */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * Each step is a byte that says what is called, one for the port or the id, two
 * for the length of a pod, and the pod. PipeWire checks the length of a pod that
 * came over a socket and nothing in it.
 */

#include <math.h>

#include <spa/node/utils.h>
#include <spa/param/param.h>
#include <spa/pod/iter.h>
#include <spa/support/plugin.h>
#include <spa/utils/names.h>

#include "fuzz.h"
#include "fanout/node.h"

extern const struct spa_handle_factory bluez_combine_fanout_factory;

static const uint32_t ids[] = {
	SPA_PARAM_PropInfo, SPA_PARAM_Props, SPA_PARAM_EnumFormat, SPA_PARAM_Format,
	SPA_PARAM_Buffers, SPA_PARAM_Meta, SPA_PARAM_IO, SPA_PARAM_Latency, SPA_PARAM_Tag,
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void on_result(void *data, int seq, int res, uint32_t type, const void *result)
{
	const struct spa_result_node_params *r = result;

	fuzz_check(type == SPA_RESULT_TYPE_NODE_PARAMS);
	fuzz_check(r->param != NULL && SPA_POD_SIZE(r->param) >= sizeof(struct spa_pod));
}

static const struct spa_node_events events = {
	SPA_VERSION_NODE_EVENTS,
	.result = on_result,
};

/* In memory of its own, of just its size and aligned as PipeWire does; NULL for none */
static struct spa_pod *take_pod(struct fuzz_input *in)
{
	uint32_t len = fuzz_u8(in);
	struct spa_pod *pod;

	len |= fuzz_u8(in) << 8;
	len = SPA_MIN(len, (uint32_t)in->size);
	if (len < sizeof(*pod))
		return NULL;
	pod = malloc(len);
	memcpy(pod, in->data, len);
	in->data += len;
	in->size -= len;
	/* What PipeWire's parser asks of it: all of the pod is there */
	if (SPA_ROUND_UP_N((uint64_t)pod->size, 8) > len - sizeof(*pod)) {
		free(pod);
		return NULL;
	}
	return pod;
}

static void step(struct spa_node *node, struct fuzz_input *in)
{
	uint32_t what = fuzz_u8(in), where = fuzz_u8(in);
	uint32_t id = ids[(what >> 3) % SPA_N_ELEMENTS(ids)];
	enum spa_direction direction = where & 1 ? SPA_DIRECTION_OUTPUT : SPA_DIRECTION_INPUT;
	uint32_t port = where == 255 ? SPA_ID_INVALID : where >> 1;
	struct spa_pod *pod = take_pod(in);

	switch (what & 7) {
	case 0:
		spa_node_set_param(node, id, 0, pod);
		break;
	case 1:
		spa_node_port_set_param(node, direction, port, id, 0, pod);
		break;
	case 2:
		spa_node_enum_params(node, 0, id, where, 4, pod);
		break;
	case 3:
		spa_node_port_enum_params(node, 0, direction, port, id, 0, 4, pod);
		break;
	case 4:
		spa_node_add_port(node, direction, port, NULL);
		break;
	case 5:
		spa_node_remove_port(node, direction, port);
		break;
	default:
		spa_node_set_param(node, SPA_PARAM_Props, 0, pod);
		break;
	}
	free(pod);
}

static void check_node(const struct fanout *f)
{
	uint32_t i;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		const struct fanout_output_config *c = &f->config.outputs[i];

		fuzz_check(c->target.delay_ns >= 0 && c->target.delay_ns <= f->config.max_delay_ns);
		fuzz_check(c->target.gain >= 0.0 && c->target.gain <= 1.0);
		fuzz_check((uint32_t)c->target.role < ROLE_N);
		fuzz_check(c->target.wait_ns >= 0);
		fuzz_check(c->target.dither.code <= WOBBLE_CODES && c->target.dither.samples <= WOBBLE_SAMPLES_MAX);
		fuzz_check(c->target.dither.chip_ns >= 0 && c->target.dither.chip_ns <= (int64_t)FANOUT_CHIP_NS_MAX);
		fuzz_check((f->outputs[i] != NULL) == c->present);
	}
	fuzz_check(f->config.slew_ppm == 0.0 || (f->config.slew_ppm >= FANOUT_SLEW_PPM_MIN &&
			f->config.slew_ppm <= FANOUT_SLEW_PPM_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct spa_dict info = SPA_DICT_ITEMS(SPA_DICT_ITEM("fanout.outputs", "2"),
			SPA_DICT_ITEM("fanout.history.msec", "20"));
	static struct fanout f;
	struct fuzz_input in = { data, size };
	struct spa_hook listener;
	void *node;

	fuzz_check(spa_handle_factory_get_size(&bluez_combine_fanout_factory, NULL) == sizeof(f));
	fuzz_check(spa_handle_factory_init(&bluez_combine_fanout_factory, &f.handle, &info, NULL, 0) == 0);
	fuzz_check(spa_handle_get_interface(&f.handle, SPA_TYPE_INTERFACE_Node, &node) == 0);
	spa_node_add_listener((struct spa_node *)node, &listener, &events, NULL);
	while (in.size > 0) {
		step(node, &in);
		check_node(&f);
	}
	spa_hook_remove(&listener);
	spa_handle_clear(&f.handle);
	return 0;
}
