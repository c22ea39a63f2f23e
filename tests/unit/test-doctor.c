/* Tests of the doctor's checks, with made-up facts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "doctor/conf.h"
#include "doctor/doctor.h"
#include "harness.h"

/*
 * What a room can't stage, versions of the daemons above all; everything else is in
 * tests/room/product/test-doctor.sh.
 */

static enum doctor_level worst;
static char said[512], mends[512];

void doctor_say(struct doctor *d, enum doctor_level level, const char *mend, const char *what, ...)
{
	va_list args;

	if (level < worst)
		return;
	worst = level;
	va_start(args, what);
	vsnprintf(said, sizeof(said), what, args);
	va_end(args);
	check(level < DOCTOR_WARNING || (mend && *mend));
	snprintf(mends, sizeof(mends), "%s", mend ? mend : "");
}

static enum doctor_level examine(const struct check *checks, const char *id, const struct facts *f)
{
	struct doctor d = { .facts = f, .id = id };

	worst = DOCTOR_OK;
	said[0] = '\0';
	for (; checks->id; checks++)
		if (strcmp(checks->id, id) == 0) {
			(checks->run)(&d, f);
			printf("# %s: %d %s\n", id, worst, said);
			return worst;
		}
	check(false);
	return DOCTOR_UNKNOWN;
}

static enum doctor_level wireplumber(const char *version)
{
	struct facts f = { .manager = { .version = (char *)version } };

	return examine(checks_of_system, "wireplumber-version", &f);
}

static enum doctor_level pipewire(const char *version)
{
	struct facts f = { .daemon = { .version = (char *)version } };

	return examine(checks_of_system, "pipewire-version", &f);
}

static void versions_are_compared_by_their_numbers(void)
{
	check(version_compare("5.82", "5.100") < 0);
	check(version_compare("1.4", "1.4.0") == 0);
	check(version_compare("1.4.2-1~bpo12", "1.4.2") == 0);
	check(version_compare("0.5.10", "0.5.9") > 0);
	check(version_compare("2", "1.99.99") > 0);
	check(version_compare("", "0.1") < 0);
}

static void a_machine_that_stutters_is_told_of(void)
{
	struct facts f = { .stalls = 2, .stalls_ms = 180.0, .longest_ms = 90.0 };

	check(examine(checks_of_system, "stutter", &f) == DOCTOR_OK);
	f = (struct facts) { .stutter = true, .stalls = 7, .stalls_ms = 630.0, .longest_ms = 90.4 };
	check(examine(checks_of_system, "stutter", &f) == DOCTOR_WARNING);
	check(strstr(said, "7 times within a minute, for 630 ms in all and 90 ms at most") != NULL);
}

static void versions_below_the_floor_are_errors(void)
{
	check(pipewire("1.2.7") == DOCTOR_ERROR);
	check(pipewire("1.4.0") == DOCTOR_OK);
	check(pipewire("1.6.9") == DOCTOR_OK);
	check(wireplumber("0.5.7") == DOCTOR_ERROR);
	check(wireplumber("0.4.13") == DOCTOR_ERROR);
	check(wireplumber("0.5.8") == DOCTOR_OK);
}

static void the_wireplumber_with_the_loopback_is_told(void)
{
	check(wireplumber("0.5.12") == DOCTOR_OK);
	check(wireplumber("0.5.13") == DOCTOR_WARNING);
	check(wireplumber("0.5.14") == DOCTOR_OK);
}

static void a_version_that_is_not_known_is_no_fault(void)
{
	check(wireplumber(NULL) == DOCTOR_UNKNOWN);
	check(pipewire(NULL) == DOCTOR_UNKNOWN);
}

static struct fact_device *add(struct facts *f, const char *name, bool speaker, bool source)
{
	struct fact_device *d = g_new0(struct fact_device, 1);

