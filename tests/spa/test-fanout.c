/* Test: the fan-out node's ports and params */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/monitor/device.h>
#include <spa/node/utils.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "host.h"
#include "names.h"

#define IN	SPA_DIRECTION_INPUT
#define OUT	SPA_DIRECTION_OUTPUT

static struct host host;
static const char *library = "";

static void the_factory_has_its_public_name(void)
{
	const struct spa_handle_factory *f = host_factory();
	const struct spa_interface_info *info;
	uint32_t index = 0;

	check(spa_streq(f->name, BLUEZ_COMBINE_FACTORY_FANOUT));
	check_int(spa_handle_factory_enum_interface_info(f, &info, &index), 1);
	check(spa_streq(info->type, SPA_TYPE_INTERFACE_Node));
	check_int(spa_handle_factory_enum_interface_info(f, &info, &index), 0);
}

static void the_library_is_where_its_public_name_says(void)
{
	const char *found = strstr(library, BLUEZ_COMBINE_SPA_LIB);

	check(found != NULL && spa_streq(found, BLUEZ_COMBINE_SPA_LIB ".so"));
}

static void the_default_is_stereo_without_outputs(void)
{
	void *iface;

	check_int(host_open(&host, NULL), 0);
	check_int(host.n_channels, 2);
	check(!host.ports[OUT][0].present);
	check_int(host.n_node_infos, 1);
	check(SPA_FLAG_IS_SET(host.node_flags, SPA_NODE_FLAG_RT | SPA_NODE_FLAG_OUT_DYNAMIC_PORTS));
	check_int(spa_handle_get_interface(host.handle, SPA_TYPE_INTERFACE_Device, &iface), -ENOENT);
	host_close(&host);
}

static void wrong_properties_are_refused_by_name(void)
{
	static const char * const wrong[][2] = {
		{ "audio.channels", "0" },
		{ "audio.channels", "9" },
		{ "audio.channels", "two" },
		{ "audio.channels", "-1" },
		{ "audio.rate", "7999" },
		{ "audio.rate", "384001" },
		{ "audio.rate", "" },
		{ "audio.position", "[ FL XY ]" },
		{ "audio.position", "[ FL FL ]" },
		{ "audio.position", "[ ]" },
		{ "audio.position", "[ AUX0 AUX1 AUX2 AUX3 AUX4 AUX5 AUX6 AUX7 AUX8 ]" },
		{ BLUEZ_COMBINE_FANOUT_OUTPUTS, "65" },
		{ BLUEZ_COMBINE_FANOUT_OUTPUTS, "some" },
		{ BLUEZ_COMBINE_FANOUT_HISTORY, "0" },
		{ BLUEZ_COMBINE_FANOUT_HISTORY, "4291" },
	};
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(wrong); i++) {
		host.error[0] = '\0';
		check_int(host_open(&host, wrong[i][0], wrong[i][1], NULL), -EINVAL);
		check(strstr(host.error, wrong[i][0]) != NULL);
		check(strstr(host.error, wrong[i][1]) != NULL);
		check(spa_streq(host.topic, BLUEZ_COMBINE_TOPIC_SPA));
	}
	check_int(host_open(&host, "audio.channels", "3", "audio.position", "[ FL FR ]", NULL), -EINVAL);
	check(strstr(host.error, "audio.channels = 3") != NULL);
}

static void ports_are_named_after_their_channel(void)
{
	const struct host_port *p;

	check_int(host_open(&host, "audio.position", "[ FC LFE FL ]",
				BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	check_int(host.n_channels, 3);

	p = &host.ports[IN][1];
	check(spa_streq(p->name, "input_LFE") && spa_streq(p->channel, "LFE"));
	check(spa_streq(p->format, "32 bit float mono audio"));
	check(!SPA_FLAG_IS_SET(p->flags, SPA_PORT_FLAG_REMOVABLE));

	p = &host.ports[OUT][3 + 2];
	check(p->present && spa_streq(p->name, "output_1_FL") && spa_streq(p->group, "output_1"));
	check(spa_streq(p->channel, "FL"));
	check(SPA_FLAG_IS_SET(p->flags, SPA_PORT_FLAG_REMOVABLE | SPA_PORT_FLAG_OPTIONAL));
	check(!host.ports[OUT][6].present);
	host_close(&host);
}

static void one_to_eight_channels_have_default_positions(void)
{
	char channels[4];
	uint32_t n, i, k;

	for (n = 1; n <= 8; n++) {
		snprintf(channels, sizeof(channels), "%u", n);
		check_int(host_open(&host, "audio.channels", channels, NULL), 0);
		check_int(host.n_channels, n);
		for (i = 0; i < n; i++)
			for (k = 0; k < i; k++)
				check(!spa_streq(host.ports[IN][i].name, host.ports[IN][k].name));
		host_close(&host);
	}
}

static void the_number_of_outputs_changes_at_run_time(void)
{
	uint32_t i;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 64), 0);
	for (i = 0; i < 128; i++)
		check(host.ports[OUT][i].present);
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 2), 0);
	for (i = 0; i < 128; i++)
		check_int(host.ports[OUT][i].present, i < 4);
	check_int(host_enum_port(&host, OUT, 4, SPA_PARAM_EnumFormat, 0, 1), -EINVAL);
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 0), 0);
	check(!host.ports[OUT][0].present);
	host_close(&host);
}

