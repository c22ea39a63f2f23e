/* The real daemons, around a room of their own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include "names.h"
#include "stage/stack-files.h"
#include "stage/stack.h"
#include "stage/watchdog.h"

#define READY_MS	10000	/* a loaded machine; it takes some 0.3 s */
#define STOP_MS		3000
#define CALL_MS		10000
#define BLUETOOTHD_MS	500.0	/* until bluetoothd is back */

static void on_signal(void *data, int signal_number)
{
	struct stack *s = data;

	s->interrupted = signal_number;
}

/** Wakes the loop when a child has ended; stack_wait() looks who it was */
struct child_watch {
	struct stack *stack;
	struct spa_source *source;
	pid_t pid;
};

static void child_watch_free(void *data)
{
	struct child_watch *w = data;

	if (w->source != NULL)
		pw_loop_destroy_source(w->stack->loop, w->source);
	g_free(w);
}

static void on_child(void *data, int fd, uint32_t mask)
{
	struct child_watch *w = data;

	stack_clock_watch(&w->stack->clock, w->pid, false);
	/* its descriptor stays readable */
	pw_loop_destroy_source(w->stack->loop, w->source);
	w->source = NULL;
}

static void watch_child(struct stack *s, struct process *p)
{
	struct child_watch *w = g_new0(struct child_watch, 1);

	w->stack = s;
	w->pid = p->pid;
	if (p->pidfd >= 0)
		w->source = pw_loop_add_io(s->loop, p->pidfd, SPA_IO_IN | SPA_IO_HUP, false, on_child, w);
	g_ptr_array_add(s->watches, w);
}

static struct process *ended_daemon(struct stack *s)
{
	struct process *all[] = { &s->dbus, &s->roomd, &s->pipewire, &s->wireplumber, &s->host };

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (process_ended(all[i]))
			return all[i];
	return NULL;
}

int stack_wait(struct stack *s, bool (*done)(struct stack *s, void *data), void *data,
	       int ms, const char *what)
{
	int64_t end = stack_clock_now(&s->clock) + ms * 1000000LL;
	struct process *p;

	for (;;) {

		if (s->interrupted)
			return -EINTR;
		if (done != NULL && done(s, data))
			return 0;
		if ((p = ended_daemon(s)) != NULL) {
			fprintf(stderr, "room: %s has ended while waiting for %s\n", p->name, what);
			return -ECHILD;
		}
		if (stack_clock_now(&s->clock) >= end) {
			if (done == NULL)
				return 0;
			fprintf(stderr, "room: no %s within %d ms\n", what, ms);
			return -ETIMEDOUT;
		}
		stack_clock_iterate(&s->clock, s->loop, end);
	}
}

int stack_pass(struct stack *s, int ms)
{
	int res;

	stack_clock_set_fast(&s->clock, true);
	res = stack_wait(s, NULL, NULL, ms, "time to pass");
	stack_clock_set_fast(&s->clock, false);
	return res;
}

int64_t stack_now(const struct stack *s)
{
	return stack_clock_now(&s->clock) - s->epoch_ns;
}

static GVariant *call(struct stack *s, const char *method, GVariant *args, const char *type)
{
	GError *error = NULL;
	GVariant *reply = g_dbus_connection_call_sync(s->bus, "org.bluez",
			"/org/bluez_combine/Room", "org.bluez_combine.Room1", method, args,
			G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, &error);

	if (reply == NULL) {
		fprintf(stderr, "room: %s: %s\n", method, error->message);
		g_error_free(error);
	}
	return reply;
}

int stack_call(struct stack *s, const char *method, GVariant *args)
{
	GVariant *reply = call(s, method, args, "()");

	if (reply == NULL)
		return -EIO;
	g_variant_unref(reply);
	return 0;
}

char *stack_call_string(struct stack *s, const char *method)
{
	GVariant *reply = call(s, method, NULL, "(s)");
	char *text = NULL;

	if (reply != NULL) {
		g_variant_get(reply, "(s)", &text);
		g_variant_unref(reply);
	}
	return text;
}

