/* A program that is nothing but a client: it is linked with that library, and with nothing else of the tool */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * client status GROUP|all             prints groups, their states, and their speakers
 * client set GROUP ADDRESS ROLE TRIM  asks for it, and prints "done" when it is so
 * client clear GROUP ADDRESS          the same of a role that is to go
 * client lease GROUP [SAID]...        has a lease and prints what becomes of it, until it is killed; SAID is
 *                                     "solo", who is heard, "+ADDRESS", or where somebody is, "ADDRESS=MS"
 * client track GROUP [SAID]...        the same of one that gives way; SAID is what is tracked of somebody, "ADDRESS=MS", or
 *                                     "ADDRESS=nan" for nothing any more, and then perhaps the code of its dither, "@CODE"
 * client stay                         prints "here", and what res is when the daemon has gone
 *
 * Exits 1 when there is nothing to connect to, or with what an error is when the library returns one.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "client/client.h"
#include "client/lease.h"
#include "client/report.h"

struct data {
	struct pw_main_loop *loop;
	struct client client;
	char **args;
	struct lease lease;
	struct member wanted;
	uint32_t clear;
	bool begun;
	int result;
};

static void print_group(const struct client *client, const char *group)
{
	struct report report;
	uint32_t i;

	if (report_init(&report, client, group) == 0) {
		printf("group %s %s %s\n", group, report.found ? "found" : "missing", report.state);
		for (i = 0; i < report.n_speakers; i++)
			printf("speaker %s %s role %s trim %lld\n", report.speakers[i].address,
					report.speakers[i].state, report.speakers[i].role,
					(long long)report.speakers[i].trim_ns.value);
	}
	report_finish(&report);
}

static void print_status(struct data *data)
{
	const struct metadata *m;

	if (!spa_streq(data->args[2], "all")) {
		print_group(&data->client, data->args[2]);
		return;
	}
	spa_list_for_each(m, &data->client.groups, link)
		print_group(&data->client, client_group_name(m));
}

static bool is_so(const struct data *data)
{
	const struct report_speaker *s;
	struct report report;
	bool so;

	so = report_init(&report, &data->client, data->args[2]) == 0 &&
		(s = report_speaker(&report, data->args[3])) != NULL &&
		member_is(&s->wish, &data->wanted, data->clear);
	report_finish(&report);
	return so;
}

static void quit(struct data *data, int result)
{
	data->result = result;
	pw_main_loop_quit(data->loop);
}

static void on_taken(void *user, uint32_t count, int64_t ready_ns)
{
	struct data *data = user;

	printf("taken by %u, ready in %lld ms\n", client_id(&data->client), (long long)ready_ns / 1000000);
}

static void on_refused(void *user, const char *why)
{
	printf("refused: %s\n", why);
}

static void on_lease_lost(void *user, int res)
{
	printf("no lease any more: %s\n", strerror(-res));
}

static const struct lease_events lease_events = {
	.taken = on_taken,
	.refused = on_refused,
	.lost = on_lease_lost,
};

static int begin_lease(struct data *data)
{
	struct lease_speaker speakers[16] = { 0 };
	bool solo = false;
	uint32_t n = 0;
	int res;

	for (char **arg = data->args + 3; *arg && n < SPA_N_ELEMENTS(speakers); arg++) {
		char *value = strchr(*arg, '=');

		if (spa_streq(*arg, "solo")) {
			solo = true;
			continue;
		}
		if (value) {
			*value++ = '\0';
			spa_atod(value, &speakers[n].correction_ms);
		}
		speakers[n].corrected = value != NULL;
		speakers[n].heard = **arg == '+';
		speakers[n++].address = *arg + (**arg == '+');
	}
	if ((res = lease_init(&data->lease, &data->client, data->args[2], &lease_events, data)) < 0)
		return res;
	return lease_set(&data->lease, solo, speakers, n, NULL);
}

static int begin_track(struct data *data)
{
	struct lease_track tracks[16] = { 0 };
	uint32_t n = 0;
	int res;

	for (char **arg = data->args + 3; *arg && n < SPA_N_ELEMENTS(tracks); arg++) {
		char *value = strchr(*arg, '='), *code = strchr(*arg, '@');

		if (code) {
			*code++ = '\0';
			spa_atou32(code, &tracks[n].code, 10);
		}
		if (value) {
			*value++ = '\0';
			if (!spa_atod(value, &tracks[n].tracked_ms))
				tracks[n].tracked_ms = NAN;
		}
		tracks[n].tracked = value != NULL;
		tracks[n++].address = *arg;
	}
	if ((res = lease_init(&data->lease, &data->client, data->args[2], &lease_events, data)) < 0)
		return res;
	return lease_set_track(&data->lease, tracks, n, &(struct lease_dither) { 1, 1000.0 }, NULL);
}

static void on_changed(void *user)
{
	struct data *data = user;
	bool track = spa_streq(data->args[1], "track");
	int res;

	if (track || spa_streq(data->args[1], "lease")) {
		if (!data->begun && (res = track ? begin_track(data) : begin_lease(data)) < 0)
			quit(data, -res);
		lease_changed(&data->lease);
		data->begun = true;
		return;
	}
	if (spa_streq(data->args[1], "status")) {
		print_status(data);
		quit(data, 0);
	} else if (spa_streq(data->args[1], "stay")) {
		if (!data->begun)
			puts("here");
		fflush(stdout);
	} else if (!data->begun && (res = client_set_member(&data->client, data->args[2], data->args[3],
			&data->wanted, data->clear)) < 0) {
		quit(data, -res);
	} else if (data->begun && is_so(data)) {
		puts("done");
		quit(data, 0);
	}
	data->begun = true;
}

static void on_lost(void *user, int res)
{
	printf("lost %s\n", strerror(-res));
	quit(user, 0);
}

static const struct client_events events = {
	.changed = on_changed,
	.lost = on_lost,
};

int main(int argc, char **argv)
{
	struct data data = { .args = argv, .result = 1 };
	const char *group = argc > 2 && !spa_streq(argv[2], "all") ? argv[2] : NULL;
	int res;

	if (argc < 2 || (argc < 3 && !spa_streq(argv[1], "stay")))
		return 2;
	pw_init(&argc, &argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (spa_streq(argv[1], "set")) {
		data.wanted.fields = MEMBER_ROLE | MEMBER_TRIM;
		snprintf(data.wanted.role, sizeof(data.wanted.role), "%s", argv[4]);
		spa_atod(argv[5], &data.wanted.trim_ms);
	} else if (spa_streq(argv[1], "clear")) {
		data.clear = MEMBER_ROLE;
	}
	data.loop = pw_main_loop_new(NULL);
	res = client_init(&data.client, pw_main_loop_get_loop(data.loop), group, 0, &events, &data);
	if (res == 0)
		pw_main_loop_run(data.loop);
	lease_finish(&data.lease);
	client_finish(&data.client);
	pw_main_loop_destroy(data.loop);
	pw_deinit();
	return data.result;
}
