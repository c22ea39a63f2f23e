/* What scenes are made of */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "stage/noise.h"
#include "stage/scene.h"

#define SPEAKER_SINKS	"bluez_output.*"

bool scene_is_kept(const struct stack *s, const char *file, const char *text)
{
	g_autofree char *path = g_build_filename(s->dir, "state", "wireplumber", file, NULL);
	g_autofree char *all = NULL;

	return g_file_get_contents(path, &all, NULL, NULL) && strstr(all, text) != NULL;
}

static bool are_configured(struct stack *s, void *data)
{
	const struct scene *sc = data;

	for (int i = 0; i < sc->n_speakers; i++)
		if (stack_find_event(s, sc->speakers[i].name, "configured", sc->mark_ns) == NULL)
			return false;
	return stack_find_event(s, SCENE_ECHO, "configured", sc->mark_ns) != NULL;
}

int scene_restart_wireplumber(struct scene *sc, bool (*kept)(struct stack *s, void *data), const char *what)
{
	int res;

	if ((res = stack_wait(&sc->stack, kept, NULL, SCENE_PATIENCE_MS, what)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = stack_restart_wireplumber(&sc->stack)) < 0 ||
	    (res = stack_wait(&sc->stack, are_configured, sc, SCENE_PATIENCE_MS, "all devices to be back")) < 0)
		return res;
	return scene_await_playing(sc, sc->n_speakers, sc->mark_ns);
}

double scene_told_ms(const struct scene *sc)
{
	const struct stack_event *e = stack_find_event(&sc->stack, SCENE_ECHO, "delay", 0);

	return e ? e->msec : NAN;
}

/* Options of a device or a microphone; NULL: stderr says what is wrong with them */
static GVariant *parse_options(const char *text)
{
	GError *error = NULL;
	GVariant *options = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

	if (options == NULL) {
		fprintf(stderr, "room: %s: %s\n", text, error->message);
		g_error_free(error);
	}
	return options;
}

/* \a wav: of an Echo, else NULL */
static int add_device(struct scene *sc, const char *method, const char *address,
		      const char *name, const char *text, const char *wav)
{
	GVariant *options = parse_options(text);
	GVariantDict dict;

	if (options == NULL)
		return -EINVAL;
	g_variant_dict_init(&dict, options);
	g_variant_unref(options);
	g_variant_dict_insert(&dict, "name", "s", name);
	if (wav != NULL) {
		g_variant_dict_insert(&dict, "wav", "s", wav);
		if (!g_variant_dict_contains(&dict, "rate"))
			g_variant_dict_insert(&dict, "rate", "u", 44100);
	}
	return stack_call(&sc->stack, method, g_variant_new("(s@a{sv})", address,
				g_variant_dict_end(&dict)));
}

static struct scene_speaker *find(struct scene *sc, const char *name)
{
	for (int i = 0; i < sc->n_speakers; i++)
		if (strcmp(sc->speakers[i].name, name) == 0)
			return &sc->speakers[i];
	return NULL;
}

int scene_add_speaker(struct scene *sc, const char *name, const char *options, ...)
{
	struct scene_speaker *s = &sc->speakers[sc->n_speakers];
	g_autofree char *text = NULL;
	va_list args;
	int res;

	if (sc->n_speakers == SCENE_SPEAKERS_MAX)
		return -ENOSPC;
	va_start(args, options);
	text = g_strdup_vprintf(options, args);
	va_end(args);
	g_strlcpy(s->name, name, sizeof(s->name));
	g_snprintf(s->address, sizeof(s->address), "AA:BB:CC:00:00:%02X", sc->n_speakers + 1);
	if ((res = add_device(sc, "AddSpeaker", s->address, name, text, NULL)) == 0)
		sc->n_speakers++;
	return res;
}

int scene_add_fixed(struct scene *sc, const char *name, double latency_ms)
{
	return scene_add_speaker(sc, name, "{'latency.msec': <%.3f>, 'report.msec': <%.3f>, "
			"'start': <'%s'>, 'adapter': <'hci%d'>}", latency_ms, latency_ms,
			sc->options->level ? "level" : "first", sc->n_speakers % (sc->n_adapters + 1));
}

int scene_add_adapters(struct scene *sc, int n)
{
	int res = 0;

	while (res == 0 && sc->n_adapters < n) {
		g_autofree char *name = g_strdup_printf("hci%d", sc->n_adapters + 1);
		res = stack_call(&sc->stack, "AddAdapter", g_variant_new("(s)", name));
		sc->n_adapters += res == 0;
	}
	return res;
}