	d->name = g_strdup(name);
	d->address = g_strdup(name);
	d->adapter = g_strdup("hci0");
	d->paired = d->connected = d->reports = true;
	d->speaker = d->plays = speaker;
	d->source = d->streams = source;
	g_ptr_array_add(f->devices, d);
	return d;
}

static void begin(struct facts *f)
{
	struct fact_adapter *a = g_new0(struct fact_adapter, 1);

	facts_init(f);
	a->name = g_strdup("hci0");
	a->powered = a->sends = a->receives = true;
	g_ptr_array_add(f->adapters, a);
}

static void an_echo_that_comes_as_a_speaker_is_told(void)
{
	struct fact_device *echo;
	struct facts f;

	begin(&f);
	echo = add(&f, "Echo", true, true);
	check(examine(checks_of_speakers, "echo-role", &f) == DOCTOR_OK);
	echo->streams = false;
	check(examine(checks_of_speakers, "echo-role", &f) == DOCTOR_WARNING);
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static struct fact_adapter *add_adapter(struct facts *f, const char *name, bool powered)
{
	struct fact_adapter *a = g_new0(struct fact_adapter, 1);

	a->name = g_strdup(name);
	a->powered = powered;
	g_ptr_array_add(f->adapters, a);
	return a;
}

static void reports_that_go_to_another_speaker_are_told(void)
{
	struct fact_device *first, *second;
	struct facts f;

	begin(&f);
	first = add(&f, "first", true, false);
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_OK);
	second = add(&f, "second", true, false);
	/* both tell theirs: this BlueZ does it right, whatever its version */
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_OK);
	second->reports = false;
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_WARNING);
	check(strstr(said, "hci0 has 2 speakers") != NULL);
	check(strstr(mends, "plug in an adapter for each of them") && strstr(mends, "--adapter hci1"));
	add_adapter(&f, "hci5", true);
	examine(checks_of_speakers, "delay-shared", &f);
	check(strstr(mends, "an adapter of its own") && strstr(mends, "--adapter hci5"));
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_OK);
	f.bluez_version = g_strdup("5.87");
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_WARNING);
	/* of another codec it has another endpoint */
	second->codec = 2;
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_OK);
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_WARNING);
	second->codec = 0;
	/* and none of them may have one to tell */
	first->reports = false;
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_OK);
	first->reports = true;
	g_free(f.bluez_version);
	f.bluez_version = g_strdup("5.82");
	check(examine(checks_of_speakers, "delay-shared", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static void the_load_of_an_adapter_has_two_steps(void)
{
	struct facts f;
	int i;

	begin(&f);
	for (i = 1; i <= 8; i++) {
		add(&f, "speaker", true, false);
		check(examine(checks_of_speakers, "adapter-load", &f) ==
				(i >= 7 ? DOCTOR_ERROR : i > 3 ? DOCTOR_WARNING : DOCTOR_OK));
	}
	facts_finish(&f);
}

static void a_mend_names_the_adapter_to_use(void)
{
	struct facts f;
	int i;

	begin(&f);
	for (i = 0; i < 4; i++)
		add(&f, "AA:BB:CC:00:00:01", true, false);
	check(examine(checks_of_speakers, "adapter-load", &f) == DOCTOR_WARNING);
	check(strstr(mends, "second adapter") && strstr(mends, "pair --speaker --adapter hci1"));
	add_adapter(&f, "hci3", false);
	examine(checks_of_speakers, "adapter-load", &f);
	check(strstr(mends, "second adapter"));
	add_adapter(&f, "hci5", true);
	examine(checks_of_speakers, "adapter-load", &f);
	check(strstr(mends, "another adapter: pw-bluez-combine pair --speaker --adapter hci5"));
	add(&f, "EC:00:00:00:00:01", false, true);
	check(examine(checks_of_speakers, "adapter-shared", &f) == DOCTOR_WARNING);
	check(strstr(mends, "pair --echo --adapter hci5"));
	facts_finish(&f);
}

static void an_offset_makes_up_for_a_report(void)
{
	struct fact_card *card = g_new0(struct fact_card, 1);
	struct facts f;

	begin(&f);
	add(&f, "AA:BB:CC:00:00:0a", true, false)->reports = false;
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_WARNING);
	check(strstr(mends, "pw-bluez-combine adjust AA:BB:CC:00:00:0a"));
	card->address = g_strdup("AA:BB:CC:00:00:0A");
	card->offset_ns = 30000000;
	g_ptr_array_add(f.cards, card);
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_OK);
	facts_finish(&f);
}

