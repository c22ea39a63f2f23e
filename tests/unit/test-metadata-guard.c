/* Test: what others may leave in a metadata object of ours */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <spa/utils/string.h>

#include "graph/metadata-guard.h"
#include "harness.h"

PW_LOG_TOPIC(mod_topic, "test");

#define USED	"member.AA:BB:CC:00:00:01"

/* A metadata object that keeps nothing: what is set is told to the guard, what is cleared is counted */
static struct {
	struct spa_interface iface;
	struct spa_hook_list listeners;
	int taken_out;
	char last[512];			/* the key of the last of them, */
	uint32_t last_subject;		/* and its subject */
} object;

static struct pw_main_loop *loop;
static struct metadata_guard guard;

static void set(uint32_t subject, const char *key, const char *value)
{
	spa_hook_list_call(&object.listeners, struct pw_metadata_events, property, 0, subject, key, NULL, value);
}

static int add_listener(void *data, struct spa_hook *listener, const struct pw_metadata_events *events, void *user)
{
	spa_hook_list_append(&object.listeners, listener, events, user);
	return 0;
}

static int set_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	check(value == NULL);
	object.taken_out++;
	object.last_subject = subject;
	snprintf(object.last, sizeof(object.last), "%s", key ? key : "all");
	set(subject, key, NULL);
	return 0;
}

static const struct pw_metadata_methods methods = {
	PW_VERSION_METADATA_METHODS,
	.add_listener = add_listener,
	.set_property = set_property,
};

static bool in_use(void *data, const char *key)
{
	return spa_streq(key, USED) || spa_streq(key, "status");
}

#define CLIENT	42u

static bool is_client(void *data, uint32_t id)
{
	return id == CLIENT;
}

static const struct metadata_guard_events guard_events = {
	.in_use = in_use,
	.is_client = is_client,
};

static void begin(void)
{
	spa_zero(object);
	object.iface = SPA_INTERFACE_INIT(PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, &methods, NULL);
	spa_hook_list_init(&object.listeners);
	check_int(metadata_guard_init(&guard, pw_main_loop_get_loop(loop), (struct pw_metadata *)&object,
			&guard_events, NULL), 0);
}

/* How many are taken out, once the loop has turned */
static int taken_out(void)
{
	int n;

	pw_loop_enter(pw_main_loop_get_loop(loop));
	while (pw_loop_iterate(pw_main_loop_get_loop(loop), 0) > 0)
		;
	pw_loop_leave(pw_main_loop_get_loop(loop));
	n = object.taken_out;
	object.taken_out = 0;
	return n;
}

static int flood(const char *prefix, int n)
{
	char key[64];

	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%s%d", prefix, i);
		set(0, key, "{ }");
	}
	return n - taken_out();
}

static void each_kind_of_key_has_its_own_number(void)
{
	begin();
	check_int(flood("junk", 3000), METADATA_OTHER_MAX);
	check_int(flood("calibration.", 3000), METADATA_CALIBRATION_MAX);
	check_int(flood("member.", 3000), METADATA_MEMBER_MAX);
	check_int(flood("status.", 3000), METADATA_STATUS_MAX);
	check_int(flood("memberx", 1), 0);
	metadata_guard_finish(&guard);
}

static void what_is_in_use_stays_whoever_fills_the_object(void)
{
	begin();
	flood("member.", 3000);
	flood("status.", 3000);
	set(0, "member.AA:BB:CC:00:00:02", "{ }");
	check_int(taken_out(), 1);
	set(0, USED, "{ }");
	set(0, "status", "{ }");
	check_int(taken_out(), 0);
	metadata_guard_finish(&guard);
}

static void a_key_that_is_there_may_change_and_one_that_is_cleared_makes_room(void)
{
	begin();
	check_int(flood("junk", METADATA_OTHER_MAX), METADATA_OTHER_MAX);
	set(0, "junk1", "2");
	check_int(taken_out(), 0);
	set(0, "more", "2");
	check_int(taken_out(), 1);
	set(0, "junk1", NULL);
	set(0, "more", "2");
	check_int(taken_out(), 0);
	set(0, NULL, NULL);
	check_int(flood("new", 1000), METADATA_OTHER_MAX);
	metadata_guard_finish(&guard);
}

static void long_keys_and_values_and_other_subjects_are_taken_out(void)
{
	static char key[METADATA_KEY_LEN_MAX + 2], value[METADATA_VALUE_LEN_MAX + 2];

	memset(key, 'k', METADATA_KEY_LEN_MAX);
	memset(value, 'v', METADATA_VALUE_LEN_MAX);
	begin();
	set(0, key, value);
	check_int(taken_out(), 0);
	key[METADATA_KEY_LEN_MAX] = 'k';
	set(0, key, "v");
	check_int(taken_out(), 1);
	value[METADATA_VALUE_LEN_MAX] = 'v';
	set(0, USED, value);
	check_int(taken_out(), 1);
	set(1, USED, "v");
	check_int(taken_out(), 1);
	check(spa_streq(object.last, USED));
	metadata_guard_finish(&guard);
}

static void a_client_that_is_there_may_have_a_lease_and_track_and_nothing_else(void)
{
	static char value[METADATA_VALUE_LEN_MAX + 2];

	memset(value, 'v', METADATA_VALUE_LEN_MAX);
	begin();
	set(CLIENT, "lease", "{ }");
	set(CLIENT, "lease", value);
	set(CLIENT, "track", value);
	check_int(taken_out(), 0);
	set(CLIENT, "leases", "{ }");
	check_int(taken_out(), 1);
	set(CLIENT, "member.AA:BB:CC:00:00:01", "{ }");
	check_int(taken_out(), 1);
	set(CLIENT + 1, "track", "{ }");
	check_int(taken_out(), 1);
	set(CLIENT + 1, "lease", "{ }");
	check_int(taken_out(), 1);
	check_int(object.last_subject, CLIENT + 1);
	value[METADATA_VALUE_LEN_MAX] = 'v';
	set(CLIENT, "lease", value);
	check_int(taken_out(), 1);
	metadata_guard_finish(&guard);
}

static void what_a_client_has_said_goes_with_it(void)
{
	begin();
	set(CLIENT, "lease", "{ }");
	metadata_guard_gone(&guard, CLIENT);
	check_int(object.taken_out, 1);
	check_int(object.last_subject, CLIENT);
	check(spa_streq(object.last, "all"));
	/* 0 is nobody's */
	metadata_guard_gone(&guard, 0);
	check_int(taken_out(), 1);
	metadata_guard_finish(&guard);
	metadata_guard_gone(&guard, CLIENT);
}

int main(int argc, char *argv[])
{
	pw_init(&argc, &argv);
	loop = pw_main_loop_new(NULL);
	check(loop != NULL);
	run(each_kind_of_key_has_its_own_number);
	run(what_is_in_use_stays_whoever_fills_the_object);
	run(a_key_that_is_there_may_change_and_one_that_is_cleared_makes_room);
	run(long_keys_and_values_and_other_subjects_are_taken_out);
	run(a_client_that_is_there_may_have_a_lease_and_track_and_nothing_else);
	run(what_a_client_has_said_goes_with_it);
	pw_main_loop_destroy(loop);
	pw_deinit();
	return harness_finish();
}