static void event_free(void *data)
{
	struct stack_event *e = data;

	g_free(e->device);
	g_free(e->event);
	g_free(e);
}

static void parse_event(struct stack *s, const char *line)
{
	struct stack_event *e = g_new0(struct stack_event, 1);
	char key[64], text[256];
	struct spa_json it;
	const char *value;
	int len;

	e->msec = NAN;
	if (spa_json_begin_object(&it, line, strlen(line)) <= 0) {
		event_free(e);
		return;
	}
	while ((len = spa_json_object_next(&it, key, sizeof(key), &value)) > 0) {
		if (spa_json_parse_stringn(value, len, text, sizeof(text)) < 0)
			continue;
		if (spa_streq(key, "t"))
			e->t_ns = g_ascii_strtoll(text, NULL, 10);
		else if (spa_streq(key, "device"))
			e->device = g_strdup(text);
		else if (spa_streq(key, "event"))
			e->event = g_strdup(text);
		else if (spa_streq(key, "msec"))
			e->msec = g_ascii_strtod(text, NULL);
		else if (spa_streq(key, "bitpool"))
			e->bitpool = atoi(text);
	}
	if (e->device == NULL || e->event == NULL)
		event_free(e);
	else
		g_ptr_array_add(s->events, e);
}

static void read_events(struct stack *s)
{
	char buffer[4096], *end;
	ssize_t n;

	while ((n = read(s->events_fd, buffer, sizeof(buffer))) > 0)
		g_string_append_len(s->events_rest, buffer, n);
	while ((end = strchr(s->events_rest->str, '\n')) != NULL) {
		*end = '\0';
		parse_event(s, s->events_rest->str);
		g_string_erase(s->events_rest, 0, end + 1 - s->events_rest->str);
	}
}

static void on_events(void *data, int fd, uint32_t mask)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	read_events(data);
}

static int watch_events(struct stack *s)
{
	g_autofree char *path = g_build_filename(s->out, "events.jsonl", NULL);

	s->events_fd = open(path, O_RDONLY | O_CLOEXEC);
	s->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->events_fd < 0 || s->inotify < 0 ||
	    inotify_add_watch(s->inotify, path, IN_MODIFY) < 0)
		return -errno;
	s->events_source = pw_loop_add_io(s->loop, s->inotify, SPA_IO_IN, false, on_events, s);
	read_events(s);
	return 0;
}

const struct stack_event *stack_find_event(const struct stack *s, const char *device,
					   const char *event, int64_t from_ns)
{
	for (guint i = s->events->len; i > 0; i--) {
		const struct stack_event *e = s->events->pdata[i - 1];

		if (e->t_ns >= from_ns && spa_streq(e->event, event) &&
		    (device == NULL || spa_streq(e->device, device)))
			return e;
	}
	return NULL;
}

/* bluez5 asks the speakers' sockets how full they are. */
static char **environment(const struct stack *s, const struct process *p)
{
	char **env = g_strdupv(s->env);
	const char *others = g_environ_getenv(env, "LD_PRELOAD");
	g_autofree char *libraries = g_strconcat(ROOM_BUILD_DIR "/tests/room/libroom-l2cap-queue.so",
			others != NULL ? ":" : NULL, others, NULL);

	return p == &s->wireplumber ? g_environ_setenv(env, "LD_PRELOAD", libraries, TRUE) : env;
}

static int start(struct stack *s, struct process *p, const char *name, int flags,
		 const char *program, ...)
{
	g_auto(GStrv) env = environment(s, p);
	const char *argv[16] = { program };
	va_list args;
	int res, n = 1;

	va_start(args, program);
	while (n < 15 && (argv[n] = va_arg(args, const char *)) != NULL)
		n++;
	va_end(args);
	argv[n] = NULL;
	res = process_start(p, name, s->out, argv, env, flags);
	if (res < 0)
		fprintf(stderr, "room: cannot start %s: %s\n", program, strerror(-res));
	else
		stack_clock_watch(&s->clock, p->pid, true);
	return res;
}

