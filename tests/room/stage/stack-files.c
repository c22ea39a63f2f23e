/* Configuration of the daemons */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "stage/stack-files.h"

/* Everybody may do everything: the room is bluetoothd, and it is the only bus. */
static const char dbus_conf[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig>\n"
	"  <type>custom</type>\n"
	"  <listen>unix:path=%s/bus</listen>\n"
	"  <auth>EXTERNAL</auth>\n"
	"  <policy context=\"default\">\n"
	"    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
	"    <allow receive_sender=\"*\" eavesdrop=\"true\"/>\n"
	"    <allow own=\"*\"/>\n"
	"    <allow user=\"*\"/>\n"
	"  </policy>\n"
	"</busconfig>\n";

/* What needs hardware, a seat or the desktop's services is off. HFP would keep
 * a device waiting, and new routes get full volume, not 40 %. */
static const char wireplumber_conf[] =
	"wireplumber.profiles = { main = {\n"
	"  monitor.alsa = disabled\n"
	"  monitor.alsa-midi = disabled\n"
	"  monitor.alsa.reserve-device = disabled\n"
	"  monitor.v4l2 = disabled\n"
	"  monitor.libcamera = disabled\n"
	"  monitor.bluez-midi = disabled\n"
	"  monitor.bluez.seat-monitoring = disabled\n"
	"  support.logind = disabled\n"
	"  support.reserve-device = disabled\n"
	"  support.portal-permissionstore = disabled\n"
	"} }\n"
	"monitor.bluez.properties = {\n"
	"  bluez5.roles = [ a2dp_sink a2dp_source ]\n"
	"  bluez5.hfphsp-backend = \"none\"\n"
	"  bluez5.dummy-avrcp-player = false\n"
	"}\n"
	"wireplumber.settings = { device.routes.default-sink-volume = 1.0 }\n";

static const char analogue_conf[] =
	"context.objects = [ { factory = adapter args = {\n"
	"  factory.name = support.null-audio-sink\n"
	"  node.name = \"" ANALOGUE_SINK "\"\n"
	"  node.description = \"Analogue output\"\n"
	"  media.class = Audio/Sink\n"
	"  priority.driver = 1009\n"
	"  priority.session = 1009\n"
	"  audio.position = [ FL FR ]\n"
	"} } ]\n";

static const char peer_conf[] =
	"context.modules = [ { name = libpipewire-module-combine-stream args = {\n"
	"  combine.mode = sink\n"
	"  node.name = \"" PEER_SINK "\"\n"
	"  node.description = \"Peer\"\n"
	"  combine.latency-compensate = true\n"
	"  combine.props = { audio.position = [ FL FR ] priority.session = 1 }\n"
	"  stream.props = { }\n"
	"  stream.rules = [ {\n"
	"    matches = [ { media.class = \"Audio/Sink\" node.name = \"~bluez_output.*\" } ]\n"
	"    actions = { create-stream = { } }\n"
	"  } ]\n"
	"} } ]\n";

/* `pipewire -c` with our module */
static const char own_conf[] =
	"context.properties = { core.daemon = false }\n"
	"context.spa-libs = {\n"
	"  audio.convert.* = audioconvert/libspa-audioconvert\n"
	"  support.* = support/libspa-support\n"
	"}\n"
	"context.modules = [\n"
	"  { name = libpipewire-module-rt args = { } flags = [ ifexists nofail ] }\n"
	"  { name = libpipewire-module-protocol-native }\n"
	"  { name = libpipewire-module-client-node }\n"
	"  { name = libpipewire-module-adapter }\n"
	"  { name = libpipewire-module-metadata }\n"
	"  { name = " BLUEZ_COMBINE_MODULE " args = { } }\n"
	"]\n";

/* The user's own rule that the Echo needs where no policy sends it */
static const char echo_conf[] =
	"monitor.bluez.rules = [ {\n"
	"  matches = [ { node.name = \"~bluez_input.*\" } ]\n"
	"  actions = { update-props = { target.object = \"%s\" } }\n"
	"} ]\n";

static int write_file(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	if (g_mkdir_with_parents(folder, 0700) < 0)
		return -errno;
	return g_file_set_contents(path, text, -1, NULL) ? 0 : -EIO;
}

static int write_pipewire(const struct stack *s)
{
	const struct stack_options *o = &s->options;
	const char *d = s->dir;
	int res = 0;

	if (o->analogue)
		res = write_file(d, "config/pipewire/pipewire.conf.d/50-analogue.conf", analogue_conf);
	if (res == 0 && o->system == STACK_PEER)
		res = write_file(d, "config/pipewire/pipewire.conf.d/51-peer.conf", peer_conf);
	if (res == 0 && o->system == STACK_MODULE) {
		g_autofree char *text = g_strdup_printf(
			"context.modules = [ { name = " BLUEZ_COMBINE_MODULE " args = { %s } } ]\n",
			o->module_args ? o->module_args : "");
		res = write_file(d, "config/pipewire/pipewire.conf.d/51-module.conf", text);
	}
	if (res == 0 && o->system == STACK_OWN)
		res = write_file(d, "combine.conf", own_conf);
	if (res == 0 && o->pipewire_conf != NULL)
		res = write_file(d, "config/pipewire/pipewire.conf.d/80-scene.conf", o->pipewire_conf);
	return res;
}

static int write_wireplumber(const struct stack *s)
{
	const struct stack_options *o = &s->options;
	const char *d = s->dir;
	int res = write_file(d, "config/wireplumber/wireplumber.conf.d/50-room.conf", wireplumber_conf);

	if (res == 0 && (o->system == STACK_PEER || o->system == STACK_MODULE)) {
		g_autofree char *text = g_strdup_printf(echo_conf, stack_sink(s));
		res = write_file(d, "config/wireplumber/wireplumber.conf.d/51-echo.conf", text);
	}
	if (res == 0 && o->wireplumber_conf != NULL)
		res = write_file(d, "config/wireplumber/wireplumber.conf.d/80-scene.conf",
				o->wireplumber_conf);
	if (res == 0 && o->configured != NULL) {
		g_autofree char *text = g_strdup_printf(
			"[default-nodes]\ndefault.configured.audio.sink=%s\n", o->configured);
		res = write_file(d, "state/wireplumber/default-nodes", text);
	}
	return res;
}

int stack_write_files(const struct stack *s)
{
	static const char *const folders[] = { "run", "config", "state", "cache", "data", "home" };
	g_autofree char *bus = g_strdup_printf(dbus_conf, s->dir);
	int res;

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_build_filename(s->dir, folders[i], NULL);
		if (g_mkdir_with_parents(path, 0700) < 0)
			return -errno;
	}
	if ((res = write_file(s->dir, "dbus.conf", bus)) < 0 || (res = write_pipewire(s)) < 0)
		return res;
	return write_wireplumber(s);
}

