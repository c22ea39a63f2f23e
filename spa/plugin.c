/* Plugin: the factories in this library */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/support/log.h>
#include <spa/support/plugin.h>

extern const struct spa_handle_factory bluez_combine_fanout_factory;

/* Without it the host does not know the log topic, and its level cannot be set */
SPA_LOG_TOPIC_ENUM_DEFINE_REGISTERED;

SPA_EXPORT
int spa_handle_factory_enum(const struct spa_handle_factory **factory, uint32_t *index)
{
	spa_return_val_if_fail(factory != NULL, -EINVAL);
	spa_return_val_if_fail(index != NULL, -EINVAL);

	switch (*index) {
	case 0:
		*factory = &bluez_combine_fanout_factory;
		break;
	default:
		return 0;
	}
	(*index)++;
	return 1;
}
