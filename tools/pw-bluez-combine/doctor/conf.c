/* The doctor command: WirePlumber's configuration */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdbool.h>
#include <string.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "doctor/conf.h"

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

/*
 * Files add to each other: what a later one says of a key counts, but arrays are joined. "override." before a name,
 * of the section or of anything below it, throws away all that was said before.
 */

/** What a value that is looked for is so far */
struct found {
	char *value;			/* NULL: nobody has said anything */
	char *file;			/* who has said the last of it */
};

static void forget(struct found *found)
{
	g_clear_pointer(&found->value, g_free);
	g_clear_pointer(&found->file, g_free);
}

static void take(struct found *found, const char *raw, int len, bool override, const char *file)
{
	char *value;

	if (!override && found->value && found->value[0] == '[' && raw[0] == '[')
		value = g_strdup_printf("%s %.*s", found->value, len, raw);
	else
		value = g_strndup(raw, len);
	forget(found);
	found->value = value;
	found->file = g_strdup(file);
}

/* Is it \a name, or an override of it? */
static bool is_key(const char *key, const char *name, bool *override)
{
	static const char prefix[] = "override.";

	*override = g_str_has_prefix(key, prefix);
	return spa_streq(*override ? key + strlen(prefix) : key, name);
}

/* The rest of an object: \a path is the names of what is below it, the last one that of the value, then NULL.
 * Relaxed JSON with equal signs is read alike. */
static void look(struct found *found, struct spa_json *it, const char *const *path, const char *file)
{
	struct spa_json sub;
	bool override;
	char key[256];
	const char *raw;
	int len;

	while ((len = spa_json_object_next(it, key, sizeof(key), &raw)) > 0) {
		if (!is_key(key, path[0], &override))
			continue;
		if (path[1] == NULL) {
			if (spa_json_is_container(raw, len))
				len = spa_json_container_len(it, raw, len);
			take(found, raw, len, override, file);
		} else if (spa_json_is_object(raw, len)) {
			if (override)
				forget(found);
			spa_json_enter(it, &sub);
			look(found, &sub, path + 1, file);
		}
	}
}

static void look_in_file(struct found *found, const char *const *path, const char *file)
{
	g_autofree char *text = NULL;
	struct spa_json top;
	gsize size;

	if (g_file_get_contents(file, &text, &size, NULL) && spa_json_begin_object_relax(&top, text, size) > 0)
		look(found, &top, path, file);
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

/* The main file: the first that there is */
static void look_in_main(struct found *found, char **dirs, const char *const *path)
{
	size_t i;

	for (i = 0; dirs[i]; i++) {
		g_autofree char *file = g_build_filename(dirs[i], "wireplumber.conf", NULL);

		if (g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
			look_in_file(found, path, file);
			return;
		}
	}
}

char *conf_find(char **dirs, const char *const *path, char **file)
{
	GHashTable *files = list_fragments(dirs);
	GList *names = g_list_sort(g_hash_table_get_keys(files), compare_names), *l;
	struct found found = { 0 };

	look_in_main(&found, dirs, path);
	for (l = names; l; l = l->next)
		look_in_file(&found, path, g_hash_table_lookup(files, l->data));
	g_list_free(names);
	g_hash_table_unref(files);
	*file = found.file;
	return found.value;
}

bool conf_has_word(const char *value, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(value, " []{}\"',:=\t\r\n", -1);

	return g_strv_contains((const char *const *)words, word);
}