static char **set_folder(char **env, const char *name, const char *dir, const char *folder)
{
	g_autofree char *path = g_build_filename(dir, folder, NULL);

	return g_environ_setenv(env, name, path, TRUE);
}

/* A ROOM_ variable names an installed tree instead of the one that was built. */
static char **set_search(char **env, const char *name, const char *override,
			 const char *built, const char *system)
{
	const char *own = g_getenv(override);
	g_autofree char *path = g_strdup_printf("%s:%s", own ? own : built, system);

	return g_environ_setenv(env, name, path, TRUE);
}

/*
 * An installed package is found where the XDG directories say. The source tree is
 * not laid out as they are; it needs WirePlumber's own variables, one for scripts
 * and one for configuration, which take the place of all other folders.
 */
static char **set_policy(char **env, const struct stack *s)
{
	const char *share = g_getenv("ROOM_DATA_DIR"), *system = g_getenv("ROOM_SYSTEM_DATA_DIR");
	g_autofree char *config = NULL, *data = NULL;

	if (system == NULL)
		system = ROOM_SYSTEM_DATA_DIR;
	if (share != NULL) {
		data = g_strdup_printf("%s:%s", share, system);
		return g_environ_setenv(env, "XDG_DATA_DIRS", data, TRUE);
	}
	config = g_strdup_printf("%s/config/wireplumber:/etc/wireplumber:" ROOM_SOURCE_DIR
			"/wireplumber:%s/wireplumber", s->dir, system);
	env = g_environ_setenv(env, "WIREPLUMBER_CONFIG_DIR", config, TRUE);
	data = g_strdup_printf(ROOM_SOURCE_DIR "/wireplumber:%s/wireplumber", system);
	return g_environ_setenv(env, "WIREPLUMBER_DATA_DIR", data, TRUE);
}