/* PipeWire's and WirePlumber's threads as the two limits leave them */
static enum doctor_level realtime(int slow_loops, int nice, int nice_limit)
{
	struct fact_daemon p = { .running = true, .data_loops = 1, .slow_loops = slow_loops, .nice = nice,
		.nice_limit = nice_limit };
	struct facts f = { .daemon = p, .manager = p };

	return examine(checks_of_system, "realtime", &f);
}

static void both_limits_are_asked_for(void)
{
	check(realtime(0, -11, 31) == DOCTOR_OK);
	/* rtkit gives what no limit allows */
	check(realtime(0, -11, 0) == DOCTOR_OK);
	check(realtime(1, -11, 31) == DOCTOR_WARNING);
	check(strstr(mends, "rtprio") && !strstr(mends, "nice"));
	check(realtime(1, 0, 0) == DOCTOR_WARNING);
	check(strstr(mends, "rtprio") && strstr(mends, "nice"));
	check(realtime(0, 0, 0) == DOCTOR_WARNING);
	check(strstr(mends, "nice limit"));
	check(realtime(0, 0, 30) == DOCTOR_WARNING);
	/* it may, and was told not to */
	check(realtime(0, 0, 31) == DOCTOR_OK);
}

static void begin_with_roles(struct facts *f, const char *roles)
{
	begin(f);
	f->roles = g_strdup(roles);
	f->roles_file = g_strdup("/etc/roles.conf");
}

static struct fact_adapter *adapter_of(struct facts *f, guint i)
{
	return f->adapters->pdata[i];
}

static void a_file_is_accused_of_what_it_says(void)
{
	struct facts f;

	begin_with_roles(&f, "[ a2dp_source ]");
	adapter_of(&f, 0)->receives = false;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_ERROR);
	check(strstr(said, "/etc/roles.conf") && strstr(said, "a2dp_sink"));
	/* another program has told of its own on another adapter */
	add_adapter(&f, "hci1", true)->receives = true;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_ERROR);
	check(strstr(said, "/etc/roles.conf"));
	facts_finish(&f);

	begin_with_roles(&f, "[ \"a2dp_sink\", hfp_ag ]");
	adapter_of(&f, 0)->sends = false;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_ERROR);
	check(strstr(said, "/etc/roles.conf") && strstr(said, "a2dp_source"));
	facts_finish(&f);
}

static void a_file_is_not_accused_of_an_adapter_that_is_off(void)
{
	struct fact_adapter *other;
	struct facts f;

	begin_with_roles(&f, "[ a2dp_sink a2dp_source ]");
	adapter_of(&f, 0)->powered = false;
	/* with what another program has registered there */
	other = add_adapter(&f, "hci1", true);
	other->sends = true;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_OK);
	other->sends = false;
	other->receives = true;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static void a_role_that_is_missing_although_it_is_configured_is_told_without_a_file(void)
{
	struct facts f;

	begin_with_roles(&f, "[ a2dp_sink a2dp_source ]");
	adapter_of(&f, 0)->receives = false;
	check(examine(checks_of_system, "roles", &f) == DOCTOR_ERROR);
	check(strstr(said, "a2dp_sink") && !strstr(said, "roles.conf") && strstr(mends, "restart wireplumber"));
	g_clear_pointer(&f.roles, g_free);
	check(examine(checks_of_system, "roles", &f) == DOCTOR_ERROR);
	facts_finish(&f);
}

