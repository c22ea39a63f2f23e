/* A client that plays a ramp through the graph and keeps what comes back */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

/*
 * clock-peer FILE SECONDS: ramp -> clock-a -> clock-b -> FILE (float32). Says
 * "linked" when the graph is made; ends on SIGTERM. Every sample of the ramp
 * has a value of its own, so that what is missing or doubled is seen.
 */
#define RATE		48000
#define RAMP		(1 << 23)	/* float32 counts so far exactly */
#define N_PORTS		6

struct port_name {
	const char *node, *port;
};

static const struct port_name links[][2] = {
	{ { "clock-ramp", "out" }, { "clock-a", "playback_MONO" } },
	{ { "clock-a", "monitor_MONO" }, { "clock-b", "playback_MONO" } },
	{ { "clock-b", "monitor_MONO" }, { "clock-keep", "in" } },
};

struct data {
	struct pw_main_loop *loop;
	struct pw_core *core;
	struct pw_registry *registry;
	struct spa_hook core_listener, registry_listener;
	struct pw_filter *ramp, *keep;
	void *out, *in;
	struct pw_proxy *sinks[2];			/**< clock-a, clock-b */
	struct pw_proxy *links[SPA_N_ELEMENTS(links)];
	uint32_t nodes[SPA_N_ELEMENTS(links) * 2];	/**< ids, by place in `links` */
	uint32_t found;					/**< ports, one bit each */
	int seq;

	uint32_t next;			/**< sample of the ramp */
	float *kept;
	uint32_t n_kept, max_kept;	/**< in samples */
};

static void on_ramp(void *userdata, struct spa_io_position *position)
{
	struct data *d = userdata;
	uint32_t i, n = position->clock.duration;
	float *out = pw_filter_get_dsp_buffer(d->out, n);

	for (i = 0; out && i < n; i++)
		out[i] = (float)(++d->next % RAMP) / RAMP;
}

static void on_keep(void *userdata, struct spa_io_position *position)
{
	struct data *d = userdata;
	uint32_t n = position->clock.duration;
	float *in = pw_filter_get_dsp_buffer(d->in, n);

	n = SPA_MIN(n, d->max_kept - d->n_kept);
	if (in)
		memcpy(d->kept + d->n_kept, in, n * sizeof(float));
	d->n_kept += n;
}

static const struct pw_filter_events ramp_events = { PW_VERSION_FILTER_EVENTS, .process = on_ramp };
static const struct pw_filter_events keep_events = { PW_VERSION_FILTER_EVENTS, .process = on_keep };

static struct pw_filter *make_filter(struct data *d, const char *name, const char *port,
		enum pw_direction direction, const struct pw_filter_events *events, void **port_data)
{
	struct pw_filter *f = pw_filter_new_simple(pw_main_loop_get_loop(d->loop), name,
			pw_properties_new(PW_KEY_NODE_NAME, name,
				PW_KEY_NODE_GROUP, "clock-test",
				PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL),
			events, d);

	*port_data = pw_filter_add_port(f, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 8,
			pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
				PW_KEY_PORT_NAME, port, NULL), NULL, 0);
	if (pw_filter_connect(f, PW_FILTER_FLAG_RT_PROCESS, NULL, 0) < 0)
		exit(1);
	return f;
}

static void make_links(struct data *d)
{
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(links); i++)
		d->links[i] = pw_core_create_object(d->core, "link-factory",
				PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
				&SPA_DICT_ITEMS(
					SPA_DICT_ITEM(PW_KEY_LINK_OUTPUT_NODE, links[i][0].node),
					SPA_DICT_ITEM(PW_KEY_LINK_OUTPUT_PORT, links[i][0].port),
					SPA_DICT_ITEM(PW_KEY_LINK_INPUT_NODE, links[i][1].node),
					SPA_DICT_ITEM(PW_KEY_LINK_INPUT_PORT, links[i][1].port)), 0);
	d->seq = pw_core_sync(d->core, PW_ID_CORE, 0);
}

/* What a session manager does: one port a channel, and monitors. */
static struct pw_proxy *configure(struct data *d, uint32_t id)
{
	struct spa_audio_info_raw info = SPA_AUDIO_INFO_RAW_INIT(
			.format = SPA_AUDIO_FORMAT_F32P, .rate = RATE, .channels = 1,
			.position = { SPA_AUDIO_CHANNEL_MONO });
	struct pw_node *node = pw_registry_bind(d->registry, id, PW_TYPE_INTERFACE_Node,
			PW_VERSION_NODE, 0);
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod *format = spa_format_audio_raw_build(&b, SPA_PARAM_Format, &info);