static int start_bus(struct stack *s)
{
	g_autofree char *config = g_strdup_printf("--config-file=%s/dbus.conf", s->dir);
	g_autofree char *address = NULL;
	GError *error = NULL;
	int res = start(s, &s->dbus, "dbus", PROCESS_PIPE_OUT, "dbus-daemon", config, "--nofork",
			"--nopidfile", "--print-address=1", NULL);

	if (res < 0)
		return res;
	if ((address = process_read_line(&s->dbus, READY_MS)) == NULL)
		return -ETIMEDOUT;
	s->bus = g_dbus_connection_new_for_address_sync(address,
			G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);
	if (s->bus == NULL) {
		fprintf(stderr, "room: %s\n", error->message);
		g_error_free(error);
		return -EIO;
	}
	g_dbus_connection_set_exit_on_close(s->bus, FALSE);
	return 0;
}

static int start_roomd(struct stack *s)
{
	const char *own = g_getenv("ROOM_ROOMD");
	g_autofree char *line = NULL;
	char seed[32];
	int res;

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)s->options.seed);
	res = start(s, &s->roomd, "roomd", PROCESS_PIPE_OUT, own ? own : ROOM_BUILD_DIR "/tests/room/roomd",
			"--out", s->out, "--seed", seed, "--clock", s->options.own_clock ? "room" : "real", NULL);
	if (res < 0)
		return res;
	line = process_read_line(&s->roomd, READY_MS);
	if (line == NULL || sscanf(line, "ready %" SCNd64, &s->epoch_ns) != 1) {
		fprintf(stderr, "room: roomd is not ready: %s\n", line ? line : "it said nothing");
		return -EIO;
	}
	if (s->options.own_clock) {
		const char *path = g_environ_getenv(s->env, CLOCK_SHM_ENV);

		if ((res = stack_clock_init(&s->clock, path, s->loop)) < 0) {
			fprintf(stderr, "room: cannot come to the clock: %s\n", strerror(-res));
			return res;
		}
		stack_clock_watch(&s->clock, s->dbus.pid, true);
	}
	return watch_events(s);
}

static bool have_socket(struct stack *s, void *data)
{
	return access(data, F_OK) == 0;
}

static void on_socket(void *data, int fd, uint32_t mask)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}

/* The socket's folder is watched: the daemon tells nobody else that it listens. */
static int start_pipewire(struct stack *s)
{
	g_autofree char *run = g_build_filename(s->dir, "run", NULL);
	g_autofree char *path = g_build_filename(run, "pipewire-0", NULL);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), res;
	struct spa_source *source;

	if (fd < 0 || inotify_add_watch(fd, run, IN_CREATE) < 0)
		return -errno;
	source = pw_loop_add_io(s->loop, fd, SPA_IO_IN, true, on_socket, s);
	if ((res = start(s, &s->pipewire, "pipewire", 0, "pipewire", NULL)) == 0) {
		watch_child(s, &s->pipewire);
		res = stack_wait(s, have_socket, path, READY_MS, "socket of pipewire");
	}
	pw_loop_destroy_source(s->loop, source);
	if (res < 0)
		return res;
	if ((s->graph = graph_new(s->loop, path)) == NULL) {
		fprintf(stderr, "room: cannot connect to pipewire: %s\n", strerror(errno));
		return -errno;
	}
	return 0;
}

static bool is_ready(struct stack *s, void *data)
{
	const char *sink = stack_sink(s);

	if (s->graph->lost || s->graph->metadata == NULL ||
	    stack_find_event(s, "hci0", "registered", s->began_ns) == NULL)
		return false;
	/* the policy makes its sink when a source comes */
	return s->options.system == STACK_POLICY || sink == NULL ||
		graph_find(s->graph, sink) != NULL;
}