static void an_output_comes_and_goes_as_a_whole(void)
{
	check_int(host_open(&host, NULL), 0);
	check_int(spa_node_add_port(host.node, OUT, 5, NULL), 0);
	check(host.ports[OUT][4].present && host.ports[OUT][5].present);
	check(!host.ports[OUT][0].present);
	check_int(spa_node_add_port(host.node, OUT, 4, NULL), -EEXIST);
	check_int(spa_node_add_port(host.node, OUT, 128, NULL), -EINVAL);
	check_int(spa_node_add_port(host.node, IN, 2, NULL), -EINVAL);
	check_int(spa_node_remove_port(host.node, IN, 0), -EINVAL);
	check_int(spa_node_remove_port(host.node, OUT, 0), -EINVAL);

	check_int(host_set_double(&host, "output.2.gain", 0.5), 0);
	check_int(spa_node_remove_port(host.node, OUT, 4), 0);
	check(!host.ports[OUT][4].present && !host.ports[OUT][5].present);
	check_int(spa_node_remove_port(host.node, OUT, 4), -EINVAL);

	/* a new one is as new */
	check_int(spa_node_add_port(host.node, OUT, 4, NULL), 0);
	check(SPA_POD_VALUE(struct spa_pod_double, host_get(&host, "output.2.gain")) == 1.0);
	host_close(&host);
}

static int64_t get_delay(const char *key)
{
	int64_t value = -1;

	check(spa_pod_get_long(host_get(&host, key), &value) == 0);
	return value;
}

static double get_gain(const char *key)
{
	double value = -1;

	check(spa_pod_get_double(host_get(&host, key), &value) == 0);
	return value;
}

static const char *get_role(const char *key)
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
	check_int(get_delay("output.1.delay.nsec"), 0);
	check(get_gain("output.1.gain") == 1.0);
	check(spa_streq(get_role("output.1.role"), "stereo"));

	before = host.n_node_infos;
	check_int(host_set_long(&host, "output.1.delay.nsec", 123456789), 0);
	check_int(host.n_node_infos, before + 1);
	check_int(host_set_long(&host, "output.1.delay.nsec", 123456789), 0);
	check_int(host.n_node_infos, before + 1);
	check_int(host_set_double(&host, "output.1.gain", 0.123), 0);
	check_int(host_set_string(&host, "output.1.role", "mono"), 0);

	check_int(get_delay("output.1.delay.nsec"), 123456789);
	check(get_gain("output.1.gain") == 0.123);
	check(spa_streq(get_role("output.1.role"), "mono"));
	check_int(get_delay("output.0.delay.nsec"), 0);
	check_int(get_delay("output.2.delay.nsec"), 0);
	check(spa_pod_get_int(host_get(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS), &n) == 0 && n == 3);
	check(host_get(&host, "output.3.delay.nsec") == NULL);
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
	check_int(get_delay("output.63.delay.nsec"), 0);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, saved), 0);
	check_int(get_delay("output.63.delay.nsec"), 1);
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
	check_int(get_delay("output.0.delay.nsec"), 1000);
	check_int(host_set_float(&host, "output.0.delay.nsec", 2048.0f), 0);
	check_int(get_delay("output.0.delay.nsec"), 2048);
	check_int(host_set_double(&host, "output.0.delay.nsec", 1.5e9), 0);
	check_int(get_delay("output.0.delay.nsec"), 1500000000);
	check_int(host_set_float(&host, "output.0.gain", 0.5f), 0);
	check(get_gain("output.0.gain") == 0.5);
	check_int(host_set_int(&host, "output.0.gain", 0), 0);
	check(get_gain("output.0.gain") == 0.0);
	check_int(host_set_long(&host, "output.0.gain", 1), 0);
	check(get_gain("output.0.gain") == 1.0);
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
	const char *outputs = BLUEZ_COMBINE_FANOUT_OUTPUTS;

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
	check_refused(host_set_int(h, "nonsense", 1), "nonsense", "1", "fanout.outputs and output.<n>");
	check_refused(host_set_int(h, "", 1), "", "1", "unknown key");
	check_refused(host_set_int(h, BLUEZ_COMBINE_FANOUT_HISTORY, 1),
			BLUEZ_COMBINE_FANOUT_HISTORY, "1", "unknown key");

	check_int(get_delay(delay), 0);
	check(get_gain(gain) == 1.0);
	check(spa_streq(get_role(role), "stereo"));
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
	check_int(get_delay("output.0.delay.nsec"), 0);
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
	const char *name;
	bool params;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 0, 100), 0);
	check_int(host.n_results, 1 + 2 * 3);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 6, 1), 0);
	check(spa_pod_parse_object(host.result, SPA_TYPE_OBJECT_PropInfo, NULL,
			SPA_PROP_INFO_name, SPA_POD_String(&name),
			SPA_PROP_INFO_params, SPA_POD_Bool(&params)) >= 0);
	check(spa_streq(name, "output.1.role") && params);
	check_int(host_enum(&host, SPA_PARAM_PropInfo, 7, 1), 0);
	check_int(host.n_results, 0);
	check_int(host_enum(&host, SPA_PARAM_IO, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum(&host, SPA_PARAM_Format, 0, 1), -ENOENT);
	host_close(&host);
}

