/* SPA handles on a chosen data loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include <spa/support/loop.h>
#include <spa/utils/string.h>

#include "log.h"
#include "spa-handle.h"

#define SUPPORT_MAX	16

struct spa_handle *spa_handle_load(struct pw_context *context, struct pw_loop *data_loop,
		const char *library, const char *factory, const struct spa_dict *info)
{
	struct spa_support support[SUPPORT_MAX];
	const struct spa_support *have;
	struct spa_handle *handle;
	uint32_t i, n;

	have = pw_context_get_support(context, &n);
	n = SPA_MIN(n, SPA_N_ELEMENTS(support));
	memcpy(support, have, n * sizeof(*support));
	for (i = 0; i < n; i++) {
		if (spa_streq(support[i].type, SPA_TYPE_INTERFACE_DataLoop))
			support[i].data = data_loop->loop;
		else if (spa_streq(support[i].type, SPA_TYPE_INTERFACE_DataSystem))
			support[i].data = data_loop->system;
	}
	handle = pw_load_spa_handle(library, factory, info, n, support);
	if (handle == NULL)
		pw_log_error("can't load %s from the SPA library %s: %m", factory, library);
	return handle;
}
