/* Test: who a sink is, and whose */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <pipewire/pipewire.h>

#include "harness.h"
#include "member/identity.h"
#include "graph/owners.h"

#define ITEMS(...)	&SPA_DICT_INIT_ARRAY(((struct spa_dict_item[]) { __VA_ARGS__ }))
#define KEY(k, v)	SPA_DICT_ITEM_INIT(k, v)
#define ADDRESS		"AA:BB:CC:DD:EE:FF"

/* The session manager has two connections, ids 1 and 2; a sandboxed client is 3, an ordinary program 4 */
static struct owners owners;

static void add(uint32_t id, const char *access, const char *asked, const char *pid)
{
	owners_global(&owners, id, PW_TYPE_INTERFACE_Client, ITEMS(
			KEY(PW_KEY_ACCESS, access), KEY(PW_KEY_CLIENT_ACCESS, asked), KEY(PW_KEY_SEC_PID, pid)));
}

static void begin(void)
{
	owners_init(&owners);
	add(1, "unrestricted", NULL, "100");
	add(2, "unrestricted", NULL, "100");
	add(3, "flatpak", "flatpak", "200");
	add(4, "unrestricted", NULL, "300");
	add(5, "default", NULL, "400");
	owners_global(&owners, 10, PW_TYPE_INTERFACE_Device,
			ITEMS(KEY(PW_KEY_CLIENT_ID, "1"), KEY(PW_KEY_DEVICE_API, "bluez5")));
	owners_global(&owners, 11, PW_TYPE_INTERFACE_Device,
			ITEMS(KEY(PW_KEY_CLIENT_ID, "3"), KEY(PW_KEY_DEVICE_API, "bluez5")));
	owners_global(&owners, 12, PW_TYPE_INTERFACE_Device,
			ITEMS(KEY(PW_KEY_CLIENT_ID, "1"), KEY(PW_KEY_DEVICE_API, "alsa")));
	owners_global(&owners, 13, PW_TYPE_INTERFACE_Device, ITEMS(KEY(PW_KEY_DEVICE_API, "bluez5")));
}

static bool is_bluetooth(const char *client, const char *device)
{
	return owners_is_bluetooth(&owners, ITEMS(KEY(PW_KEY_CLIENT_ID, client), KEY(PW_KEY_DEVICE_ID, device)));
}

static void a_bluetooth_speaker_is_a_node_of_the_client_that_has_its_device(void)
{
	begin();
	check(is_bluetooth("1", "10"));
	/* of the same process: what a session manager makes of a set of speakers */
	check(is_bluetooth("2", "10"));
	check(!is_bluetooth("4", "10"));
	check(!is_bluetooth("3", "10"));
	check(!is_bluetooth("99", "10"));
	check(!is_bluetooth(NULL, "10"));
	owners_finish(&owners);
}

static void a_restricted_client_that_has_a_device_is_no_bluetooth_monitor(void)
{
	begin();
	check(!is_bluetooth("3", "11"));
	check(!is_bluetooth("1", "11"));
	owners_finish(&owners);
}

static void another_device_or_none_is_not_enough(void)
{
	begin();
	check(!is_bluetooth("1", "12"));
	check(!is_bluetooth("1", "99"));
	check(!is_bluetooth("1", NULL));
	check(!is_bluetooth("1", "x"));
	owners_finish(&owners);
}

static void a_daemon_that_has_the_devices_itself_is_a_monitor(void)
{
	begin();
	check(is_bluetooth(NULL, "13"));
	check(!is_bluetooth("1", "13"));
	owners_finish(&owners);
}

static void a_device_that_is_gone_has_no_speakers(void)
{
	begin();
	owners_global_remove(&owners, 10);
	check(!is_bluetooth("1", "10"));
	owners_finish(&owners);
}

static enum owner find(const char *client)
{
	return owners_find(&owners, ITEMS(KEY(PW_KEY_CLIENT_ID, client)));
}

static void what_a_client_may_do_is_the_daemons_word(void)
{
	begin();
	check_int(find(NULL), OWNER_DAEMON);
	check_int(find("1"), OWNER_UNRESTRICTED);
	check_int(find("3"), OWNER_RESTRICTED);
	check_int(find("5"), OWNER_ORDINARY);
	check_int(find("77"), OWNER_RESTRICTED);
	check_int(find("x"), OWNER_RESTRICTED);
	/* it may ask for less, which an unrestricted socket does not take from it */
	add(6, "unrestricted", "flatpak", "500");
	check_int(find("6"), OWNER_RESTRICTED);
	add(7, "unrestricted", "allowed", "500");
	check_int(find("7"), OWNER_UNRESTRICTED);
	add(8, NULL, NULL, "500");
	check_int(find("8"), OWNER_RESTRICTED);
	/* a Flatpak is one whatever the session manager lets it do */
	owners_global(&owners, 9, PW_TYPE_INTERFACE_Client, ITEMS(
			KEY(PW_KEY_ACCESS, "unrestricted"), KEY("pipewire.sec.flatpak", "true")));
	check_int(find("9"), OWNER_RESTRICTED);
	/* where a key is there twice the daemon's is the first */
	check_int(owners_find(&owners, ITEMS(KEY(PW_KEY_CLIENT_ID, "3"), KEY(PW_KEY_CLIENT_ID, "1"))),
			OWNER_RESTRICTED);
	owners_finish(&owners);
}