/* WirePlumber's files, in a folder of this test's own */
static char *folder;

static void write_file(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *dir = g_path_get_dirname(path);

	check(g_mkdir_with_parents(dir, 0700) == 0 && g_file_set_contents(path, text, -1, NULL));
}

static void remove_files(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);

	check(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_clear_pointer(&folder, g_free);
}

static void begin_files(void)
{
	folder = g_dir_make_tmp("test-doctor-XXXXXX", NULL);
	check(folder != NULL);
}

/* The roles are \a wanted, words with spaces between them, and \a name is who has the last say */
static void check_roles(const char *wanted, const char *name)
{
	static const char *const all[] = { "a2dp_sink", "a2dp_source", "hfp_ag" };
	static const char *const path[] = { "monitor.bluez.properties", "bluez5.roles", NULL };
	char *dirs[] = { folder, NULL };
	g_autofree char *file = NULL, *value = conf_find(dirs, path, &file);
	size_t i;

	printf("# %s in %s\n", value ? value : "-", file ? file : "-");
	check((value != NULL) == (wanted != NULL) && (file != NULL) == (wanted != NULL));
	check(file == NULL || g_str_has_suffix(file, name));
	for (i = 0; wanted && value && i < G_N_ELEMENTS(all); i++)
		check(conf_has_word(value, all[i]) == conf_has_word(wanted, all[i]));
}

static void files_add_to_each_other_and_override_each_other(void)
{
	begin_files();
	check_roles(NULL, NULL);
	write_file("wireplumber.conf", "# the main file\nmonitor.bluez.properties = { }\n");
	check_roles(NULL, NULL);
	write_file("wireplumber.conf.d/10-a.conf", "monitor.bluez.properties = { bluez5.roles = [ a2dp_source ] }");
	check_roles("a2dp_source", "10-a.conf");
	/* arrays are joined */
	write_file("wireplumber.conf.d/20-b.conf", "monitor.bluez.properties = { \"bluez5.roles\": [ \"a2dp_sink\" ] }");
	check_roles("a2dp_source a2dp_sink", "20-b.conf");
	/* and texts are not */
	write_file("wireplumber.conf.d/30-c.conf", "monitor.bluez.properties = { bluez5.roles = \"[ hfp_ag ]\" }");
	check_roles("hfp_ag", "30-c.conf");
	remove_files();
}

static void an_override_is_found_wherever_it_stands(void)
{
	begin_files();
	write_file("wireplumber.conf", "monitor.bluez.properties = { bluez5.roles = [ hfp_ag ] }");
	check_roles("hfp_ag", "/wireplumber.conf");
	write_file("wireplumber.conf.d/40-d.conf", "override.monitor.bluez.properties = { bluez5.roles = [ a2dp_source ] }");
	check_roles("a2dp_source", "40-d.conf");
	write_file("wireplumber.conf.d/50-e.conf", "monitor.bluez.properties = { override.bluez5.roles = [ a2dp_sink ] }");
	check_roles("a2dp_sink", "50-e.conf");
	/* one that says nothing of it takes all away */
	write_file("wireplumber.conf.d/60-f.conf", "override.monitor.bluez.properties = { bluez5.enable-msbc = true }");
	check_roles(NULL, NULL);
	remove_files();
}

static struct fact_node *add_node(struct facts *f, uint32_t id, const char *name, const char *class, const char *link_group)
{
	struct fact_node *n = g_new0(struct fact_node, 1);

	n->id = id;
	n->name = g_strdup(name);
	n->class = g_strdup(class);
	n->link_group = g_strdup(link_group);
	g_ptr_array_add(f->nodes, n);
	return n;
}

