/* What is between the speakers and the microphones */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <gio/gio.h>

#include "random.h"
#include "world/air.h"
#include "world/microphone.h"
#include "world/source.h"

#define TICK_NS		(CONVOLVER_BLOCK * 1000000000LL / 48000)
#define NAME_MAX_LENGTH	64

struct mouth {
	struct air *air;
	char *address, *name;
	int number;		/**< in every microphone */
};

struct ear {
	struct air *air;
	char *name;
	struct microphone_options options;
	struct microphone *microphone;	/**< under the radio's lock */
	struct source *source;
};

struct air {
	struct room_clock *clock;
	struct recorder *recorder;
	struct radio *radio;
	uint64_t seed;
	GPtrArray *mouths, *ears;	/**< under the radio's lock, for the radio's thread */
	struct sources *sources;	/**< from the first microphone on */
};

/* Radio's thread */

static void on_sound(void *data, double t_ns, double period_ns, const float *frames, uint32_t n)
{
	struct mouth *mouth = data;
	GPtrArray *ears = mouth->air->ears;

	for (guint i = 0; i < ears->len; i++) {
		struct ear *ear = ears->pdata[i];

		path_sound(microphone_path(ear->microphone, mouth->number), t_ns, period_ns, frames, n);
	}
}

static int64_t hear(void *data, int64_t now_ns)
{
	struct air *air = data;

	for (guint i = 0; i < air->ears->len; i++) {
		struct ear *ear = air->ears->pdata[i];

		microphone_advance(ear->microphone, now_ns - LINK_KNOWN_NS);
	}
	return air->ears->len > 0 ? now_ns + TICK_NS : ROOM_CLOCK_NEVER;
}

/* Main thread */

static void mouth_free(void *data)
{
	struct mouth *mouth = data;

	g_free(mouth->address);
	g_free(mouth->name);
	g_free(mouth);
}

static void ear_free(void *data)
{
	struct ear *ear = data;

	source_destroy(ear->source);
	microphone_destroy(ear->microphone);
	microphone_options_finish(&ear->options);
	g_free(ear->name);
	g_free(ear);
}

struct air *air_new(struct room_clock *clock, struct recorder *recorder, struct radio *radio, uint64_t seed)
{
	struct air *air = g_new0(struct air, 1);

	air->clock = clock;
	air->recorder = recorder;
	air->radio = radio;
	air->seed = seed;
	air->mouths = g_ptr_array_new_with_free_func(mouth_free);
	air->ears = g_ptr_array_new_with_free_func(ear_free);
	radio_lock(radio);
	radio_set_listener(radio, hear, air);
	radio_unlock(radio);
	return air;
}

void air_destroy(struct air *air)
{
	if (air == NULL)
		return;
	radio_lock(air->radio);
	radio_set_listener(air->radio, NULL, NULL);
	for (guint i = 0; i < air->mouths->len; i++)
		((struct mouth *)air->mouths->pdata[i])->air = NULL;
	radio_unlock(air->radio);
	g_ptr_array_unref(air->ears);
	g_ptr_array_unref(air->mouths);
	sources_destroy(air->sources);
	g_free(air);
}

/* The truth, for who measures */
static void tell_path(struct air *air, const struct ear *ear, const struct mouth *mouth, int64_t now_ns,
		      const struct path_config *config)
{
	char *name = recorder_quote(ear->name);

	recorder_event(air->recorder, now_ns, mouth->name, "path",
			"\"microphone\": \"%s\", \"metres\": %.6f, \"msec\": %.6f, \"walk.m\": %.6f, \"walk.sec\": %.6f",
			name, config->distance_m, config->distance_m / PATH_SPEED_M_S * 1e3, config->walk_m,
			config->walk_s);
	free(name);
}

static void set_one_path(struct air *air, struct ear *ear, struct mouth *mouth, const struct path_config *config,
			 double move_ms)
{
	int64_t now = room_clock_now_ns(air->clock);

	if (path_configure(microphone_path(ear->microphone, mouth->number), config, now, (int64_t)(move_ms * 1e6)) < 0)
		g_error("out of memory");
	tell_path(air, ear, mouth, now, config);
}

/* Who walks with a microphone comes nearer to one speaker, and goes away from another. */
static double walk_share(const struct ear *ear, const struct mouth *mouth)
{
	struct random random = { .state = ear->options.seed ^ g_str_hash(mouth->address) ^ 0x77616c6b };

	return cos(2.0 * M_PI * random_unit(&random));
}

/* Another room for each pair, the same for the same seed */
static void add_path(struct air *air, struct ear *ear, struct mouth *mouth)
{
	struct random random = { .state = ear->options.seed ^ g_str_hash(mouth->address) };
	struct path_config config = ear->options.path;

	config.seed = random_next(&random);
	config.distance_m = MAX(0.0, config.distance_m + random_around(&random, ear->options.distance_spread_m));
	/* it is known when a walk began that was set */
	config.walk_m = 0.0;
	if (microphone_add_speaker(ear->microphone, &config) < 0)
		g_error("out of memory");
	config.walk_m = ear->options.path.walk_m * walk_share(ear, mouth);
	set_one_path(air, ear, mouth, &config, 0.0);
}

