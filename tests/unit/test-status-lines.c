/* Test: what a group tells about itself, and what is left of speakers that are gone */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <pipewire/pipewire.h>
#include <pipewire/extensions/metadata.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "graph/status-lines.h"

/* A metadata object of which only the numbers are kept */
static struct {
	struct spa_interface iface;
	int sets, clears;
	char last[64];			/* the key of the last clear */
} object;

static int set_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	check_int(subject, 0);
	if (value)
		object.sets++;
	else {
		object.clears++;
		snprintf(object.last, sizeof(object.last), "%s", key);
	}
	return 0;
}

static const struct pw_metadata_methods methods = {
	PW_VERSION_METADATA_METHODS,
	.set_property = set_property,
};

static struct pw_main_loop *loop;
static struct status_lines lines;
static struct pw_metadata *metadata = (struct pw_metadata *)&object;

static void on_write(void *data)
{
}

static void begin(void)
{
	spa_zero(object);
	object.iface = SPA_INTERFACE_INIT(PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, &methods, NULL);
	check_int(status_lines_init(&lines, pw_main_loop_get_loop(loop), on_write, NULL), 0);
}

static const char *key(int i)
{
	static char str[32];
	snprintf(str, sizeof(str), "status.%d", i);
	return str;
}

static void set(int i, const char *json)
{
	status_lines_set(&lines, metadata, key(i), json);
}

static void what_has_not_changed_is_not_written(void)
{
	begin();
	set(1, "{ }");
	set(1, "{ }");
	check_int(object.sets, 1);
	set(1, "{ 1 }");
	check_int(object.sets, 2);
	set(1, NULL);
	set(1, NULL);
	check_int(object.clears, 1);
	status_lines_finish(&lines);
}

static void the_oldest_lines_of_speakers_that_are_gone_go(void)
{
	int i, n = STATUS_GONE_MAX + 10;

	begin();
	set(0, "{ }");
	for (i = 1; i <= n; i++) {
		set(i, "{ }");
		status_lines_gone(&lines, key(i));
		status_lines_gone(&lines, key(i));
	}
	check_int(lines.n_gone, n);
	check_int(object.clears, 0);
	status_lines_trim(&lines, metadata);
	check_int(object.clears, 10);
	check(spa_streq(object.last, "status.10"));
	check_int(lines.n_gone, STATUS_GONE_MAX);

	/* who is there has his line; who comes back has it again, and is young when he leaves */
	set(0, "{ }");
	check_int(object.sets, n + 1);
	set(11, "{ }");
	check_int(object.sets, n + 2);
	check_int(lines.n_gone, STATUS_GONE_MAX - 1);
	status_lines_gone(&lines, key(11));
	set(500, "{ }");
	status_lines_gone(&lines, key(500));
	status_lines_trim(&lines, metadata);
	check(spa_streq(object.last, "status.12"));
	status_lines_finish(&lines);
}

static void lines_that_others_have_left_count_as_well(void)
{
	int i, n = STATUS_GONE_MAX + 5;

	begin();
	set(0, "{ }");
	status_lines_found(&lines, key(0));
	check_int(lines.n_gone, 0);
	for (i = 1; i <= n; i++)
		status_lines_found(&lines, key(i));
	status_lines_found(&lines, key(n));
	check_int(lines.n_gone, n);
	status_lines_trim(&lines, metadata);
	check_int(object.clears, 5);
	check(spa_streq(object.last, "status.5"));
	status_lines_finish(&lines);
}

static void a_flood_of_lines_takes_no_memory(void)
{
	begin();
	for (int i = 0; i < 20000; i++)
		status_lines_found(&lines, key(i));
	check(lines.n_gone <= 4 * STATUS_GONE_MAX);
	status_lines_forget(&lines);
	check_int(lines.n_gone, 0);
	status_lines_finish(&lines);
}

static void before_they_are_begun_a_change_is_none(void)
{
	spa_zero(lines);
	status_lines_changed(&lines);
	status_lines_forget(&lines);
	status_lines_finish(&lines);
	check(!lines.due);
}

int main(void)
{
	pw_init(NULL, NULL);
	loop = pw_main_loop_new(NULL);
	run(what_has_not_changed_is_not_written);
	run(the_oldest_lines_of_speakers_that_are_gone_go);
	run(lines_that_others_have_left_count_as_well);
	run(before_they_are_begun_a_change_is_none);
	run(a_flood_of_lines_takes_no_memory);
	pw_main_loop_destroy(loop);
	pw_deinit();
	return harness_finish();
}
