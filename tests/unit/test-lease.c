/* Test: what one client may say of a group for as long as it is there */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include <spa/utils/string.h>

#include <pipewire/log.h>

#include "harness.h"
#include "member/lease.h"

PW_LOG_TOPIC(mod_topic, "test");

#define MSEC	((int64_t)SPA_NSEC_PER_MSEC)
#define SEC	((int64_t)SPA_NSEC_PER_SEC)
#define A	"AA:BB:CC:00:00:01"
#define B	"AA:BB:CC:00:00:02"

#define ME	42u
#define OTHER	43u

static struct lease lease;
static struct lease_refusal refusal;

static enum lease_result put(const char *json)
{
	return lease_write(&lease, ME, OWNER_ORDINARY, json, 0, &refusal);
}

static int64_t correction(const char *address)
{
	int64_t ns;

	lease_places(&lease, address, &ns);
	return ns;
}

static bool places(const char *address)
{
	int64_t ns;

	return lease_places(&lease, address, &ns);
}

/* It is not taken, the reason has these words, and it is as it was before */
static bool is_refused(const char *json, const char *words)
{
	struct lease before = lease;
	bool refused = put(json) == LEASE_REFUSED && strstr(refusal.why, words) &&
		memcmp(&before, &lease, sizeof(lease)) == 0;

	printf("# %s: %s\n", json, refusal.why);
	return refused;
}

static void without_one_all_are_heard_where_they_are(void)
{
	lease_init(&lease);
	check(!lease_is_held(&lease));
	check(!lease_silences(&lease, A));
	check(!places(A));
	check_int(correction(A), 0);
	check_int(put(NULL), LEASE_UNCHANGED);
}

static void only_those_are_heard_whom_it_names(void)
{
	lease_init(&lease);
	check_int(put("{ \"count\": 1, \"solo\": [ \"" A "\" ] }"), LEASE_TAKEN);
	check_int(lease.count, 1);
	check(!lease_silences(&lease, A));
	check(lease_silences(&lease, B));
	check_int(put("{ \"count\": 2, \"solo\": [ ] }"), LEASE_TAKEN);
	check(lease_silences(&lease, A) && lease_silences(&lease, B));
	check_int(put("{ \"count\": 3, \"solo\": null }"), LEASE_TAKEN);
	check(!lease_silences(&lease, A) && !lease_silences(&lease, B));
	check_int(put("{ \"count\": 4294967295 }"), LEASE_TAKEN);
	check(!lease_silences(&lease, A));
	lease_clear(&lease);
}

static void who_is_corrected_is_placed_and_nobody_else(void)
{
	lease_init(&lease);
	check_int(put("{ \"version\": 7, \"solo\": [ \"" B "\" ], \"dither\": { \"x\": [ 1 ] }, "
			"\"correction.msec\": { \"" A "\": -12.5, \"" B "\": 0, \"c\": null } }"), LEASE_TAKEN);
	check_int(correction(A), -12500000);
	check(places(B) && correction(B) == 0);
	check(!places("c"));
	check(lease_silences(&lease, A) && !lease_silences(&lease, B));
	/* What is not said any more is as without it */
	check_int(put("{ \"correction.msec\": { \"" B "\": 2000 } }"), LEASE_TAKEN);
	check(!places(A));
	check_int(correction(B), 2000 * MSEC);
	lease_clear(&lease);
}

static void nonsense_is_refused_with_a_reason_and_changes_nothing(void)
{
	lease_init(&lease);
	check_int(put("{ \"count\": 5, \"solo\": [ \"" A "\" ] }"), LEASE_TAKEN);
	check(is_refused("", "expected { \"count\""));
	check(is_refused("[ ]", "expected { \"count\""));
	check(is_refused("{ \"solo\": [ \"" A "\"", "not valid JSON"));
	check(is_refused("{ \"count\": 6, \"solo\": true }", "'solo' = 'true' is not valid: expected an array of addresses, or null"));
	check_int(refusal.client, ME);
	check_int(refusal.count, 6);
	check(is_refused("{ \"solo\": [ [ ] ] }", "expected an array of addresses"));
	check(is_refused("{ \"solo\": { \"" A "\": 1 } }", "expected an array of addresses"));
	check(is_refused("{ \"count\": -1 }", "expected a whole number"));
	check(is_refused("{ \"count\": 4294967296 }", "expected a whole number"));
	check(is_refused("{ \"correction.msec\": 3 }", "expected an object of milliseconds from -2000 to 2000"));
	check(is_refused("{ \"correction.msec\": { \"" A "\": 2000.5 } }", "'correction.msec' = '2000.5'"));
	check(is_refused("{ \"correction.msec\": { \"" A "\": nan } }", "expected an object of milliseconds"));
	check(is_refused("{ \"correction.msec\": { \"" A "\": \"much\" } }", "expected an object of milliseconds"));
	check(lease_silences(&lease, B) && !lease_silences(&lease, A));
	lease_clear(&lease);
}