/* What stalls before anybody plays spoils nothing. */
static void note_start(struct scene *sc)
{
	if (!sc->started)
		sc->began_ns = watchdog_now();
	sc->started = true;
}

static const char *address_of(const char *echo)
{
	/* one of a few fixed ones, so that names in the graph are the same in each run */
	static char address[18];

	g_snprintf(address, sizeof(address), "EC:00:00:00:00:%02X", g_str_hash(echo) & 0xff);
	return address;
}

const char *scene_address(struct scene *sc, const char *name)
{
	struct scene_speaker *s = find(sc, name);

	return s ? s->address : address_of(name);
}

static int add_echo(struct scene *sc, const char *name, const char *wav, const char *options, va_list args)
{
	g_autofree char *list = g_strdup_vprintf(options, args);
	g_autofree char *text = g_strdup_printf("@a{sv} {%s}", list);

	return add_device(sc, "AddEcho", address_of(name), name, text, wav);
}

int scene_add_echo_file(struct scene *sc, const char *name, const char *wav, const char *options, ...)
{
	va_list args;
	int res;

	va_start(args, options);
	res = add_echo(sc, name, wav, options, args);
	va_end(args);
	return res;
}

int scene_add_echo(struct scene *sc, const char *name, const char *options, ...)
{
	g_autofree char *file = g_strdup_printf("source-%s.wav", name);
	g_autofree char *path = g_build_filename(sc->stack.out, file, NULL);
	va_list args;
	int res;

	/* longer than it plays, so that nothing repeats */
	if ((res = noise_write(path, sc->seconds + 30.0, 44100, sc->seed ^ g_str_hash(name))) < 0)
		return res;
	va_start(args, options);
	res = add_echo(sc, name, path, options, args);
	va_end(args);
	return res;
}

/* \a speaker: of SetPath, else NULL */
static int call_microphone(struct scene *sc, const char *method, const char *name, const char *speaker,
			   const char *options, va_list args)
{
	g_autofree char *list = g_strdup_vprintf(options, args);
	g_autofree char *text = g_strdup_printf("@a{sv} {%s}", list);
	GVariant *dict = parse_options(text);

	if (dict == NULL)
		return -EINVAL;
	return stack_call(&sc->stack, method, speaker != NULL ?
			g_variant_new("(ss@a{sv})", name, scene_address(sc, speaker), dict) :
			g_variant_new("(s@a{sv})", name, dict));
}

int scene_add_microphone(struct scene *sc, const char *name, const char *options, ...)
{
	va_list args;
	int res;

	va_start(args, options);
	res = call_microphone(sc, "AddMicrophone", name, NULL, options, args);
	va_end(args);
	return res;
}

int scene_set_microphone(struct scene *sc, const char *name, const char *options, ...)
{
	va_list args;
	int res;

	va_start(args, options);
	res = call_microphone(sc, "SetMicrophone", name, NULL, options, args);
	va_end(args);
	return res;
}

int scene_set_path(struct scene *sc, const char *name, const char *speaker, const char *options, ...)
{
	va_list args;
	int res;

	va_start(args, options);
	res = call_microphone(sc, "SetPath", name, speaker, options, args);
	va_end(args);
	return res;
}

static int call_device(struct scene *sc, const char *method, const char *name)
{
	return stack_call(&sc->stack, method, g_variant_new("(s)", scene_address(sc, name)));
}

int scene_connect(struct scene *sc, const char *name)
{
	return call_device(sc, "Connect", name);
}

int scene_disconnect(struct scene *sc, const char *name)
{
	return call_device(sc, "Disconnect", name);
}

int scene_stall(struct scene *sc, const char *name, double ms)
{
	return stack_call(&sc->stack, "Stall", g_variant_new("(sd)", scene_address(sc, name), ms));
}

int scene_drop(struct scene *sc, const char *name, unsigned packets)
{
	return stack_call(&sc->stack, "Drop", g_variant_new("(su)", scene_address(sc, name), packets));
}

int scene_search(struct scene *sc, const char *name)
{
	return call_device(sc, "Search", name);
}

int scene_connect_all(struct scene *sc)
{
	int res = 0;

	for (int i = 0; i < sc->n_speakers && res == 0; i++)
		res = scene_connect(sc, sc->speakers[i].name);
	return res;
}

