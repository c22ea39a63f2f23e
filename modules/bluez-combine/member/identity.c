/* Who a sink is */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/keys.h>
#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "member/identity.h"

#define BLUEZ5_PREFIX	"api.bluez5."
#define ADDRESS_LEN	17	/* AA:BB:CC:DD:EE:FF */

static bool is_address(const char *str)
{
	if (str == NULL || strlen(str) != ADDRESS_LEN)
		return false;
	for (int i = 0; i < ADDRESS_LEN; i++)
		if (i % 3 == 2 ? str[i] != ':' : !isxdigit((unsigned char)str[i]))
			return false;
	return true;
}

/* Its items are NULL then, which spa_dict_for_each() and spa_dict_lookup() add to */
static bool is_empty(const struct spa_dict *props)
{
	return props->n_items == 0;
}

/* Any of these: rules match by more than the address */
static bool claims_bluetooth(const struct spa_dict *props)
{
	const struct spa_dict_item *it;

	spa_dict_for_each(it, props)
		if (spa_strstartswith(it->key, BLUEZ5_PREFIX))
			return true;
	return false;
}

static const char *address_of(const struct spa_dict *props)
{
	return spa_dict_lookup(props, claims_bluetooth(props) ? "api.bluez5.address" : PW_KEY_NODE_NAME);
}

/* A node that lingers can say that it is anybody's. Those of the daemon's configuration do, so
 * that is only held against one that has to prove something. */
static int check(const struct spa_dict *props, enum owner owner, bool is_bluetooth)
{
	if (owner == OWNER_RESTRICTED)
		return -EACCES;
	if (claims_bluetooth(props)) {
		if (!is_bluetooth || spa_dict_lookup(props, PW_KEY_OBJECT_LINGER))
			return -EACCES;
		return is_address(address_of(props)) ? 0 : -ENOENT;
	}
	/* What was said of a Bluetooth speaker is not for whoever has its address for a name */
	return is_address(address_of(props)) ? -EACCES : 0;
}

int identity_init(struct identity *identity, const struct spa_dict *props,
		enum owner owner, bool is_bluetooth)
{
	const char *name, *address;
	int res;

	spa_zero(*identity);
	if (is_empty(props))
		return -ENOENT;
	name = spa_dict_lookup(props, PW_KEY_NODE_NAME);
	address = address_of(props);
	if (name == NULL || *name == '\0')
		return -ENOENT;
	if ((res = check(props, owner, is_bluetooth)) < 0)
		return res;
	identity->bluetooth = claims_bluetooth(props);
	identity->name = strdup(name);
	identity->address = strdup(address);
	if (identity->name == NULL || identity->address == NULL) {
		identity_finish(identity);
		return -ENOMEM;
	}
	return 0;
}

void identity_finish(struct identity *identity)
{
	free(identity->name);
	free(identity->address);
	spa_zero(*identity);
}

bool identity_fits(const struct identity *identity, const struct spa_dict *props)
{
	return identity->name != NULL && !is_empty(props) && claims_bluetooth(props) == identity->bluetooth &&
		spa_streq(spa_dict_lookup(props, PW_KEY_NODE_NAME), identity->name) &&
		spa_streq(address_of(props), identity->address);
}