	pw_node_set_param(node, SPA_PARAM_PortConfig, 0, spa_pod_builder_add_object(&b,
			SPA_TYPE_OBJECT_ParamPortConfig, SPA_PARAM_PortConfig,
			SPA_PARAM_PORT_CONFIG_direction, SPA_POD_Id(SPA_DIRECTION_INPUT),
			SPA_PARAM_PORT_CONFIG_mode, SPA_POD_Id(SPA_PARAM_PORT_CONFIG_MODE_dsp),
			SPA_PARAM_PORT_CONFIG_monitor, SPA_POD_Bool(true),
			SPA_PARAM_PORT_CONFIG_format, SPA_POD_Pod(format)));
	return (struct pw_proxy *)node;
}

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		uint32_t version, const struct spa_dict *props)
{
	struct data *d = userdata;
	uint32_t i, before = d->found;
	const char *name, *node;

	if (spa_streq(type, PW_TYPE_INTERFACE_Node) &&
	    (name = spa_dict_lookup(props, PW_KEY_NODE_NAME)) != NULL) {
		for (i = 0; i < N_PORTS; i++)
			if (spa_streq(name, links[i / 2][i % 2].node))
				d->nodes[i] = id;
		if (spa_streq(name, "clock-a"))
			d->sinks[0] = configure(d, id);
		if (spa_streq(name, "clock-b"))
			d->sinks[1] = configure(d, id);
	} else if (spa_streq(type, PW_TYPE_INTERFACE_Port) &&
	    (name = spa_dict_lookup(props, PW_KEY_PORT_NAME)) != NULL &&
	    (node = spa_dict_lookup(props, PW_KEY_NODE_ID)) != NULL) {
		for (i = 0; i < N_PORTS; i++)
			if (spa_streq(name, links[i / 2][i % 2].port) &&
			    (uint32_t)atoi(node) == d->nodes[i])
				d->found |= 1u << i;
	}
	if (before != d->found && d->found == (1u << N_PORTS) - 1)
		make_links(d);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS, .global = on_global
};

static void on_done(void *userdata, uint32_t id, int seq)
{
	struct data *d = userdata;

	if (id == PW_ID_CORE && seq == d->seq) {
		printf("linked\n");
		fflush(stdout);
	}
}

static void on_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct data *d = userdata;

	fprintf(stderr, "clock-peer: object %u: %s\n", id, message);
	pw_main_loop_quit(d->loop);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS, .done = on_done, .error = on_error
};

static void on_signal(void *userdata, int signal)
{
	struct data *d = userdata;
	pw_main_loop_quit(d->loop);
}

int main(int argc, char *argv[])
{
	struct data d = { .seq = -1 };
	struct pw_context *context;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: %s FILE SECONDS\n", argv[0]);
		return 2;
	}
	pw_init(&argc, &argv);
	d.max_kept = RATE * atoi(argv[2]);
	d.kept = calloc(d.max_kept, sizeof(float));
	d.loop = pw_main_loop_new(NULL);
	pw_loop_add_signal(pw_main_loop_get_loop(d.loop), SIGTERM, on_signal, &d);
	context = pw_context_new(pw_main_loop_get_loop(d.loop), NULL, 0);
	if ((d.core = pw_context_connect(context, NULL, 0)) == NULL) {
		fprintf(stderr, "clock-peer: cannot connect: %m\n");
		return 1;
	}
	pw_core_add_listener(d.core, &d.core_listener, &core_events, &d);
	d.ramp = make_filter(&d, "clock-ramp", "out", PW_DIRECTION_OUTPUT, &ramp_events, &d.out);
	d.keep = make_filter(&d, "clock-keep", "in", PW_DIRECTION_INPUT, &keep_events, &d.in);
	d.registry = pw_core_get_registry(d.core, PW_VERSION_REGISTRY, 0);
	pw_registry_add_listener(d.registry, &d.registry_listener, &registry_events, &d);

	pw_main_loop_run(d.loop);

	pw_filter_destroy(d.ramp);
	pw_filter_destroy(d.keep);
	pw_proxy_destroy((struct pw_proxy *)d.registry);
	pw_core_disconnect(d.core);
	pw_context_destroy(context);
	pw_main_loop_destroy(d.loop);
	pw_deinit();

	if ((f = fopen(argv[1], "w")) == NULL ||
	    fwrite(d.kept, sizeof(float), d.n_kept, f) != d.n_kept || fclose(f) != 0) {
		fprintf(stderr, "clock-peer: cannot write %s: %m\n", argv[1]);
		return 1;
	}
	free(d.kept);
	return 0;
}