static bool is_back(struct stack *s, void *data)
{
	return s->graph->metadata != NULL &&
		stack_find_event(s, "hci0", "registered", *(int64_t *)data) != NULL;
}

const char *stack_sink(const struct stack *s)
{
	switch (s->options.system) {
	case STACK_STOCK: return NULL;
	case STACK_PEER: return PEER_SINK;
	default: return BLUEZ_COMBINE_NODE_PREFIX BLUEZ_COMBINE_GROUP_DEFAULT;
	}
}

/* The module's process, where it has one */
static int start_host(struct stack *s)
{
	g_autofree char *conf = g_build_filename(s->dir, "combine.conf", NULL);
	int res = 0;

	if (s->options.system == STACK_OWN)
		res = start(s, &s->host, "host", 0, "pipewire", "-c", conf, NULL);
	else if (s->options.system == STACK_CLI)
		res = start(s, &s->host, "host", 0, "pw-cli", "-m", "load-module",
				BLUEZ_COMBINE_MODULE, "{ }", NULL);
	if (res == 0 && s->host.pid > 0)
		watch_child(s, &s->host);
	return res;
}

static int start_wireplumber(struct stack *s)
{
	int res = start(s, &s->wireplumber, "wireplumber", 0, "wireplumber", NULL);

	if (res == 0)
		watch_child(s, &s->wireplumber);
	return res;
}

static int await_session(struct stack *s)
{
	return stack_wait(s, is_ready, NULL, READY_MS, "session: metadata, bluetooth endpoints, sink");
}

static void end(struct stack *s, struct process *p, int signal_number)
{
	/* before its descriptor is closed, and the number another's */
	for (guint i = s->watches->len; i > 0; i--)
		if (((struct child_watch *)s->watches->pdata[i - 1])->pid == p->pid)
			g_ptr_array_remove_index(s->watches, i - 1);
	stack_clock_watch(&s->clock, p->pid, false);
	process_signal(p, signal_number);
	process_finish(p);
}

int stack_restart(struct stack *s, enum stack_daemon daemon, int signal_number)
{
	g_autofree char *socket = g_build_filename(s->dir, "run", "pipewire-0", NULL);
	int res = 0;

	s->began_ns = stack_now(s);
	switch (daemon) {
	case STACK_BLUETOOTHD:
		res = stack_call(s, "Restart", g_variant_new("(d)", BLUETOOTHD_MS));
		break;
	case STACK_PIPEWIRE:
		g_clear_pointer(&s->graph, graph_destroy);
		end(s, &s->pipewire, signal_number);
		end(s, &s->wireplumber, SIGTERM);
		/* one that was killed leaves it */
		unlink(socket);
		res = start_pipewire(s);
		break;
	case STACK_WIREPLUMBER:
		end(s, &s->wireplumber, signal_number);
		break;
	}
	if (res == 0 && daemon != STACK_BLUETOOTHD)
		res = start_wireplumber(s);
	return res < 0 ? res : await_session(s);
}

int stack_init(struct stack *s, const struct stack_options *options, const char *out)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	int res;

	*s = (struct stack) { .options = *options, .inotify = -1, .events_fd = -1 };
	s->clients = g_ptr_array_new();
	s->watches = g_ptr_array_new_with_free_func(child_watch_free);
	s->events = g_ptr_array_new_with_free_func(event_free);
	s->events_rest = g_string_new(NULL);
	s->out = g_canonicalize_filename(out, NULL);
	s->main_loop = pw_main_loop_new(NULL);
	s->loop = pw_main_loop_get_loop(s->main_loop);
	pw_loop_enter(s->loop);
	for (int i = 0; i < 2; i++)
		s->signals[i] = pw_loop_add_signal(s->loop, numbers[i], on_signal, s);
	if (g_mkdir_with_parents(s->out, 0755) < 0 ||
	    (s->dir = g_dir_make_tmp("room-XXXXXX", NULL)) == NULL) {
		fprintf(stderr, "room: cannot make %s: %s\n", s->out, strerror(errno));
		return -EIO;
	}
	s->env = stack_make_env(s);
	if ((res = stack_write_files(s)) < 0 || (res = start_bus(s)) < 0 ||
	    (res = start_roomd(s)) < 0 || (res = start_pipewire(s)) < 0 ||
	    (res = start_wireplumber(s)) < 0 || (res = start_host(s)) < 0)
		return res;
	watch_child(s, &s->roomd);
	return await_session(s);
}