static void it_names_no_more_speakers_than_there_can_be(void)
{
	char json[16384] = "{ \"solo\": [ ", name[32];
	uint32_t i;

	for (i = 0; i < LEASE_SPEAKERS_MAX; i++) {
		snprintf(name, sizeof(name), "\"s%u\" ", i);
		strcat(json, name);
	}
	lease_init(&lease);
	strcpy(json + strlen(json), "] }");
	check_int(put(json), LEASE_TAKEN);
	strcpy(json + strlen(json) - 3, "\"more\" ] }");
	check(is_refused(json, "more than 256 speakers"));
	lease_clear(&lease);
}

static void one_client_at_a_time_has_one(void)
{
	lease_init(&lease);
	check_int(put("{ \"count\": 1 }"), LEASE_TAKEN);
	check_int(lease_write(&lease, OTHER, OWNER_UNRESTRICTED, "{ \"count\": 9 }", 0, &refusal), LEASE_REFUSED);
	check(strstr(refusal.why, "the client 42 has the lease") != NULL);
	check_int(refusal.client, OTHER);
	check_int(refusal.count, 9);
	check_int(lease_write(&lease, OTHER, OWNER_ORDINARY, NULL, 0, &refusal), LEASE_UNCHANGED);
	check_int(lease.client, ME);
	/* Why it was refused is still to be told when the other one goes on */
	check_int(put("{ \"count\": 2 }"), LEASE_TAKEN);
	check(strstr(refusal.why, "the client 42 has the lease") != NULL);
	check_int(refusal.client, OTHER);
	check_int(put(NULL), LEASE_ENDED);
	check_int(lease_write(&lease, OTHER, OWNER_UNRESTRICTED, "{ \"count\": 10 }", 0, &refusal), LEASE_TAKEN);
	lease_clear(&lease);
}

static void who_is_restricted_or_not_there_has_none(void)
{
	lease_init(&lease);
	check_int(lease_write(&lease, ME, OWNER_RESTRICTED, "{ \"count\": 1 }", 0, &refusal), LEASE_REFUSED);
	check(strstr(refusal.why, "42 is no client that is there, or a restricted one") != NULL);
	check(!lease_is_held(&lease));
}

static void it_ends_ten_seconds_after_it_was_written_last(void)
{
	int64_t next_ns = INT64_MAX;

	lease_init(&lease);
	check(!lease_tick(&lease, 100 * SEC, &next_ns) && next_ns == INT64_MAX);
	check_int(lease_write(&lease, ME, OWNER_ORDINARY, "{ \"solo\": [ ] }", 1 * SEC, &refusal), LEASE_TAKEN);
	check(!lease_tick(&lease, 10 * SEC, &next_ns));
	check_int(next_ns, 11 * SEC);
	check_int(lease_write(&lease, ME, OWNER_ORDINARY, "{ \"solo\": [ ], \"count\": 2 }", 10 * SEC, &refusal), LEASE_TAKEN);
	/* Nonsense does not renew it */
	check_int(lease_write(&lease, ME, OWNER_ORDINARY, "{ \"solo\": 1 }", 15 * SEC, &refusal), LEASE_REFUSED);
	check(!lease_tick(&lease, 20 * SEC - 1, &next_ns));
	check(lease_tick(&lease, 20 * SEC, &next_ns));
	check(!lease_is_held(&lease) && !lease_silences(&lease, A));
	check(!lease_tick(&lease, 21 * SEC, &next_ns));
}

int main(void)
{
	run(without_one_all_are_heard_where_they_are);
	run(only_those_are_heard_whom_it_names);
	run(who_is_corrected_is_placed_and_nobody_else);
	run(nonsense_is_refused_with_a_reason_and_changes_nothing);
	run(it_names_no_more_speakers_than_there_can_be);
	run(one_client_at_a_time_has_one);
	run(who_is_restricted_or_not_there_has_none);
	run(it_ends_ten_seconds_after_it_was_written_last);
	return harness_finish();
}