void air_add_speaker(struct air *air, const char *address, const char *name, struct link *link)
{
	struct mouth *mouth = g_new0(struct mouth, 1);

	mouth->air = air;
	mouth->address = g_strdup(address);
	mouth->name = g_strdup(name);
	radio_lock(air->radio);
	mouth->number = air->mouths->len;
	g_ptr_array_add(air->mouths, mouth);
	for (guint i = 0; i < air->ears->len; i++)
		add_path(air, air->ears->pdata[i], mouth);
	link_set_listener(link, on_sound, mouth);
	radio_unlock(air->radio);
}

static struct ear *find_ear(struct air *air, const char *name, GError **error)
{
	for (guint i = 0; i < air->ears->len; i++) {
		struct ear *ear = air->ears->pdata[i];

		if (g_str_equal(ear->name, name))
			return ear;
	}
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
		    "name = '%s'; allowed: that of a microphone that was added", name);
	return NULL;
}

static struct mouth *find_mouth(struct air *air, const char *address, GError **error)
{
	for (guint i = 0; i < air->mouths->len; i++) {
		struct mouth *mouth = air->mouths->pdata[i];

		if (g_ascii_strcasecmp(mouth->address, address) == 0)
			return mouth;
	}
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
		    "address = '%s'; allowed: that of a speaker that was added", address);
	return NULL;
}

static bool check_new(struct air *air, const char *name, GError **error)
{
	size_t length = strlen(name);

	if (length < 1 || length > NAME_MAX_LENGTH || find_ear(air, name, NULL) != NULL) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "name = '%s'; allowed: text of 1 to %d characters that no other microphone has", name,
			    NAME_MAX_LENGTH);
		return false;
	}
	if (air->sources == NULL && (air->sources = sources_new(air->clock->epoch_ns)) == NULL) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "PipeWire: %s", strerror(errno));
		return false;
	}
	return true;
}

bool air_add_microphone(struct air *air, const char *name, GVariant *dict, GError **error)
{
	struct random random = { .state = air->seed ^ g_str_hash(name) };
	struct microphone_options options;
	struct ear *ear;

	microphone_options_init(&options, random_next(&random));
	if (!microphone_options_read(&options, dict, MICROPHONE_NEW, error) || !check_new(air, name, error)) {
		microphone_options_finish(&options);
		return false;
	}
	ear = g_new0(struct ear, 1);
	ear->air = air;
	ear->name = g_strdup(name);
	ear->options = options;
	radio_lock(air->radio);
	ear->microphone = microphone_new(&options, room_clock_now_ns(air->clock) - LINK_KNOWN_NS);
	if (ear->microphone == NULL)
		g_error("out of memory");
	for (guint i = 0; i < air->mouths->len; i++)
		add_path(air, ear, air->mouths->pdata[i]);
	g_ptr_array_add(air->ears, ear);
	radio_unlock(air->radio);
	ear->source = source_new(air->sources, name, options.description ? options.description : name,
			&options.pickup, microphone_heard(ear->microphone), options.seed);
	if (ear->source == NULL)
		g_error("out of memory");
	source_plug(ear->source, options.plugged);
	return true;
}

bool air_set_microphone(struct air *air, const char *name, GVariant *dict, GError **error)
{
	struct ear *ear = find_ear(air, name, error);
	struct path_config was;

	if (ear == NULL)
		return false;
	was = ear->options.path;
	if (!microphone_options_read(&ear->options, dict, MICROPHONE_SET, error))
		return false;
	radio_lock(air->radio);
	microphone_configure(ear->microphone, &ear->options);
	/* What is set for all is not what each has drawn. */
	for (guint i = 0; i < air->mouths->len && memcmp(&was, &ear->options.path, sizeof(was)) != 0; i++) {
		struct mouth *mouth = air->mouths->pdata[i];
		struct path_config config = ear->options.path;
		const struct path_config *own = path_config(microphone_path(ear->microphone, mouth->number));

		config.seed = own->seed;
		config.distance_m = MAX(0.0, own->distance_m + config.distance_m - was.distance_m);
		config.walk_m *= walk_share(ear, mouth);
		set_one_path(air, ear, mouth, &config, ear->options.move_ms);
	}
	radio_unlock(air->radio);
	source_configure(ear->source, &ear->options.pickup);
	source_plug(ear->source, ear->options.plugged);
	return true;
}

bool air_set_path(struct air *air, const char *name, const char *address, GVariant *dict, GError **error)
{
	struct ear *ear = find_ear(air, name, error);
	struct mouth *mouth = ear != NULL ? find_mouth(air, address, error) : NULL;
	struct microphone_options options;
	bool good;

	if (mouth == NULL)
		return false;
	options = ear->options;
	options.description = NULL;
	radio_lock(air->radio);
	options.path = *path_config(microphone_path(ear->microphone, mouth->number));
	good = microphone_options_read(&options, dict, MICROPHONE_PATH, error);
	if (good)
		set_one_path(air, ear, mouth, &options.path, options.move_ms);
	radio_unlock(air->radio);
	microphone_options_finish(&options);
	return good;
}

void air_status(struct air *air, GString *json)
{
	for (guint i = 0; i < air->ears->len; i++) {
		struct ear *ear = air->ears->pdata[i];
		char *name = recorder_quote(ear->name);

		g_string_append_printf(json, "%s\"%s\": {\"missed\": %" G_GUINT64_FORMAT "}", i > 0 ? ", " : "", name,
				       source_missed(ear->source));
		free(name);
	}
}
