/* SPA support plugin whose time is the room's */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/support/log.h>
#include <spa/support/plugin.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "clock/clock-shm.h"
#include "clock/system.h"

/*
 * PipeWire loads its support library by name from SPA_SUPPORT_LIB. This one
 * stands in front of the real one: it has a system of its own and passes on
 * everything else.
 */
#define REAL_LIB	"support/libspa-support.so"

static spa_handle_factory_enum_func_t real_enum;

/* Set from the real library's before anybody looks. */
struct topics {
	uint32_t version;
	struct spa_log_topic * const *topics;
	struct spa_log_topic * const *topics_end;
};
SPA_EXPORT struct topics spa_log_topic_enum;

static void *open_real(void)
{
	const char *dirs = getenv("SPA_PLUGIN_DIR");
	char path[4096];
	void *lib;

	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");

		snprintf(path, sizeof(path), "%.*s/" REAL_LIB, (int)len, dirs);
		if (len > 0 && (lib = dlopen(path, RTLD_NOW)) != NULL)
			return lib;
		dirs += len + (dirs[len] == ':');
	}
	return dlopen(SPA_PLUGIN_DIR_DEFAULT "/" REAL_LIB, RTLD_NOW);
}

__attribute__((constructor))
static void load_real(void)
{
	void *lib = open_real();
	const struct topics *topics;

	if (lib == NULL) {
		fprintf(stderr, "room clock: cannot load " REAL_LIB ": %s\n", dlerror());
		return;
	}
	*(void **)&real_enum = dlsym(lib, SPA_HANDLE_FACTORY_ENUM_FUNC_NAME);
	if ((topics = dlsym(lib, SPA_LOG_TOPIC_ENUM_NAME)) != NULL)
		spa_log_topic_enum = *topics;
}

SPA_EXPORT
int spa_handle_factory_enum(const struct spa_handle_factory **factory, uint32_t *index)
{
	int res;

	if (real_enum == NULL)
		return -ENOENT;
	if ((res = real_enum(factory, index)) > 0 &&
	    spa_streq((*factory)->name, SPA_NAME_SUPPORT_SYSTEM) &&
	    getenv(CLOCK_SHM_ENV) != NULL)
		*factory = &room_clock_system_factory;
	return res;
}