static void ports_tell_what_they_can_do(void)
{
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_EnumFormat, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum_port(&host, OUT, SPA_ID_INVALID, SPA_PARAM_EnumFormat, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Format, 0, 10), -EIO);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Buffers, 0, 10), -EIO);
	check_int(host_set_format(&host, IN, 0, SPA_AUDIO_FORMAT_DSP_F32), 0);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Format, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Buffers, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Meta, 0, 10), 0);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_IO, 0, 10), 0);
	check_int(host.n_results, 2);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Latency, 0, 10), 0);
	check_int(host.n_results, 2);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Profile, 0, 10), -ENOENT);
	check_int(host_enum_port(&host, IN, 2, SPA_PARAM_EnumFormat, 0, 10), -EINVAL);
	host_close(&host);
}

static void only_float_mono_is_accepted(void)
{
	struct spa_audio_info_raw raw = {
		.format = SPA_AUDIO_FORMAT_F32, .rate = 48000, .channels = 1
	};
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod *format = spa_format_audio_raw_build(&b, SPA_PARAM_Format, &raw);

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(spa_node_port_set_param(host.node, IN, 0, SPA_PARAM_Format, 0, format), -EINVAL);
	check(strstr(host.error, "input_FL") != NULL);
	check_int(host_set_format(&host, OUT, 0, SPA_AUDIO_FORMAT_S16), -EINVAL);
	check(strstr(host.error, "output_0_FL") != NULL);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Format, 0, 10), -EIO);

	format = spa_format_audio_dsp_build(&b, SPA_PARAM_Format,
			&SPA_AUDIO_INFO_DSP_INIT(.format = SPA_AUDIO_FORMAT_DSP_F32));
	check_int(spa_node_port_set_param(host.node, IN, 0, SPA_PARAM_Format,
				SPA_NODE_PARAM_FLAG_TEST_ONLY, format), 0);
	check_int(host_enum_port(&host, IN, 0, SPA_PARAM_Format, 0, 10), -EIO);
	check_int(spa_node_port_set_param(host.node, IN, 0, SPA_PARAM_Profile, 0, NULL), -ENOENT);
	host_close(&host);
}

static void buffers_need_a_format_and_data(void)
{
	struct spa_buffer empty = { 0 }, *list[65];
	uint32_t i;

	for (i = 0; i < 65; i++)
		list[i] = &empty;
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(spa_node_port_use_buffers(host.node, OUT, 0, 0, list, 1), -EIO);
	check_int(host_set_format(&host, OUT, 0, SPA_AUDIO_FORMAT_DSP_F32), 0);
	check_int(spa_node_port_use_buffers(host.node, OUT, 0, 0, list, 65), -ENOSPC);
	check_int(spa_node_port_use_buffers(host.node, OUT, 0, 0, list, 1), -EINVAL);
	check_int(spa_node_port_use_buffers(host.node, OUT, 0, SPA_NODE_BUFFERS_FLAG_ALLOC,
				list, 1), -ENOTSUP);
	check_int(spa_node_port_use_buffers(host.node, OUT, 0, 0, NULL, 0), 0);
	check_int(spa_node_port_use_buffers(host.node, OUT, 9, 0, NULL, 0), -EINVAL);
	check_int(spa_node_port_set_io(host.node, OUT, 0, SPA_IO_Buffers, &empty, 1), -ENOSPC);
	check_int(spa_node_port_set_io(host.node, OUT, 0, SPA_IO_Control, NULL, 0), -ENOENT);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &empty, 1), -ENOSPC);
	check_int(spa_node_set_io(host.node, SPA_IO_RateMatch, NULL, 0), -ENOENT);
	host_close(&host);
}