int stack_restart_wireplumber(struct stack *s)
{
	int64_t now = stack_now(s);
	int res;

	process_stop(&s->wireplumber, STOP_MS);
	/* has its watch go before its descriptor does */
	pw_loop_iterate(s->loop, 0);
	process_finish(&s->wireplumber);
	if ((res = start(s, &s->wireplumber, "wireplumber-again", 0, "wireplumber", NULL)) < 0)
		return res;
	watch_child(s, &s->wireplumber);
	return stack_wait(s, is_back, &now, READY_MS, "session after the restart");
}

void stack_finish(struct stack *s)
{
	stack_clock_finish(&s->clock);
	if (s->graph != NULL)
		graph_destroy(s->graph);
	g_clear_pointer(&s->watches, g_ptr_array_unref);
	for (guint i = 0; s->clients != NULL && i < s->clients->len; i++) {
		process_finish(s->clients->pdata[i]);
		g_free(s->clients->pdata[i]);
	}
	process_finish(&s->host);
	process_finish(&s->wireplumber);
	process_finish(&s->pipewire);
	process_finish(&s->roomd);
	if (s->bus != NULL) {
		g_dbus_connection_close_sync(s->bus, NULL, NULL);
		g_object_unref(s->bus);
	}
	process_finish(&s->dbus);
	if (s->events_source != NULL)
		pw_loop_destroy_source(s->loop, s->events_source);
	if (s->events_fd >= 0)
		close(s->events_fd);
	if (s->inotify >= 0)
		close(s->inotify);
	if (s->main_loop != NULL) {
		pw_loop_leave(s->loop);
		pw_main_loop_destroy(s->main_loop);
	}
	if (s->dir != NULL)
		stack_remove_tree(s->dir);
	g_clear_pointer(&s->clients, g_ptr_array_unref);
	g_clear_pointer(&s->events, g_ptr_array_unref);
	if (s->events_rest != NULL)
		g_string_free(s->events_rest, TRUE);
	g_strfreev(s->env);
	g_free(s->dir);
	g_free(s->out);
	*s = (struct stack) { .inotify = -1, .events_fd = -1 };
}

static struct process *spawn(struct stack *s, const char *name, const char *const *argv, int flags)
{
	struct process *p = g_new0(struct process, 1);
	char **env = g_environ_setenv(g_strdupv(s->env), CLOCK_SHM_ENV_LOOPS, "data", TRUE);
	int res = process_start(p, name, s->out, argv, env, flags);

	g_strfreev(env);
	if (res < 0) {
		fprintf(stderr, "room: cannot start %s: %s\n", argv[0], strerror(-res));
		process_finish(p);
		g_free(p);
		return NULL;
	}
	stack_clock_watch(&s->clock, p->pid, true);
	g_ptr_array_add(s->clients, p);
	watch_child(s, p);
	return p;
}

struct process *stack_spawn(struct stack *s, const char *name, const char *const *argv)
{
	/* pw-play has no thread of its own for audio; it is not what is tested */
	return spawn(s, name, argv, PROCESS_REALTIME);
}

struct process *stack_spawn_visible(struct stack *s, const char *const *argv)
{
	return spawn(s, "command", argv, PROCESS_VISIBLE);
}

void stack_print_logs(const struct stack *s)
{
	const struct process *all[] = { &s->dbus, &s->roomd, &s->pipewire, &s->wireplumber, &s->host };

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		process_print_tail(all[i], 12);
	for (guint i = 0; s->clients != NULL && i < s->clients->len; i++)
		process_print_tail(s->clients->pdata[i], 12);
}
