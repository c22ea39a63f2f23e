/* The doctor command: files and processes of this user */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>
#include <spa/utils/string.h>

#include "doctor/conf.h"
#include "doctor/doctor.h"
#include "names.h"

#define LOGIND		"org.freedesktop.login1"
#define CALL_MS		2000
#define STAT_START	20	/* fields after the name in /proc/<pid>/stat, from 1: starttime */

static char *read_proc(pid_t pid, const char *file, gsize *size)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
	char *text = NULL;

	return g_file_get_contents(path, &text, size, NULL) ? text : NULL;
}

/* s since 1970 of the machine's start */
static int64_t boot_time(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/stat", &text, NULL, NULL) || (line = strstr(text, "\nbtime ")) == NULL)
		return 0;
	return strtoll(line + strlen("\nbtime "), NULL, 10);
}

static int64_t start_time(pid_t pid)
{
	g_autofree char *text = read_proc(pid, "stat", NULL);
	g_auto(GStrv) fields = NULL;
	int64_t boot = boot_time();
	char *rest;

	/* The name of the program may have spaces and brackets */
	if (boot == 0 || text == NULL || (rest = strrchr(text, ')')) == NULL)
		return 0;
	fields = g_strsplit(rest + 2, " ", STAT_START + 1);
	if (g_strv_length(fields) < STAT_START)
		return 0;
	return boot + strtoll(fields[STAT_START - 1], NULL, 10) / sysconf(_SC_CLK_TCK);
}

static char **read_env(pid_t pid)
{
	gsize size = 0;
	g_autofree char *text = read_proc(pid, "environ", &size);
	GPtrArray *env;
	const char *s;

	if (text == NULL)
		return NULL;
	env = g_ptr_array_new();
	for (s = text; s < text + size; s += strlen(s) + 1)
		g_ptr_array_add(env, g_strdup(s));
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(env, FALSE);
}

static void count_loops(struct fact_daemon *d)
{
	g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)d->pid);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *tid;

	while (dir && (tid = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, tid, "comm", NULL), *name = NULL;
		int policy;

		if (!g_file_get_contents(path, &name, NULL, NULL) || !g_str_has_prefix(name, "data-loop"))
			continue;
		policy = sched_getscheduler(atoi(tid));
		if (policy < 0)
			continue;
		policy &= ~SCHED_RESET_ON_FORK;
		d->data_loops++;
		d->slow_loops += policy != SCHED_FIFO && policy != SCHED_RR;
	}
	if (dir)
		g_dir_close(dir);
}

/* "Max nice priority", and then the soft limit */
static int read_nice_limit(pid_t pid)
{
	static const char name[] = "\nMax nice priority ";
	g_autofree char *text = read_proc(pid, "limits", NULL);
	const char *line = text ? strstr(text, name) : NULL;
	int limit = 0;

	if (line == NULL || sscanf(line + strlen(name), "%d", &limit) != 1)
		return INT_MAX;		/* "unlimited", or not known: nothing to complain of */
	return limit;
}

static bool is_ours(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == getuid();
}

static void read_daemon(struct fact_daemon *d)
{
	if (d->pid <= 0 || !is_ours(d->pid)) {
		d->pid = 0;
		return;
	}
	d->started_sec = start_time(d->pid);
	d->env = read_env(d->pid);
	count_loops(d);
	/* The main thread has the id of the process */
	d->nice = getpriority(PRIO_PROCESS, d->pid);
	d->nice_limit = read_nice_limit(d->pid);
}

/* When it came there: the time of its inode, for packages keep that of the contents */
static int64_t change_time(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ctime : 0;
}

static void look_in(struct fact_file *file, char **dirs, const char *name)
{
	size_t i;

	for (i = 0; dirs[i] && file->path == NULL; i++) {
		g_autofree char *path = g_build_filename(dirs[i], name, NULL);

		if (access(path, R_OK) != 0)
			continue;
		file->changed_sec = change_time(path);
		file->path = g_steal_pointer(&path);
	}
}

static void look_for_library(struct fact_file *file, char **env, const char *variable, const char *standard,
		const char *name)
{
	const char *list = g_environ_getenv(env, variable);
	g_auto(GStrv) dirs = g_strsplit(list ? list : standard, ":", -1);

	look_in(file, dirs, name);
}

