/* The doctor command: WirePlumber's configuration */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdbool.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "doctor-conf.h"

/* Each folder of a list, with what WirePlumber has below it */
static void add_list(GPtrArray *dirs, const char *list, const char *below)
{
	g_auto(GStrv) all = g_strsplit(list, ":", -1);
	size_t i;

	for (i = 0; all[i]; i++)
		if (all[i][0])
			g_ptr_array_add(dirs, g_build_filename(all[i], below, NULL));
}

static void add_home(GPtrArray *dirs, char **env, const char *variable, const char *standard)
{
	const char *value = g_environ_getenv(env, variable), *home = g_environ_getenv(env, "HOME");

	if (value && *value)
		g_ptr_array_add(dirs, g_build_filename(value, "wireplumber", NULL));
	else if (home)
		g_ptr_array_add(dirs, g_build_filename(home, standard, "wireplumber", NULL));
}

static const char *get(char **env, const char *variable, const char *standard)
{
	const char *value = g_environ_getenv(env, variable);

	return value && *value ? value : standard;
}

char **conf_dirs(char **env, bool conf)
{
	const char *own = g_environ_getenv(env, conf ? "WIREPLUMBER_CONFIG_DIR" : "WIREPLUMBER_DATA_DIR");
	GPtrArray *dirs = g_ptr_array_new();

	if (own) {
		add_list(dirs, own, "");
	} else if (conf) {
		add_home(dirs, env, "XDG_CONFIG_HOME", ".config");
		add_list(dirs, get(env, "XDG_CONFIG_DIRS", "/etc/xdg"), "wireplumber");
		add_list(dirs, "/etc", "wireplumber");
	} else {
		add_home(dirs, env, "XDG_DATA_HOME", ".local/share");
	}
	if (own == NULL) {
		add_list(dirs, get(env, "XDG_DATA_DIRS", "/usr/local/share:/usr/share"), "wireplumber");
		add_list(dirs, WIREPLUMBER_DATA_DIR, "");
	}
	g_ptr_array_add(dirs, NULL);
	return (char **)g_ptr_array_free(dirs, FALSE);
}

/* The object, or the value, that \a key has; relaxed JSON with equal signs is read alike */
static bool find_key(struct spa_json *it, const char *key, struct spa_json *object, char *value, size_t size)
{
	const char *raw;
	char name[256];
	int len;

	while ((len = spa_json_object_next(it, name, sizeof(name), &raw)) > 0) {
		if (!spa_streq(name, key))
			continue;
		if (object) {
			if (!spa_json_is_object(raw, len))
				return false;
			spa_json_enter(it, object);
			return true;
		}
		if (spa_json_is_container(raw, len))
			len = spa_json_container_len(it, raw, len);
		g_strlcpy(value, raw, MIN(size, (size_t)len + 1));
		return true;
	}
	return false;
}

static char *find_in_file(const char *path, const char *section, const char *sub, const char *key)
{
	g_autofree char *text = NULL;
	struct spa_json top, in, below;
	char value[512];
	gsize size;

	if (!g_file_get_contents(path, &text, &size, NULL) ||
	    spa_json_begin_object_relax(&top, text, size) <= 0 || !find_key(&top, section, &in, NULL, 0))
		return NULL;
	if (sub && !find_key(&in, sub, &below, NULL, 0))
		return NULL;
	return find_key(sub ? &below : &in, key, NULL, value, sizeof(value)) ? g_strdup(value) : NULL;
}

/* Name -> path. Of files of the same name the one in the first folder counts. */
static GHashTable *list_fragments(char **dirs)
{
	GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	size_t i;

	for (i = 0; dirs[i]; i++) {
		g_autofree char *folder = g_build_filename(dirs[i], "wireplumber.conf.d", NULL);
		GDir *dir = g_dir_open(folder, 0, NULL);
		const char *name;

		while (dir && (name = g_dir_read_name(dir)))
			if (g_str_has_suffix(name, ".conf") && !g_hash_table_contains(files, name))
				g_hash_table_insert(files, g_strdup(name), g_build_filename(folder, name, NULL));
		if (dir)
			g_dir_close(dir);
	}
	return files;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

char *conf_find(char **dirs, const char *section, const char *sub, const char *key, char **file)
{
	GHashTable *files = list_fragments(dirs);
	GList *names = g_list_sort(g_hash_table_get_keys(files), compare_names), *l;
	char *value = NULL;

	/* Later files change what earlier ones say */
	for (l = names; l; l = l->next) {
		const char *path = g_hash_table_lookup(files, l->data);
		char *found = find_in_file(path, section, sub, key);

		if (found == NULL)
			continue;
		g_free(value);
		g_free(*file);
		value = found;
		*file = g_strdup(path);
	}
	g_list_free(names);
	g_hash_table_unref(files);
	return value;
}