/* Before what SPA_PLUGIN_DIR names already: the variable takes the place of the default. */
static char **set_clock(char **env, const char *dir)
{
	const char *dirs = g_environ_getenv(env, "SPA_PLUGIN_DIR");
	g_autofree char *search = g_strdup_printf(ROOM_BUILD_DIR "/tests/room/clock:%s",
			dirs != NULL ? dirs : ROOM_SYSTEM_SPA_DIR);

	env = g_environ_setenv(env, "SPA_PLUGIN_DIR", search, TRUE);
	env = g_environ_setenv(env, "SPA_SUPPORT_LIB", "libroom-clock-support", TRUE);
	return set_folder(env, CLOCK_SHM_ENV, dir, "clock");
}

char **stack_make_env(const struct stack *s)
{
	static const char *const unset[] = {
		"PIPEWIRE_REMOTE", "PIPEWIRE_CORE", "PIPEWIRE_CONFIG_DIR", "PIPEWIRE_CONFIG_NAME",
		"PIPEWIRE_QUANTUM", "PIPEWIRE_LATENCY", "PIPEWIRE_RATE", "PIPEWIRE_NODE",
		"PIPEWIRE_PROPS", "PIPEWIRE_ALSA", "SPA_DATA_DIR", "WIREPLUMBER_CONFIG_DIR",
		"WIREPLUMBER_DATA_DIR", "SPA_PLUGIN_DIR", "PIPEWIRE_MODULE_DIR", "DISPLAY",
		"XDG_DATA_DIRS", "XDG_CONFIG_DIRS",
		"ROOM_CLOCK", "ROOM_CLOCK_LOOPS", "SPA_SUPPORT_LIB",
		"WAYLAND_DISPLAY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
	};
	g_autofree char *bus = g_strdup_printf("unix:path=%s/bus", s->dir);
	char **env = g_get_environ();

	for (size_t i = 0; i < G_N_ELEMENTS(unset); i++)
		env = g_environ_unsetenv(env, unset[i]);
	env = g_environ_setenv(env, "DBUS_SYSTEM_BUS_ADDRESS", bus, TRUE);
	env = g_environ_setenv(env, "DBUS_SESSION_BUS_ADDRESS", bus, TRUE);
	env = set_folder(env, "XDG_RUNTIME_DIR", s->dir, "run");
	env = set_folder(env, "PIPEWIRE_RUNTIME_DIR", s->dir, "run");
	env = set_folder(env, "XDG_CONFIG_HOME", s->dir, "config");
	env = set_folder(env, "XDG_STATE_HOME", s->dir, "state");
	env = set_folder(env, "XDG_CACHE_HOME", s->dir, "cache");
	env = set_folder(env, "XDG_DATA_HOME", s->dir, "data");
	env = set_folder(env, "HOME", s->dir, "home");
	if (s->options.system != STACK_STOCK && s->options.system != STACK_PEER) {
		env = set_search(env, "SPA_PLUGIN_DIR", "ROOM_SPA_PLUGIN_DIR",
				ROOM_BUILD_DIR "/spa", ROOM_SYSTEM_SPA_DIR);
		env = set_search(env, "PIPEWIRE_MODULE_DIR", "ROOM_PIPEWIRE_MODULE_DIR",
				ROOM_BUILD_DIR "/modules", ROOM_SYSTEM_MODULE_DIR);
	}
	if (s->options.system == STACK_POLICY)
		env = set_policy(env, s);
	if (s->options.own_clock)
		env = set_clock(env, s->dir);
	return env;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void stack_remove_tree(const char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