static void add_link(struct facts *f, uint32_t from, uint32_t to)
{
	struct fact_link *l = g_new0(struct fact_link, 1);

	*l = (struct fact_link) { from, to };
	g_ptr_array_add(f->links, l);
}

static void a_filter_in_front_of_the_group_is_no_other_target(void)
{
	struct facts f;

	begin(&f);
	f.sink = g_strdup("bluez_combine.default");
	add_node(&f, 1, "bluez_input.E", "Stream/Output/Audio", NULL)->api = g_strdup("bluez5");
	add_node(&f, 2, "bluez_combine.default", "Audio/Sink", "bluez_combine.default");
	add_node(&f, 3, "eq_in", "Audio/Sink", "eq");
	add_node(&f, 4, "eq_out", "Stream/Output/Audio", "eq");
	add_node(&f, 5, "desktop", "Audio/Sink", NULL);
	add_link(&f, 1, 3);
	add_link(&f, 4, 2);
	check(examine(checks_of_speakers, "target", &f) == DOCTOR_OK);
	((struct fact_link *)f.links->pdata[1])->to = 5;
	check(examine(checks_of_speakers, "target", &f) == DOCTOR_WARNING);
	check(strstr(said, "eq_in"));
	facts_finish(&f);
}

static void a_speaker_that_joins_has_not_failed(void)
{
	struct fact_node *n;
	struct facts f;

	begin(&f);
	f.playing = true;
	f.sink = g_strdup("bluez_combine.default");
	add_node(&f, 1, f.sink, "Audio/Sink", f.sink)->running = true;
	n = add_node(&f, 2, "bluez_output.K", "Audio/Sink", NULL);
	n->api = g_strdup("bluez5");
	n->address = g_strdup("K");
	n->broken = true;
	g_hash_table_replace(f.members, g_strdup("K"), g_strdup(n->name));
	check(examine(checks_of_speakers, "suspended", &f) == DOCTOR_ERROR);
	g_hash_table_add(f.taken, g_strdup("K"));
	check(examine(checks_of_speakers, "suspended", &f) == DOCTOR_OK);
	g_hash_table_remove(f.taken, "K");
	check(examine(checks_of_speakers, "suspended", &f) == DOCTOR_ERROR);
	check(strstr(said, "bluez_output.K is suspended"));
	n->broken = false;
	check(examine(checks_of_speakers, "suspended", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static enum doctor_level examine_source(struct facts *f, struct fact_device *e, bool taken, const char *why)
{
	struct fact_source *s = g_new0(struct fact_source, 1);

	g_ptr_array_set_size(f->sources, 0);
	s->address = g_strdup(e->address);
	s->taken = taken;
	s->why = g_strdup(why);
	g_ptr_array_add(f->sources, s);
	return examine(checks_of_speakers, "source", f);
}

static void a_source_that_is_not_taken_is_told(void)
{
	struct fact_device *e;
	struct facts f;

	begin(&f);
	e = add(&f, "AB-12", false, true);
	check(examine(checks_of_speakers, "source", &f) == DOCTOR_OK);
	check(examine_source(&f, e, true, "vendor bluetooth:0171") == DOCTOR_OK);
	check(examine_source(&f, e, false, "no vendor id") == DOCTOR_WARNING);
	check(strstr(said, "AB-12") && strstr(mends, "pair --echo") && strstr(mends, "bluez-combine.rules"));
	check(examine_source(&f, e, false, "vendor bluetooth:004c") == DOCTOR_WARNING);
	check(strstr(said, "bluetooth:004c") && strstr(mends, "bluez-combine.source.vendors"));
	/* it was told to */
	check(examine_source(&f, e, false, "rule") == DOCTOR_OK);
	/* a phone, where there is an Echo */
	add(&f, "Echo", false, true)->paired = true;
	check(examine_source(&f, e, false, "vendor bluetooth:004c") == DOCTOR_OK);
	check(examine_source(&f, e, false, "no vendor id") == DOCTOR_WARNING);
	e->connected = false;
	check(examine_source(&f, e, false, "no vendor id") == DOCTOR_OK);
	facts_finish(&f);
}

static void a_setting_that_cannot_be_is_told(void)
{
	struct fact_setting *s = g_new0(struct fact_setting, 1);
	struct facts f;

	begin(&f);
	check(examine(checks_of_system, "settings", &f) == DOCTOR_OK);
	s->name = g_strdup("quantum");
	s->is = g_strdup("100");
	s->allowed = g_strdup("0, or a power of two from 64 to 8192");
	s->using = g_strdup("0");
	g_ptr_array_add(f.settings, s);
	check(examine(checks_of_system, "settings", &f) == DOCTOR_WARNING);
	check(strstr(said, "bluez-combine.quantum is set to 100, which is not allowed: 0 is used instead"));
	check(strstr(mends, "wpctl settings --reset bluez-combine.quantum") && strstr(mends, "a power of two"));
	facts_finish(&f);
}

static struct fact_speaker *add_speaker(struct facts *f, const char *name, const char *model, const char *basis)
{
	struct fact_speaker *s = g_new0(struct fact_speaker, 1);

	s->name = g_strdup(name);
	s->address = g_strdup(name);
	s->model = g_strdup(model);
	s->basis = g_strdup(basis);
	s->stale = g_strdup("");
	s->codec = g_strdup("sbc");
	s->rate = 44100;
	g_ptr_array_add(f->speakers, s);
	return s;
}

static struct fact_microphone *add_microphone(struct facts *f, const char *name, enum microphone_doubt doubt)
{
	struct fact_microphone *m = g_new0(struct fact_microphone, 1);

	m->name = g_strdup(name);
	m->doubt = doubt;
	g_ptr_array_add(f->microphones, m);
	return m;
}

static void set(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
}

static void different_models_that_nobody_has_listened_to_are_told(void)
{
	struct fact_speaker *a, *b;
	struct facts f;

	begin(&f);
	a = add_speaker(&f, "Kitchen", "bluetooth:0057 0x1", "reported");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	b = add_speaker(&f, "Bath", "bluetooth:0057 0x1", "reported");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	set(&b->model, "bluetooth:0057 0x2");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_WARNING);
	check(strstr(said, "Kitchen and Bath are different models"));
	/* what one is it does not tell */
	set(&b->model, NULL);
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	set(&b->model, "bluetooth:0057 0x2");
	set(&a->basis, "calibrated");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_WARNING);
	check(strstr(said, "Bath and Kitchen"));
	set(&b->basis, "tracking");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	set(&b->basis, "reported");
	b->by_hand = true;
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	b->by_hand = false;
	g_hash_table_add(f.corrected, g_strdup("Bath"));
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static void a_latency_that_is_assumed_is_told_once(void)
{
	struct facts f;

	begin(&f);
	add_speaker(&f, "Kitchen", NULL, "assumed");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	add_speaker(&f, "Bath", NULL, "remembered");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_WARNING);
	check(strstr(said, "the latency of Kitchen is assumed"));
	/* delay-report says so */
	add(&f, "KITCHEN", true, false)->reports = false;
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	check(examine(checks_of_speakers, "delay-report", &f) == DOCTOR_WARNING);
	facts_finish(&f);
}

static void what_is_stale_is_told_with_its_reason(void)
{
	struct fact_speaker *s;
	struct facts f;

	begin(&f);
	s = add_speaker(&f, "Kitchen", NULL, "calibrated");
	check(examine(checks_of_calibration, "calibration-stale", &f) == DOCTOR_OK);
	set(&s->basis, "stale");
	set(&s->stale, "codec");
	check(examine(checks_of_calibration, "calibration-stale", &f) == DOCTOR_WARNING);
	check(strstr(said, "Kitchen was calibrated with another codec than sbc"));
	set(&s->stale, "rate");
	check(examine(checks_of_calibration, "calibration-stale", &f) == DOCTOR_WARNING);
	check(strstr(said, "at another rate than 44100 Hz"));
	set(&s->stale, "report");
	check(examine(checks_of_calibration, "calibration-stale", &f) == DOCTOR_WARNING);
	check(strstr(said, "reports another latency now"));
	check(strstr(mends, "pw-bluez-combine adjust Kitchen"));
	add_microphone(&f, "Webcam", MICROPHONE_FITS);
	examine(checks_of_calibration, "calibration-stale", &f);
	check(strstr(mends, "the microphone (Webcam)") && strstr(mends, "pw-bluez-combine calibrate"));
	/* and not as one that nobody has listened to */
	add_speaker(&f, "Bath", "bluetooth:0057 0x2", "calibrated");
	check(examine(checks_of_calibration, "calibration", &f) == DOCTOR_OK);
	facts_finish(&f);
}

static void a_microphone_is_missed_only_if_there_is_something_to_hear(void)
{
	static const struct { enum microphone_doubt doubt; const char *said; } cases[] = {
		{ MICROPHONE_FOREIGN, "there is no microphone" },
		{ MICROPHONE_BLUETOOTH, "the only microphone, M, is a Bluetooth headset's" },
		{ MICROPHONE_PROCESSED, "M is behind a filter" },
		{ MICROPHONE_UNPLUGGED, "nothing is plugged in at the microphone jack M" },
		{ MICROPHONE_MUTED, "the microphone M is muted" },
	};
	struct facts f;
	size_t i;

	begin(&f);
	check(examine(checks_of_calibration, "microphone", &f) == DOCTOR_OK);
	add_speaker(&f, "Kitchen", "bluetooth:0057 0x1", "reported");
	add_speaker(&f, "Bath", "bluetooth:0057 0x2", "reported");
	check(examine(checks_of_calibration, "microphone", &f) == DOCTOR_WARNING);
	check(strstr(said, "there is no microphone") && strstr(mends, "adjust"));
	/* each is easier to mend than those before it */
	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		add_microphone(&f, "M", cases[i].doubt);
		check(examine(checks_of_calibration, "microphone", &f) == DOCTOR_WARNING);
		check(strstr(said, cases[i].said));
	}
	add_microphone(&f, "Webcam", MICROPHONE_FITS);
	check(examine(checks_of_calibration, "microphone", &f) == DOCTOR_OK);
	facts_finish(&f);
}

