/* Test: the fan-out node's Props */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/format.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "host.h"
#include "names.h"

#define IN	SPA_DIRECTION_INPUT
#define OUT	SPA_DIRECTION_OUTPUT

static struct host host;

static int64_t get_long(const char *key)
{
	int64_t value = -1;

	check(spa_pod_get_long(host_get(&host, key), &value) == 0);
	return value;
}

static int32_t get_int(const char *key)
{
	int32_t value = -1;

	check(spa_pod_get_int(host_get(&host, key), &value) == 0);
	return value;
}

static double get_double(const char *key)
{
	double value = -1;

	check(spa_pod_get_double(host_get(&host, key), &value) == 0);
	return value;
}

static const char *get_string(const char *key)
{
	const char *value;

	check(spa_pod_get_string(host_get(&host, key), &value) == 0);
	return value;
}

static void props_read_back_as_they_were_set(void)
{
	uint32_t before;
	int32_t n;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "3", NULL), 0);
	check_int(get_long("output.1.delay.nsec"), 0);
	check(get_double("output.1.gain") == 1.0);
	check(spa_streq(get_string("output.1.role"), "stereo"));

	before = host.n_node_infos;
	check_int(host_set_long(&host, "output.1.delay.nsec", 123456789), 0);
	check_int(host.n_node_infos, before + 1);
	check_int(host_set_long(&host, "output.1.delay.nsec", 123456789), 0);
	check_int(host.n_node_infos, before + 1);
	check_int(host_set_double(&host, "output.1.gain", 0.123), 0);
	check_int(host_set_string(&host, "output.1.role", "mono"), 0);
	check_int(host_set_int(&host, "output.1.dither.code", 63), 0);
	check_int(host_set_int(&host, "output.1.dither.samples", 4), 0);
	check_int(host_set_long(&host, "output.1.dither.chip.nsec", 10000000000), 0);

	check_int(get_long("output.1.delay.nsec"), 123456789);
	check(get_double("output.1.gain") == 0.123);
	check(spa_streq(get_string("output.1.role"), "mono"));
	check_int(get_int("output.1.dither.code"), 63);
	check_int(get_int("output.1.dither.samples"), 4);
	check_int(get_long("output.1.dither.chip.nsec"), 10000000000);
	check_int(get_int("output.0.dither.code"), 0);
	check_int(get_long("output.0.delay.nsec"), 0);
	check_int(get_long("output.2.delay.nsec"), 0);
	check(spa_pod_get_int(host_get(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS), &n) == 0 && n == 3);
	check(host_get(&host, "output.3.delay.nsec") == NULL);
	host_close(&host);
}

static void set_delay_and_wait(int64_t delay, int64_t wait)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];

	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &f[1]);
	/* in either order */
	spa_pod_builder_add(&b,
			SPA_POD_String("output.0.wait.nsec"), SPA_POD_Long(wait),
			SPA_POD_String("output.0.delay.nsec"), SPA_POD_Long(delay), NULL);
	spa_pod_builder_pop(&b, &f[1]);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0,
				spa_pod_builder_pop(&b, &f[0])), 0);
}

static void a_wait_is_that_of_its_change_of_delay(void)
{
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(get_long("output.0.wait.nsec"), 0);
	set_delay_and_wait(1000000, 50000);
	check_int(get_long("output.0.wait.nsec"), 50000);
	/* the delay stays, and so does how it came about */
	check_int(host_set_double(&host, "output.0.gain", 0.5), 0);
	check_int(get_long("output.0.wait.nsec"), 50000);
	set_delay_and_wait(1000000, 70000);
	check_int(get_long("output.0.wait.nsec"), 50000);
	/* alone it is of nothing */
	check_int(host_set_long(&host, "output.0.wait.nsec", 80000), 0);
	check_int(get_long("output.0.wait.nsec"), 50000);
	/* another change, at once */
	check_int(host_set_long(&host, "output.0.delay.nsec", 2000000), 0);
	check_int(get_long("output.0.wait.nsec"), 0);
	host_close(&host);
}

static void the_slew_reads_back(void)
{
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	check(get_double(BLUEZ_COMBINE_FANOUT_SLEW) == 500.0);
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_SLEW, 0), 0);
	check(get_double(BLUEZ_COMBINE_FANOUT_SLEW) == 0.0);
	/* back to what it was made with */
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, NULL), 0);
	check(get_double(BLUEZ_COMBINE_FANOUT_SLEW) == 500.0);
	host_close(&host);

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_SLEW, "100", NULL), 0);
	check(get_double(BLUEZ_COMBINE_FANOUT_SLEW) == 100.0);
	host_close(&host);
}

static void what_was_read_can_be_set_again(void)
{
	struct spa_pod *saved;
	uint32_t before;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "64", NULL), 0);
	check_int(host_set_long(&host, "output.63.delay.nsec", 1), 0);
	check_int(host_enum(&host, SPA_PARAM_Props, 0, 1), 0);
	saved = spa_pod_copy(host.result);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, NULL), 0);
	check_int(get_long("output.63.delay.nsec"), 0);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, saved), 0);
	check_int(get_long("output.63.delay.nsec"), 1);
	before = host.n_node_infos;
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, saved), 0);
	check_int(host.n_node_infos, before);
	free(saved);
	host_close(&host);
}

