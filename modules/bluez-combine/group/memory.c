/* What a group keeps over restarts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/result.h>

#include "group/memory.h"
#include "log.h"
#include "loop-time.h"
#include "timing/known.h"

/* ~/.local/state/pipewire/bluez-combine/<group> */
#define PREFIX		"bluez-combine"

/* Speakers that start settle one after the other, and that is one change. One that never stands still
 * writes once a minute. */
#define REST_NS		(5 * (int64_t)SPA_NSEC_PER_SEC)
#define LONGEST_NS	(60 * (int64_t)SPA_NSEC_PER_SEC)

static void load(struct memory *memory)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);
	uint32_t n_bad = 0, i;
	int res;

	if (props == NULL)
		return;
	/* That there is none yet is no fault; what else may be PipeWire logs */
	res = pw_conf_load_state(PREFIX, memory->group, props);
	if (res < 0 && res != -ENOENT)
		pw_log_warn("the latencies of former times can't be read: %s", spa_strerror(res));
	for (i = 0; res >= 0 && i < props->dict.n_items; i++)
		n_bad += !known_read(memory->known, props->dict.items[i].key, props->dict.items[i].value);
	if (n_bad > 0)
		pw_log_warn("of the latencies of former times %u lines are not valid: ignored", n_bad);
	pw_properties_free(props);
}

static void save(struct memory *memory)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);
	char key[KNOWN_KEY_SIZE], value[KNOWN_VALUE_SIZE];
	struct known *k;
	int res;

	if (props == NULL)
		return;
	spa_list_for_each(k, memory->known, link)
		if (known_print(k, key, value))
			pw_properties_set(props, key, value);
	res = pw_conf_save_state(PREFIX, memory->group, props);
	if (res < 0 && !memory->failed)
		pw_log_warn("the latencies that speakers settled at can't be kept: %s", spa_strerror(res));
	memory->failed = res < 0;
	memory->changed_ns = 0;
	pw_properties_free(props);
}

static void on_timer(void *data, uint64_t expirations)
{
	struct memory *memory = data;

	if (memory->changed_ns > 0)
		save(memory);
}

int memory_init(struct memory *memory, struct pw_loop *loop, const char *group, struct spa_list *known)
{
	spa_zero(*memory);
	if ((memory->timer = pw_loop_add_timer(loop, on_timer, memory)) == NULL)
		return -errno;
	memory->loop = loop;
	memory->group = group;
	memory->known = known;
	load(memory);
	return 0;
}

void memory_finish(struct memory *memory)
{
	if (memory->loop == NULL)
		return;
	if (memory->changed_ns > 0)
		save(memory);
	pw_loop_destroy_source(memory->loop, memory->timer);
	spa_zero(*memory);
}

void memory_changed(struct memory *memory)
{
	int64_t now_ns;

	if (memory->loop == NULL)
		return;
	now_ns = loop_now_ns(memory->loop);
	if (memory->changed_ns == 0)
		memory->changed_ns = now_ns;
	/* Where it can't be written, once more at the end */
	if (!memory->failed)
		loop_set_timer(memory->loop, memory->timer,
				SPA_MIN(REST_NS, memory->changed_ns + LONGEST_NS - now_ns));
}