int main(void)
{
	run(versions_are_compared_by_their_numbers);
	run(a_machine_that_stutters_is_told_of);
	run(versions_below_the_floor_are_errors);
	run(the_wireplumber_with_the_loopback_is_told);
	run(a_version_that_is_not_known_is_no_fault);
	run(an_echo_that_comes_as_a_speaker_is_told);
	run(reports_that_go_to_another_speaker_are_told);
	run(the_load_of_an_adapter_has_two_steps);
	run(a_mend_names_the_adapter_to_use);
	run(an_offset_makes_up_for_a_report);
	run(a_filter_in_front_of_the_group_is_no_other_target);
	run(a_speaker_that_joins_has_not_failed);
	run(a_source_that_is_not_taken_is_told);
	run(a_setting_that_cannot_be_is_told);
	run(different_models_that_nobody_has_listened_to_are_told);
	run(a_latency_that_is_assumed_is_told_once);
	run(what_is_stale_is_told_with_its_reason);
	run(a_microphone_is_missed_only_if_there_is_something_to_hear);
	run(both_limits_are_asked_for);
	run(a_file_is_accused_of_what_it_says);
	run(a_file_is_not_accused_of_an_adapter_that_is_off);
	run(a_role_that_is_missing_although_it_is_configured_is_told_without_a_file);
	run(files_add_to_each_other_and_override_each_other);
	run(an_override_is_found_wherever_it_stands);
	return harness_finish();
}