static struct identity identity;

static int look(enum owner owner, bool bluetooth, const struct spa_dict *props)
{
	int res = identity_init(&identity, props, owner, bluetooth);

	if (res < 0)
		check(identity.name == NULL && identity.address == NULL);
	return res;
}

static const struct spa_dict *speaker(const char *name, const char *address, const char *linger)
{
	static struct spa_dict_item items[4];
	static struct spa_dict dict;

	items[0] = KEY(PW_KEY_NODE_NAME, name);
	items[1] = KEY("api.bluez5.profile", "a2dp-sink");
	items[2] = KEY("api.bluez5.address", address);
	items[3] = KEY(PW_KEY_OBJECT_LINGER, linger);
	dict = SPA_DICT_INIT(items, linger ? 4 : address ? 3 : 2);
	return &dict;
}

static void a_speaker_is_known_by_its_address_and_any_other_sink_by_its_name(void)
{
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", ADDRESS, NULL)), 0);
	check(identity.bluetooth && spa_streq(identity.address, ADDRESS) && spa_streq(identity.name, "a"));
	identity_finish(&identity);
	check_int(look(OWNER_ORDINARY, false, ITEMS(KEY(PW_KEY_NODE_NAME, "card"))), 0);
	check(!identity.bluetooth && spa_streq(identity.address, "card"));
	identity_finish(&identity);
}

static void who_says_that_it_is_a_bluetooth_speaker_has_to_be_one(void)
{
	check_int(look(OWNER_UNRESTRICTED, false, speaker("a", ADDRESS, NULL)), -EACCES);
	check_int(look(OWNER_UNRESTRICTED, false, speaker("a", NULL, NULL)), -EACCES);
	check_int(look(OWNER_RESTRICTED, false, speaker("a", ADDRESS, NULL)), -EACCES);
	/* nobody says whose a node is that lingers */
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", ADDRESS, "true")), -EACCES);
	check_int(look(OWNER_DAEMON, true, speaker("a", ADDRESS, "false")), -EACCES);
	/* and to have an address */
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", NULL, NULL)), -ENOENT);
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", "AA:BB:CC:DD:EE", NULL)), -ENOENT);
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", "AA:BB:CC:DD:EE:FG", NULL)), -ENOENT);
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", "AA-BB-CC-DD-EE-FF", NULL)), -ENOENT);
	check_int(look(OWNER_UNRESTRICTED, true, speaker("", ADDRESS, NULL)), -ENOENT);
}

static void no_sink_takes_the_place_of_a_speaker_by_its_name(void)
{
	check_int(look(OWNER_ORDINARY, false, ITEMS(KEY(PW_KEY_NODE_NAME, ADDRESS))), -EACCES);
	check_int(look(OWNER_RESTRICTED, false, ITEMS(KEY(PW_KEY_NODE_NAME, "card"))), -EACCES);
	check_int(look(OWNER_DAEMON, false, ITEMS(KEY(PW_KEY_NODE_NAME, "card"), KEY(PW_KEY_OBJECT_LINGER, "true"))), 0);
	identity_finish(&identity);
	check_int(look(OWNER_DAEMON, false, ITEMS(KEY(PW_KEY_MEDIA_CLASS, "Audio/Sink"))), -ENOENT);
	check_int(look(OWNER_DAEMON, false, &SPA_DICT_INIT(NULL, 0)), -ENOENT);
}

static void whose_name_or_address_changes_or_goes_is_another_one(void)
{
	check_int(look(OWNER_UNRESTRICTED, true, speaker("a", ADDRESS, NULL)), 0);
	check(identity_fits(&identity, speaker("a", ADDRESS, NULL)));
	check(!identity_fits(&identity, speaker("b", ADDRESS, NULL)));
	check(!identity_fits(&identity, speaker("a", "AA:BB:CC:DD:EE:00", NULL)));
	check(!identity_fits(&identity, speaker("a", NULL, NULL)));
	check(!identity_fits(&identity, ITEMS(KEY(PW_KEY_NODE_NAME, "a"))));
	check(!identity_fits(&identity, &SPA_DICT_INIT(NULL, 0)));
	identity_finish(&identity);
	check(!identity_fits(&identity, speaker("a", ADDRESS, NULL)));
	check_int(look(OWNER_DAEMON, false, ITEMS(KEY(PW_KEY_NODE_NAME, "card"))), 0);
	check(identity_fits(&identity, ITEMS(KEY(PW_KEY_NODE_NAME, "card"))));
	check(!identity_fits(&identity, speaker("card", ADDRESS, NULL)));
	identity_finish(&identity);
}

int main(void)
{
	run(a_bluetooth_speaker_is_a_node_of_the_client_that_has_its_device);
	run(a_restricted_client_that_has_a_device_is_no_bluetooth_monitor);
	run(another_device_or_none_is_not_enough);
	run(a_daemon_that_has_the_devices_itself_is_a_monitor);
	run(a_device_that_is_gone_has_no_speakers);
	run(what_a_client_may_do_is_the_daemons_word);
	run(a_speaker_is_known_by_its_address_and_any_other_sink_by_its_name);
	run(who_says_that_it_is_a_bluetooth_speaker_has_to_be_one);
	run(no_sink_takes_the_place_of_a_speaker_by_its_name);
	run(whose_name_or_address_changes_or_goes_is_another_one);
	return harness_finish();
}
