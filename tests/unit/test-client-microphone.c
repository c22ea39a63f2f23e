/* Which microphone is taken, asked about, or not taken, and why */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "client/client.h"
#include "client/microphone.h"
#include "harness.h"

static const struct microphone
	internal = { .id = 1, .name = "alsa_input.pci.analog-stereo", .description = "Built-in Microphone", .is_default = true },
	webcam = { .id = 2, .name = "alsa_input.usb-webcam", .description = "Webcam Microphone" },
	headset = { .id = 3, .name = "bluez_input.AA_BB", .description = "Headset Microphone", .doubt = MICROPHONE_BLUETOOTH },
	canceller = { .id = 4, .name = "echo-cancel-source", .description = "Echo-Cancel Source", .doubt = MICROPHONE_PROCESSED },
	jack = { .id = 5, .name = "alsa_input.pci.jack", .description = "Front Jack", .doubt = MICROPHONE_UNPLUGGED },
	muted = { .id = 6, .name = "alsa_input.usb-table", .doubt = MICROPHONE_MUTED },
	foreign = { .id = 7, .name = "webcam", .doubt = MICROPHONE_FOREIGN };

/* Those of which ids are given, in this order: first who can be, and then who was meant */
static bool chosen(const char *name, const char *can, const char *cannot)
{
	struct microphone list[] = { foreign, jack, canceller, headset, webcam, muted, internal };
	size_t meant, fit = microphones_choose(list, SPA_N_ELEMENTS(list), name, &meant), i;
	char is[2][16] = { "", "" };

	for (i = 0; i < meant; i++)
		is[i >= fit][strlen(is[i >= fit])] = '0' + list[i].id;
	printf("# %s: %s, not %s\n", name ? name : "any", is[0], is[1]);
	return spa_streq(is[0], can) && spa_streq(is[1], cannot);
}

static void without_a_name_all_that_fit_are_asked_about_the_default_first(void)
{
	check(chosen(NULL, "12", "34657"));
}

static void a_name_a_description_or_a_part_of_one_is_enough(void)
{
	check(chosen("alsa_input.usb-webcam", "2", ""));
	check(chosen("built-in microphone", "1", ""));
	check(chosen("built", "1", ""));
	check(chosen("alsa_input.pci", "1", "5"));
}

static void a_foreign_one_hides_no_other_by_its_name(void)
{
	check(chosen("webcam", "2", "7"));
}

static void one_that_would_do_harm_is_taken_only_if_it_alone_is_named(void)
{
	check(chosen("microphone", "12", "3"));
	check(chosen("headset", "3", ""));
	check(chosen("echo-cancel", "4", ""));
}

static void one_that_hears_nothing_is_not_taken_and_why_is_known(void)
{
	check(chosen("jack", "", "5"));
	check(chosen("table", "", "6"));
}

static void a_name_that_none_has_means_none(void)
{
	check(chosen("kitchen", "", ""));
	check(chosen("", "", ""));
}

static void of_none_there_is_none(void)
{
	size_t meant;

	check(microphones_choose(NULL, 0, NULL, &meant) == 0 && meant == 0);
	check(microphones_choose(NULL, 0, "kitchen", &meant) == 0 && meant == 0);
}

#define ITEMS(...)	(&SPA_DICT_INIT(((struct spa_dict_item[]) { __VA_ARGS__ }), \
			sizeof((struct spa_dict_item[]) { __VA_ARGS__ }) / sizeof(struct spa_dict_item)))

static struct client client;

static struct graph_object *add_node(uint32_t id, const char *name, const char *class, const char *owner)
{
	struct graph_object *o;

	graph_add(&client.graph, id, PW_TYPE_INTERFACE_Node, ITEMS({ PW_KEY_NODE_NAME, name },
			{ PW_KEY_MEDIA_CLASS, class }, { PW_KEY_CLIENT_ID, owner }, { PW_KEY_DEVICE_ID, "90" }));
	spa_list_for_each(o, &client.graph.objects, link)
		if (o->id == id)
			return o;
	return NULL;
}

static void add_client(uint32_t id, const char *access)
{
	owners_global(&client.owners, id, PW_TYPE_INTERFACE_Client, ITEMS({ PW_KEY_ACCESS, access }));
}

static void what_the_graph_says_of_them_is_known(void)
{
	struct graph_object *card;
	struct microphone *list;
	int n;

	graph_init(&client.graph, NULL, NULL);
	owners_init(&client.owners);
	add_client(1, "unrestricted");
	add_client(2, "restricted");
	graph_add(&client.graph, 90, PW_TYPE_INTERFACE_Device, ITEMS({ PW_KEY_DEVICE_API, "alsa" }));
	card = (struct graph_object *)graph_find(&client.graph, 90);
	card->inputs[0] = (struct graph_input) { .device = 0, .unplugged = true };
	card->inputs[1] = (struct graph_input) { .device = 1, .muted = true };
	card->n_inputs = 2;

	add_node(10, "jack", "Audio/Source", "1")->card_device = 0;
	add_node(11, "muted", "Audio/Source", "1")->card_device = 1;
	add_node(12, "internal", "Audio/Source", "1")->card_device = 2;
	add_node(13, "virtual", "Audio/Source/Virtual", "1");
	add_node(14, "foreign", "Audio/Source", "2");
	add_node(15, "unknown", "Audio/Source", "3");
	add_node(16, "sink", "Audio/Sink", "1");
	add_node(17, "bluez_combine.other", "Audio/Source", "1");
	add_node(18, "silent", "Audio/Source", "1")->muted = true;
	add_node(19, "recorder", "Stream/Input/Audio", "1");
	graph_add(&client.graph, 20, PW_TYPE_INTERFACE_Link,
			ITEMS({ PW_KEY_LINK_OUTPUT_NODE, "12" }, { PW_KEY_LINK_INPUT_NODE, "19" }));

	n = microphones_find(&client, &list);
	check(n == 7);
	check(list[0].doubt == MICROPHONE_UNPLUGGED && list[1].doubt == MICROPHONE_MUTED);
	check(list[2].doubt == MICROPHONE_FITS && spa_streq(list[2].used_by, "recorder") && list[2].id == 12);
	check(list[3].doubt == MICROPHONE_PROCESSED);
	check(list[4].doubt == MICROPHONE_FOREIGN && list[5].doubt == MICROPHONE_FOREIGN);
	check(list[6].doubt == MICROPHONE_MUTED && list[6].used_by == NULL);
	free(list);
	graph_finish(&client.graph);
	owners_finish(&client.owners);
}

int main(void)
{
	run(without_a_name_all_that_fit_are_asked_about_the_default_first);
	run(a_name_a_description_or_a_part_of_one_is_enough);
	run(a_foreign_one_hides_no_other_by_its_name);
	run(one_that_would_do_harm_is_taken_only_if_it_alone_is_named);
	run(one_that_hears_nothing_is_not_taken_and_why_is_known);
	run(a_name_that_none_has_means_none);
	run(of_none_there_is_none);
	run(what_the_graph_says_of_them_is_known);
	return harness_finish();
}