int scene_echo(struct scene *sc, const char *name, bool play)
{
	if (play)
		note_start(sc);
	return call_device(sc, play ? "Play" : "Pause", name);
}

int scene_set(struct scene *sc, const char *name, const char *options, ...)
{
	g_autofree char *text = NULL;
	GVariant *dict;
	va_list args;

	va_start(args, options);
	text = g_strdup_vprintf(options, args);
	va_end(args);
	if ((dict = parse_options(text)) == NULL)
		return -EINVAL;
	return stack_call(&sc->stack, "Set", g_variant_new("(s@a{sv})",
				scene_address(sc, name), dict));
}

static bool have_sinks(struct stack *s, void *data)
{
	return graph_count(s->graph, SPEAKER_SINKS) >= *(int *)data;
}

int scene_await_sinks(struct scene *sc, int n)
{
	return stack_wait(&sc->stack, have_sinks, &n, SCENE_PATIENCE_MS, "sinks of all speakers");
}

static bool have_links(struct stack *s, void *data)
{
	struct graph_node *n;
	int linked = 0;

	spa_list_for_each(n, &s->graph->nodes, link) {
		const char *name = graph_node_get(n, PW_KEY_NODE_NAME);
		struct graph_link *l;

		if (name == NULL || !g_str_has_prefix(name, "bluez_output."))
			continue;
		spa_list_for_each(l, &s->graph->links, link)
			if (l->in_node == n->id) {
				linked++;
				break;
			}
	}
	return linked >= *(int *)data;
}

int scene_await_links(struct scene *sc, int n)
{
	return stack_wait(&sc->stack, have_links, &n, SCENE_PATIENCE_MS, "links to all speakers");
}

struct playing {
	struct scene *scene;
	const char *name;	/**< NULL: any */
	int64_t from_ns;
	int n;
};

static bool have_playing(struct stack *s, void *data)
{
	struct playing *p = data;
	int playing = 0;

	for (int i = 0; i < p->scene->n_speakers; i++) {
		const char *name = p->scene->speakers[i].name;
		playing += (p->name == NULL || strcmp(p->name, name) == 0) &&
			stack_find_event(s, name, "playing", p->from_ns) != NULL;
	}
	return playing >= p->n;
}

int scene_await_playing(struct scene *sc, int n, int64_t from_ns)
{
	struct playing p = { sc, NULL, from_ns, n };

	return stack_wait(&sc->stack, have_playing, &p, SCENE_PATIENCE_MS, "sound in all speakers");
}

int scene_await_one_playing(struct scene *sc, const char *name, int64_t from_ns)
{
	struct playing p = { sc, name, from_ns, 1 };

	return stack_wait(&sc->stack, have_playing, &p, SCENE_PATIENCE_MS, "sound in one speaker");
}

int scene_play_noise(struct scene *sc, const char *target)
{
	g_autofree char *path = g_build_filename(sc->stack.out, "source.wav", NULL);
	const char *argv[] = { "pw-play", NULL, NULL, NULL, NULL };
	int res = noise_write(path, sc->seconds, 48000, sc->seed);

	if (res < 0)
		return res;
	if (target == NULL)
		target = stack_sink(&sc->stack);
	argv[1] = path;
	if (target[0] != '\0') {
		argv[1] = "--target";
		argv[2] = target;
		argv[3] = path;
	}
	note_start(sc);
	g_free(sc->source);
	sc->source = g_steal_pointer(&path);
	return stack_spawn(&sc->stack, "pw-play", argv) != NULL ? 0 : -EIO;
}

int scene_pass(struct scene *sc, double seconds)
{
	return stack_pass(&sc->stack, (int)(seconds * 1000.0));
}

int scene_stop(struct scene *sc, const struct process *p, bool stopped)
{
	struct clock_shm *shm = sc->stack.clock.shm;
	int res = 0;

	if (shm != NULL)
		res = clock_shm_stall(shm, p->pid, stopped);
	else if (kill(p->pid, stopped ? SIGSTOP : SIGCONT) < 0)
		res = -errno;
	if (res < 0)
		fprintf(stderr, "room: cannot stop %s: %s\n", p->name, strerror(-res));
	return res;
}

int scene_stop_wireplumber(struct scene *sc, double ms)
{
	const struct process *p = &sc->stack.wireplumber;
	int res, ended;

	if ((res = scene_stop(sc, p, true)) == 0)
		res = scene_pass(sc, ms / 1000.0);
	ended = scene_stop(sc, p, false);
	return res < 0 ? res : ended;
}
