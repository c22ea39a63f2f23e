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

/**
 * What WirePlumber makes of all its files: the value below these names, of which the last is followed by NULL;
 * several arrays one after the other. NULL if none has it. \a file is set to the last one that has a say in it, or
 * NULL; both are to be freed.
 */
char *conf_find(char **dirs, const char *const *path, char **file);

/** Is \a word among those of \a value, an array or a text? */
bool conf_has_word(const char *value, const char *word);

#endif /* BLUEZ_COMBINE_DOCTOR_CONF_H */