static void numbers_may_be_of_any_type(void)
{
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(host_set_int(&host, "output.0.delay.nsec", 1000), 0);
	check_int(get_long("output.0.delay.nsec"), 1000);
	check_int(host_set_float(&host, "output.0.delay.nsec", 2048.0f), 0);
	check_int(get_long("output.0.delay.nsec"), 2048);
	check_int(host_set_double(&host, "output.0.delay.nsec", 1.5e9), 0);
	check_int(get_long("output.0.delay.nsec"), 1500000000);
	check_int(host_set_float(&host, "output.0.gain", 0.5f), 0);
	check(get_double("output.0.gain") == 0.5);
	check_int(host_set_int(&host, "output.0.gain", 0), 0);
	check(get_double("output.0.gain") == 0.0);
	check_int(host_set_long(&host, "output.0.gain", 1), 0);
	check(get_double("output.0.gain") == 1.0);
	check_int(host_set_double(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 2.0), 0);
	check(host.ports[OUT][3].present);
	host_close(&host);
}

/* -EINVAL, and the error names the key, the value and what is allowed */
static void check_refused(int res, const char *key, const char *value, const char *allowed)
{
	check_int(res, -EINVAL);
	check(strstr(host.error, key) != NULL);
	check(strstr(host.error, value) != NULL);
	check(strstr(host.error, allowed) != NULL);
	check(spa_streq(host.topic, BLUEZ_COMBINE_TOPIC_SPA));
	host.error[0] = '\0';
}

static void wrong_params_are_refused_by_name(void)
{
	struct host *h = &host;
	const char *delay = "output.0.delay.nsec", *gain = "output.0.gain", *role = "output.0.role";
	const char *outputs = BLUEZ_COMBINE_FANOUT_OUTPUTS, *slew = BLUEZ_COMBINE_FANOUT_SLEW;
	const char *wait = "output.0.wait.nsec";

	check_int(host_open(h, outputs, "2", BLUEZ_COMBINE_FANOUT_HISTORY, "3000", NULL), 0);

	check_refused(host_set_long(h, delay, -1), delay, "-1", "0 to 3000000000");
	check_refused(host_set_long(h, delay, 3000000001), delay, "3000000001", "0 to 3000000000");
	check_refused(host_set_double(h, delay, NAN), delay, "nan", "0 to 3000000000");
	check_refused(host_set_string(h, delay, "5"), delay, "'5'", "0 to 3000000000");
	check_refused(host_set_double(h, gain, 1.001), gain, "1.001", "0.0 to 1.0");
	check_refused(host_set_double(h, gain, -0.1), gain, "-0.1", "0.0 to 1.0");
	check_refused(host_set_float(h, gain, INFINITY), gain, "inf", "0.0 to 1.0");
	check_refused(host_set_string(h, gain, "full"), gain, "'full'", "0.0 to 1.0");
	check_refused(host_set_string(h, role, "centre"), role, "'centre'", "stereo, left, right, mono");
	check_refused(host_set_int(h, role, 1), role, "1", "stereo, left, right, mono");
	check_refused(host_set_int(h, outputs, 65), outputs, "65", "0 to 64");
	check_refused(host_set_int(h, outputs, -1), outputs, "-1", "0 to 64");
	check_refused(host_set_double(h, outputs, 1.5), outputs, "1.5", "0 to 64");
	check_refused(host_set_string(h, outputs, "x"), outputs, "'x'", "0 to 64");
	check_refused(host_set_int(h, "output.2.gain", 1), "output.2.gain", "1", "fanout.outputs is 2");
	check_refused(host_set_int(h, "output.99999999999.gain", 1), "output.99999999999", "1", "unknown");
	check_refused(host_set_int(h, "output.0.volume", 1), "output.0.volume", "1", "unknown key");
	check_refused(host_set_int(h, "output.gain", 1), "output.gain", "1", "unknown key");
	check_refused(host_set_int(h, "output..gain", 1), "output..gain", "1", "unknown key");
	check_refused(host_set_int(h, "output.-0.gain", 1), "output.-0.gain", "1", "unknown key");
	check_refused(host_set_int(h, "nonsense", 1), "nonsense", "1", "fanout.slew.ppm and output.<n>");
	check_refused(host_set_int(h, "", 1), "", "1", "unknown key");
	check_refused(host_set_int(h, BLUEZ_COMBINE_FANOUT_HISTORY, 1),
			BLUEZ_COMBINE_FANOUT_HISTORY, "1", "unknown key");

	check_refused(host_set_long(h, wait, -1), wait, "-1", "0 to 10000000000");
	check_refused(host_set_long(h, wait, 10000000001), wait, "10000000001", "0 to 10000000000");
	check_refused(host_set_int(h, slew, -1), slew, "-1", "0 or a number from 1 to 5000");
	check_refused(host_set_bool(h, slew, true), slew, "true", "1 to 5000");
	check_refused(host_set_double(h, slew, 5000.5), slew, "5000.5", "1 to 5000");
	check_refused(host_set_double(h, slew, 1e-4), slew, "0.0001", "1 to 5000");
	check_refused(host_set_double(h, slew, 5e-324), slew, "4.94066e-324", "1 to 5000");

	check_int(get_long(delay), 0);
	check(get_double(gain) == 1.0);
	check(spa_streq(get_string(role), "stereo"));
	check(host.ports[OUT][3].present && !host.ports[OUT][4].present);
	host_close(h);
}

