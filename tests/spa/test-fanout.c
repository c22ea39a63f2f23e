/* Test: the fan-out node's ports and params */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include <spa/monitor/device.h>
#include <spa/node/utils.h>
#include <spa/param/audio/format-utils.h>
#include <spa/pod/builder.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "fanout/control.h"
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
	check_int(spa_handle_factory_enum_interface_info(f, &info, &index), 1);
	check(spa_streq(info->type, FANOUT_TYPE_CONTROL));
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
		{ BLUEZ_COMBINE_FANOUT_SLEW, "5001" },
		{ BLUEZ_COMBINE_FANOUT_SLEW, "-1" },
		{ BLUEZ_COMBINE_FANOUT_SLEW, "0.0001" },
		{ BLUEZ_COMBINE_FANOUT_SLEW, "-18446744073709551216" },
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
	check_int(host_enum(&host, SPA_PARAM_IO, 0, 10), 0);
	check_int(host.n_results, 1);
	check_int(host_enum(&host, SPA_PARAM_Format, 0, 1), -ENOENT);
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

static void latency_without_end_stays_the_longest(void)
{
	struct spa_latency_info in = latency(IN, INT64_MIN, INT64_MAX);

	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	check_int(host_set_long(&host, "output.0.delay.nsec", 1000), 0);
	check_int(host_set_latency(&host, OUT, 0, &in), 0);
	check(host_get_latency(&host, IN, 0, IN).max_ns > 1000);
	in.min_ns = INT64_MAX - 1;
	check_int(host_set_latency(&host, OUT, 0, &in), 0);
	check(host_get_latency(&host, IN, 0, IN).min_ns > 1000);
	check(host_get_latency(&host, IN, 0, IN).max_ns > 1000);
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
	run(ports_tell_what_they_can_do);
	run(only_float_mono_is_accepted);
	run(buffers_need_a_format_and_data);
	run(latency_goes_through_both_ways);
	run(latency_without_end_stays_the_longest);
	run(latency_in_the_wrong_direction_is_refused);
	run(unknown_commands_are_not_supported);
	return harness_finish();
}
