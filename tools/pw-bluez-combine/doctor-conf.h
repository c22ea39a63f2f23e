/* The doctor command: WirePlumber's configuration */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_DOCTOR_CONF_H
#define BLUEZ_COMBINE_DOCTOR_CONF_H

#include <stdbool.h>

#include <glib.h>

/** Where WirePlumber with this environment looks, first first: \a conf or else scripts.
 * To be freed with g_strfreev(). */
char **conf_dirs(char **env, bool conf);

/** The value of a key below up to two others, in the last of the files that has it:
 * NULL if none has. \a file is then set to that file; both are to be freed. */
char *conf_find(char **dirs, const char *section, const char *sub, const char *key, char **file);

#endif /* BLUEZ_COMBINE_DOCTOR_CONF_H */