/* The newest of the scripts stands for all */
static void look_for_scripts(struct fact_file *file, char **dirs)
{
	GDir *dir;
	const char *name;

	look_in(file, dirs, "scripts/bluez-combine");
	dir = file->path ? g_dir_open(file->path, 0, NULL) : NULL;
	file->changed_sec = 0;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(file->path, name, NULL);

		file->changed_sec = MAX(file->changed_sec, change_time(path));
	}
	if (dir)
		g_dir_close(dir);
	if (file->changed_sec == 0)
		g_clear_pointer(&file->path, g_free);
}

/*
 * Is this user logged in at the machine? WirePlumber asks the same of libsystemd: a
 * user whom logind does not know, or a machine without it, has no seat.
 */
static enum fact_yes find_seat(void)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	g_autoptr(GVariant) reply = NULL, state = NULL, value = NULL;
	const char *path;

	if (bus == NULL)
		return FACT_UNKNOWN;
	reply = g_dbus_connection_call_sync(bus, LOGIND, "/org/freedesktop/login1", LOGIND ".Manager", "GetUser",
			g_variant_new("(u)", (uint32_t)getuid()), G_VARIANT_TYPE("(o)"),
			G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, NULL);
	if (reply == NULL)
		return FACT_NO;
	g_variant_get(reply, "(&o)", &path);
	state = g_dbus_connection_call_sync(bus, LOGIND, path, "org.freedesktop.DBus.Properties", "Get",
			g_variant_new("(ss)", LOGIND ".User", "State"), G_VARIANT_TYPE("(v)"),
			G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, NULL);
	if (state == NULL)
		return FACT_UNKNOWN;
	g_variant_get(state, "(v)", &value);
	return g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) &&
		g_str_equal(g_variant_get_string(value, NULL), "active") ? FACT_YES : FACT_NO;
}

static char *find_in_profile(char **dirs, const char *feature, char **file)
{
	const char *const path[] = { "wireplumber.profiles", "main", feature, NULL };

	return conf_find(dirs, path, file);
}

static bool is_disabled(char **dirs, const char *feature, char **where)
{
	g_autofree char *file = NULL, *value = find_in_profile(dirs, feature, &file);
	bool disabled = value && conf_has_word(value, "disabled");

	if (disabled && where)
		*where = g_steal_pointer(&file);
	return disabled;
}

static void read_conf(struct facts *f, char **dirs)
{
	static const char *const roles[] = { "monitor.bluez.properties", "bluez5.roles", NULL };

	f->roles = conf_find(dirs, roles, &f->roles_file);
	f->seat_monitoring = is_disabled(dirs, "monitor.bluez.seat-monitoring", NULL) ||
		is_disabled(dirs, "support.logind", NULL) ? FACT_NO : FACT_YES;
	is_disabled(dirs, "policy.bluez-combine", &f->disabled_file);
}

void facts_read_system(struct facts *f)
{
	g_auto(GStrv) own = g_get_environ(), conf = NULL, data = NULL;
	char **env;

	read_daemon(&f->daemon);
	read_daemon(&f->manager);
	/* What counts is what WirePlumber was started with */
	env = f->manager.env ? f->manager.env : own;
	conf = conf_dirs(env, true);
	data = conf_dirs(env, false);
	look_for_library(&f->module, env, "PIPEWIRE_MODULE_DIR", PIPEWIRE_MODULE_DIR, BLUEZ_COMBINE_MODULE ".so");
	look_for_library(&f->plugin, env, "SPA_PLUGIN_DIR", SPA_PLUGIN_DIR, BLUEZ_COMBINE_SPA_LIB ".so");
	look_for_library(&f->bluez_plugin, env, "SPA_PLUGIN_DIR", SPA_PLUGIN_DIR, "bluez5/libspa-bluez5.so");
	look_in(&f->conf, conf, "wireplumber.conf.d/60-bluez-combine.conf");
	look_for_scripts(&f->scripts, data);
	read_conf(f, conf);
	f->seat = find_seat();
}
