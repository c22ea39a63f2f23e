/* SPA handles on a chosen data loop */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SPA_HANDLE_H
#define BLUEZ_COMBINE_SPA_HANDLE_H

#include <pipewire/pipewire.h>

/**
 * Load a handle from a SPA library with the support that \a context gives its
 * nodes, but for \a data_loop, which is not always the context's first one.
 * Returns NULL with errno set on failure; pw_unload_spa_handle() undoes it.
 */
struct spa_handle *spa_handle_load(struct pw_context *context, struct pw_loop *data_loop,
		const char *library, const char *factory, const struct spa_dict *info);

#endif /* BLUEZ_COMBINE_SPA_HANDLE_H */
