/* Fan-out node: its objects */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_FANOUT_H
#define BLUEZ_COMBINE_FANOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/buffer/buffer.h>
#include <spa/node/io.h>
#include <spa/node/node.h>
#include <spa/param/latency-utils.h>
#include <spa/support/log.h>
#include <spa/support/loop.h>
#include <spa/support/plugin.h>
#include <spa/utils/hook.h>
#include <spa/utils/ratelimit.h>

#include "fanout/config.h"
#include "fanout/target.h"
#include "dsp/history.h"
#include "realtime.h"
#include "dsp/role.h"
#include "dsp/tap.h"

#define FANOUT_BUFFERS_MAX	32	/* fits the mask of free ones */
#define FANOUT_BLOCK_MAX	8192	/* samples worked on at a time, PipeWire's largest quantum */

#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &fanout_log_topic
extern struct spa_log_topic fanout_log_topic;

struct fanout;

enum {
	NODE_PropInfo,
	NODE_Props,
	NODE_IO,
	NODE_N_PARAMS,
};

enum {
	PORT_EnumFormat,
	PORT_Meta,
	PORT_IO,
	PORT_Format,
	PORT_Buffers,
	PORT_Latency,
	PORT_N_PARAMS,
};

struct port_buffers {
	struct spa_buffer *buffers[FANOUT_BUFFERS_MAX];
	uint32_t n_buffers;
	uint32_t free;			/**< output: a bit for each that is ours to fill */
};

struct port {
	enum spa_direction direction;
	uint32_t id;
	uint32_t channel;

	/* main loop */
	struct spa_port_info info;
	struct spa_param_info params[PORT_N_PARAMS];
	struct spa_dict_item items[4];
	struct spa_dict dict;
	char name[48];
	char group[24];
	char channel_name[16];
	bool have_format;
	bool have_latency;		/**< the peer told its latency */
	struct spa_latency_info latency[2];	/**< by spa_direction: the peer's, and ours */

	/* data loop */
	struct spa_io_buffers *io[2];	/**< even and odd cycles: differ for asynchronous links */
	struct port_buffers use;
	float *dst;			/**< output: where this cycle's samples go, or NULL */
	struct spa_chunk *chunk;	/**< and what is said of them there */
};

/** One speaker's ports. */
struct fanout_output {
	uint32_t id;
	struct port ports[ROLE_CHANNELS_MAX];

	/* data loop */
	struct fanout_target seen;	/**< what the tap was told */
	double speed_ppm;		/**< and how fast it may slew */
	bool active;			/**< somebody took our samples in the last cycle */
	struct tap tap;
	uint32_t room;			/**< samples that fit in this cycle's buffers */
};

struct fanout {
	struct spa_handle handle;
	struct spa_node node;
	struct fanout_control control;
	struct spa_log *log;
	struct spa_loop *data_loop;	/**< may be NULL: the caller keeps process() away */

	/* main loop */
	struct spa_hook_list hooks;
	struct spa_ratelimit ratelimit;	/**< of errors in what others set */
	struct spa_node_info info;
	struct spa_param_info params[NODE_N_PARAMS];
	bool started;
	struct fanout_args args;
	struct fanout_config config;
	struct port inputs[ROLE_CHANNELS_MAX];
	struct fanout_output *outputs[FANOUT_OUTPUTS_MAX];	/**< NULL: not there */

	/* main loop -> data loop */
	struct fanout_targets targets;

	/* constant */
	uint32_t n_channels;
	struct role_map maps[ROLE_N];

	/* data loop */
	struct spa_io_position *position;
	uint32_t rate;			/**< in Hz */
	struct history history;
	struct tap_params tap_params;
	struct fanout_output *playing[FANOUT_OUTPUTS_MAX];	/**< outputs, as the data loop knows them */
	uint32_t last_block;		/**< samples in the last cycle */
};

/* port.c: ports, main loop */

void port_init(struct port *p, const struct fanout *f, enum spa_direction direction,
		uint32_t id, uint32_t output);
void port_emit_info(struct port *p, struct fanout *f, bool full);
int port_enum_params(struct port *p, struct fanout *f, int seq, uint32_t id,
		uint32_t start, uint32_t num, const struct spa_pod *filter);
int port_set_param(struct port *p, struct fanout *f, uint32_t id, uint32_t flags,
		const struct spa_pod *param);
int port_use_buffers(struct port *p, struct fanout *f, struct spa_buffer **buffers,
		uint32_t n_buffers);
int port_set_io(struct port *p, struct fanout *f, uint32_t id, void *data, size_t size);

/* latency.c: what the peers report, combined and passed on; main loop */

int port_set_latency(struct port *p, struct fanout *f, const struct spa_pod *param);
void fanout_update_latency(struct fanout *f);

/* process.c */

/** Data loop: silent, and fading in when somebody listens. */
void fanout_output_restart(struct fanout_output *o, const struct fanout *f) REALTIME;
/** Data loop: forget the past. */
void fanout_reset(struct fanout *f) REALTIME;
int fanout_process(struct fanout *f) REALTIME;
int fanout_reuse_buffer(struct fanout *f, struct port *p, uint32_t buffer_id) REALTIME;
/** Ring that lasts for \a msec at \a rate, in samples. */
uint32_t fanout_history_samples(uint32_t msec, uint32_t rate);

/* outputs.c: outputs come and go, main loop */

/** Run \a func in the data loop and wait for it. */
int fanout_invoke(struct fanout *f, spa_invoke_func_t func, void *user_data);
/** The port, or NULL. */
struct port *fanout_find_port(struct fanout *f, enum spa_direction direction, uint32_t id);
/** Make everything as \a config says. \return 0, or -ENOMEM and nothing changed */
int fanout_apply(struct fanout *f, const struct fanout_config *config);

/* params.c: the node's params, main loop */

int fanout_enum_params(void *object, int seq, uint32_t id, uint32_t start, uint32_t num,
		const struct spa_pod *filter);
int fanout_set_param(void *object, uint32_t id, uint32_t flags, const struct spa_pod *param);
/** Log that \a what is wrong: some times, and then how often more. */
void fanout_refuse(struct fanout *f, const char *what, const char *why);

/* control.c: the same without a POD, main loop */

void fanout_init_control(struct fanout *f);

/* node.c */

void fanout_emit_info(struct fanout *f, bool full);

#endif /* BLUEZ_COMBINE_FANOUT_H */