static struct spa_latency_info latency(enum spa_direction direction, int64_t min, int64_t max)
{
	return SPA_LATENCY_INFO(direction, .min_ns = min, .max_ns = max, .min_rate = 64,
			.max_rate = 64, .min_quantum = 1.0f, .max_quantum = 1.0f);
}

static void latency_goes_through_both_ways(void)
{
	struct spa_latency_info in = latency(IN, 100, 100), info;
	uint32_t before;

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	check_int(host_set_long(&host, "output.0.delay.nsec", 1000), 0);
	check_int(host_set_long(&host, "output.1.delay.nsec", 500), 0);

	before = host.ports[IN][0].n_infos;
	check_int(host_set_latency(&host, OUT, 0, &in), 0);
	check_int(host.ports[IN][0].n_infos, before + 1);
	info = host_get_latency(&host, IN, 0, IN);
	check_int(info.min_ns, 1100);
	check_int(info.max_ns, 1100);
	check_int(info.min_rate, 64);
	check(info.min_quantum == 1.0f);
	/* FR is heard nowhere yet */
	check_int(host_get_latency(&host, IN, 1, IN).max_ns, 0);

	in.min_ns = in.max_ns = 700;
	check_int(host_set_latency(&host, OUT, 2, &in), 0);
	info = host_get_latency(&host, IN, 0, IN);
	check_int(info.min_ns, 1100);
	check_int(info.max_ns, 1200);

	/* a new delay moves it; silence takes it away; roles choose */
	check_int(host_set_long(&host, "output.1.delay.nsec", 400), 0);
	check_int(host_get_latency(&host, IN, 0, IN).max_ns, 1100);
	check_int(host_set_double(&host, "output.0.gain", 0.0), 0);
	check_int(host_set_long(&host, "output.1.delay.nsec", 300), 0);
	check_int(host_get_latency(&host, IN, 0, IN).max_ns, 1000);
	check_int(host_set_string(&host, "output.1.role", "right"), 0);
	check_int(host_get_latency(&host, IN, 0, IN).max_ns, 0);
	check_int(host_get_latency(&host, IN, 1, IN).max_ns, 1000);
	check_int(host_set_latency(&host, OUT, 2, NULL), 0);
	check_int(host_get_latency(&host, IN, 1, IN).max_ns, 0);

	in = latency(OUT, 20, 30);
	before = host.ports[OUT][0].n_infos;
	check_int(host_set_latency(&host, IN, 0, &in), 0);
	check_int(host.ports[OUT][0].n_infos, before + 1);
	info = host_get_latency(&host, OUT, 0, OUT);
	check_int(info.min_ns, 1020);
	check_int(info.max_ns, 1030);
	host_close(&host);
}

static void latency_in_the_wrong_direction_is_refused(void)
{
	struct spa_latency_info in = latency(IN, 1, 1), out = latency(OUT, 1, 1);

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(host_set_latency(&host, IN, 0, &in), -EINVAL);
	check_int(host_set_latency(&host, OUT, 0, &out), -EINVAL);
	host_close(&host);
}

static void unknown_commands_are_not_supported(void)
{
	check_int(host_open(&host, NULL), 0);
	check_int(spa_node_send_command(host.node,
			&SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start)), 0);
	check_int(spa_node_send_command(host.node,
			&SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Pause)), 0);
	check_int(spa_node_send_command(host.node,
			&SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Drain)), -ENOTSUP);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		library = argv[1];
	host_load(library);
	run(the_factory_has_its_public_name);
	run(the_library_is_where_its_public_name_says);
	run(the_default_is_stereo_without_outputs);
	run(wrong_properties_are_refused_by_name);
	run(ports_are_named_after_their_channel);
	run(one_to_eight_channels_have_default_positions);
	run(the_number_of_outputs_changes_at_run_time);
	run(an_output_comes_and_goes_as_a_whole);
	run(props_read_back_as_they_were_set);
	run(what_was_read_can_be_set_again);
	run(numbers_may_be_of_any_type);
	run(wrong_params_are_refused_by_name);
	run(nothing_of_a_wrong_param_is_applied);
	run(params_that_are_no_pairs_are_refused);
	run(prop_info_tells_every_key_and_range);
	run(ports_tell_what_they_can_do);
	run(only_float_mono_is_accepted);
	run(buffers_need_a_format_and_data);
	run(latency_goes_through_both_ways);
	run(latency_in_the_wrong_direction_is_refused);
	run(unknown_commands_are_not_supported);
	return harness_finish();
}