static void nothing_of_a_wrong_param_is_applied(void)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];
	struct spa_pod *param;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &f[1]);
	spa_pod_builder_add(&b,
			SPA_POD_String("output.1.gain"), SPA_POD_Double(0.25),
			SPA_POD_String("output.0.delay.nsec"), SPA_POD_Long(INT64_C(5000)),
			SPA_POD_String(BLUEZ_COMBINE_FANOUT_OUTPUTS), SPA_POD_Int(2),
			SPA_POD_String("output.1.role"), SPA_POD_String("wrong"), NULL);
	spa_pod_builder_pop(&b, &f[1]);
	param = spa_pod_builder_pop(&b, &f[0]);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, param), -EINVAL);
	check(!host.ports[OUT][2].present);
	check_int(get_long("output.0.delay.nsec"), 0);
	host_close(&host);
}

static int set_raw_params(const struct spa_pod *value)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f;

	spa_pod_builder_push_object(&b, &f, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_primitive(&b, value);
	return spa_node_set_param(host.node, SPA_PARAM_Props, 0, spa_pod_builder_pop(&b, &f));
}

static void params_that_are_no_pairs_are_refused(void)
{
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_int number = SPA_POD_INIT_Int(3);

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_refused(set_raw_params(&number.pod), "params", "", "not a list");
	check_refused(set_raw_params(spa_pod_builder_add_struct(&b, SPA_POD_Int(5), SPA_POD_Int(6))),
			"params", "5", "not a key");
	check_refused(set_raw_params(spa_pod_builder_add_struct(&b, SPA_POD_String("output.0.gain"))),
			"output.0.gain", "", "no value");
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, &number.pod), -EINVAL);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Format, 0, NULL), -ENOENT);
	host_close(&host);
}

static void prop_info_tells_every_key_and_range(void)
{
	const char *name = NULL;
	bool params;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 0, 100), 0);
	check_int(host.n_results, 2 + 2 * 7);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 12, 1), 0);
	check(spa_pod_parse_object(host.result, SPA_TYPE_OBJECT_PropInfo, NULL,
			SPA_PROP_INFO_name, SPA_POD_String(&name),
			SPA_PROP_INFO_params, SPA_POD_Bool(&params)) >= 0);
	check(spa_streq(name, "output.1.role") && params);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 2 + 2 * 7, 1), 0);
	check_int(host.n_results, 0);
	host_close(&host);
}

/* A host reads the length of a pod and nothing in it */
static void a_param_that_breaks_off_is_refused(void)
{
	/* a struct whose string says that it is longer than the struct */
	struct { struct spa_pod pod; uint32_t body[4]; } SPA_ALIGNED(8) part = {
		{ 16, SPA_TYPE_Struct }, { 4096, SPA_TYPE_String, 0, 0 } };
	/* a choice of whole numbers without one in it */
	struct { struct spa_pod pod; uint32_t body[8]; } SPA_ALIGNED(8) choice = {
		{ 32, SPA_TYPE_Object }, { SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat,
			SPA_FORMAT_mediaType, 0, 16, SPA_TYPE_Choice, SPA_CHOICE_Range, 0 } };

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, &part.pod), -EINVAL);
	check(strstr(host.error, "breaks off") != NULL);
	check_int(spa_node_port_set_param(host.node, IN, 0, SPA_PARAM_Format, 0, &choice.pod), -EINVAL);
	check_int(spa_node_port_enum_params(host.node, 0, IN, 0, SPA_PARAM_EnumFormat, 0, 1,
				&choice.pod), -EINVAL);
	check_int(spa_node_enum_params(host.node, 0, SPA_PARAM_Props, 0, 1, &part.pod), -EINVAL);
	host_close(&host);
}

static void wrong_params_are_told_of_and_then_counted(void)
{
	uint32_t i, told = 0;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	for (i = 0; i < 10000; i++) {
		host.error[0] = '\0';
		check_int(host_set_double(&host, "output.0.gain", NAN), -EINVAL);
		told += host.error[0] != '\0';
	}
	note("10000 wrong gains, %u of them in the log", told);
	check(told >= 1 && told < 200);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(props_read_back_as_they_were_set);
	run(a_wait_is_that_of_its_change_of_delay);
	run(the_slew_reads_back);
	run(what_was_read_can_be_set_again);
	run(numbers_may_be_of_any_type);
	run(wrong_params_are_refused_by_name);
	run(nothing_of_a_wrong_param_is_applied);
	run(params_that_are_no_pairs_are_refused);
	run(prop_info_tells_every_key_and_range);
	run(a_param_that_breaks_off_is_refused);
	run(wrong_params_are_told_of_and_then_counted);
	return harness_finish();
}
