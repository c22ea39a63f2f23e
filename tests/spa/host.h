/* A SPA host for one node, in a test */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_SPA_HOST_H
#define TESTS_SPA_HOST_H

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

#define HOST_PORTS_MAX		512
#define HOST_BUFFERS_MAX	4
#define HOST_SAMPLES_MAX	16384

struct host_port {
	bool present;			/* port_info was emitted, and not its end */
	uint32_t n_infos;
	uint64_t flags;
	char name[64], group[64], channel[16], format[64];

	struct spa_io_buffers io;
	struct spa_buffer buffers[HOST_BUFFERS_MAX], *list[HOST_BUFFERS_MAX];
	struct spa_data datas[HOST_BUFFERS_MAX];
	struct spa_chunk chunks[HOST_BUFFERS_MAX];
	float *memory;
};

struct host {
	struct spa_handle *handle;
	struct spa_node *node;
	struct spa_hook listener;
	struct spa_log log;
	struct spa_loop *data_loop;	/* set before host_open(), or NULL */
	char error[512];		/* the last error that was logged */
	const char *topic;		/* and its topic */
	uint32_t n_node_infos;
	uint64_t node_flags;
	uint32_t n_channels;
	struct host_port ports[2][HOST_PORTS_MAX];
	struct spa_pod *result;		/* the last param that was enumerated, ours to free */
	uint32_t n_results;
};

/** The library that all tests load. */
void host_load(const char *path);
/** The same without a library. */
void host_use_factory(const struct spa_handle_factory *f);
const struct spa_handle_factory *host_factory(void);

/** \return the result of the factory's init; on success the node is listened to.
 * The arguments are pairs of key and value, and a NULL. */
int host_open(struct host *h, ...) SPA_SENTINEL;
void host_close(struct host *h);

/** Format, n_buffers buffers of max_samples and io. */
void host_use_port(struct host *h, enum spa_direction direction, uint32_t id,
		uint32_t n_buffers, uint32_t max_samples);
/** All input ports, and all ports of the outputs that are there. */
void host_use_all(struct host *h);
int host_set_format(struct host *h, enum spa_direction direction, uint32_t id, uint32_t format);

/** Put these samples into an input port; NULL is an EMPTY chunk. */
void host_feed(struct host *h, uint32_t channel, const float *src, uint32_t n);
int host_process(struct host *h);
/** What a port plays in this cycle, or NULL; takes it. */
const float *host_take(struct host *h, uint32_t id, uint32_t *n);

/** Set one key of Props "params". */
int host_set_int(struct host *h, const char *key, int32_t value);
int host_set_long(struct host *h, const char *key, int64_t value);
int host_set_float(struct host *h, const char *key, float value);
int host_set_double(struct host *h, const char *key, double value);
int host_set_bool(struct host *h, const char *key, bool value);
int host_set_string(struct host *h, const char *key, const char *value);

/** Enumerate: \return the result; the last one is in h->result. */
int host_enum(struct host *h, uint32_t id, uint32_t start, uint32_t num);
int host_enum_port(struct host *h, enum spa_direction direction, uint32_t port,
		uint32_t id, uint32_t start, uint32_t num);
/** The value of a key in Props "params", or NULL. */
const struct spa_pod *host_get(struct host *h, const char *key);
int host_set_latency(struct host *h, enum spa_direction direction, uint32_t port,
		const struct spa_latency_info *info);
struct spa_latency_info host_get_latency(struct host *h, enum spa_direction direction,
		uint32_t port, enum spa_direction which);

#endif /* TESTS_SPA_HOST_H */
