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
	check_int(put("{ \"version\": 7, \"solo\": [ \"" B "\" ], \"other\": { \"x\": [ 1 ] }, "
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

static void what_is_tracked_stays_until_a_lease_says_otherwise(void)
{
	int64_t a_ns = 5, b_ns = 6, c_ns = 7;

	lease_init(&lease);
	check(!lease_tracks(&lease, A, &a_ns) && a_ns == 5);
	check_int(put("{ \"track.msec\": { \"" A "\": -12.5, \"" B "\": null } }"), LEASE_TAKEN);
	check(lease_tracks(&lease, A, &a_ns));
	check_int(a_ns, -12500000);
	check(!lease_tracks(&lease, B, &b_ns));
	check_int(b_ns, 0);
	check(!lease_tracks(&lease, "c", &c_ns) && c_ns == 7);
	/* It goes on with what the speaker reports, and all are heard */
	check(!places(A) && correction(A) == 0);
	check(!lease_silences(&lease, A) && !lease_silences(&lease, "c"));
	check_int(put("{ \"track.msec\": { \"" B "\": 0 } }"), LEASE_TAKEN);
	check(!lease_tracks(&lease, A, &a_ns) && a_ns == -12500000);
	check(lease_tracks(&lease, B, &b_ns) && b_ns == 0);
	lease_clear(&lease);
	check(!lease_tracks(&lease, A, &a_ns) && a_ns == -12500000);
	/* What is tracked of a speaker and where it is put are two things */
	check_int(put("{ \"track.msec\": { \"" A "\": 1 }, \"correction.msec\": { \"" A "\": 2 } }"), LEASE_TAKEN);
	check(lease_tracks(&lease, A, &a_ns) && a_ns == 1 * MSEC);
	check(places(A) && correction(A) == 2 * MSEC);
	lease_clear(&lease);
}

static bool dithers(const char *address, uint32_t code, uint32_t samples, int64_t chip_ns)
{
	struct lease_dither d = lease_dither(&lease, address);

	return d.code == code && d.samples == samples && d.chip_ns == chip_ns;
}

static void a_dither_is_of_those_that_have_a_code_and_ends_with_the_lease(void)
{
	lease_init(&lease);
	check(dithers(A, 0, 0, 0));
	check_int(put("{ \"dither\": { \"codes\": { \"" A "\": 63, \"" B "\": null }, \"samples\": 4, \"chip.msec\": 100.5, \"x\": 1 } }"),
			LEASE_TAKEN);
	check(dithers(A, 63, 4, 100500000));
	check(dithers(B, 0, 0, 0) && dithers("c", 0, 0, 0));
	check_int(put("{ \"dither\": { \"samples\": 1, \"chip.msec\": 10000, \"codes\": { \"" B "\": 1 } } }"), LEASE_TAKEN);
	check(dithers(A, 0, 0, 0) && dithers(B, 1, 1, 10000 * MSEC));
	check_int(put("{ \"dither\": null }"), LEASE_TAKEN);
	check(dithers(B, 0, 0, 0));
	check_int(put("{ \"dither\": { \"samples\": 1, \"chip.msec\": 1000, \"codes\": { \"" B "\": 1 } } }"), LEASE_TAKEN);
	lease_clear(&lease);
	check(dithers(B, 0, 0, 0));
}

static void nonsense_of_what_is_tracked_is_refused(void)
{
	static const char * const ranges[] = {
		"\"samples\": 5", "\"samples\": 0", "\"samples\": 1.5", "\"samples\": null", "\"samples\": [ 1 ]",
		"\"chip.msec\": 99", "\"chip.msec\": 10001", "\"chip.msec\": \"x\"",
		"\"codes\": { \"" A "\": 64 }", "\"codes\": { \"" A "\": 0 }", "\"codes\": { \"" A "\": 2.5 }", "\"codes\": [ 1 ]",
		"\"codes\": { \"" A "\": { } }",
	};
	char json[256], key[16];
	uint32_t i;

	lease_init(&lease);
	check_int(put("{ \"count\": 5, \"solo\": [ \"" A "\" ] }"), LEASE_TAKEN);
	for (i = 0; i < SPA_N_ELEMENTS(ranges); i++) {
		/* What comes later counts: it is in the right but for this */
		snprintf(json, sizeof(json), "{ \"dither\": { \"samples\": 1, \"chip.msec\": 1000, \"codes\": { }, %s } }", ranges[i]);
		snprintf(key, sizeof(key), "%.*s'", (int)strcspn(ranges[i] + 1, "\""), ranges[i] + 1);
		check(is_refused(json, key));
	}
	check(is_refused("{ \"dither\": 1 }", "'dither' = '1' is not valid: expected an object with samples, chip.msec and codes, or null"));
	check(is_refused("{ \"dither\": { \"samples\": 1, \"codes\": { \"" A "\": 1 } } }", "'dither' lacks something"));
	check(is_refused("{ \"dither\": { \"chip.msec\": 1000 } }", "'dither' lacks something"));
	check(is_refused("{ \"dither\": { \"samples\": 1, \"chip.msec\": 1000, \"codes\": { \"" A "\": 1 }", "not valid JSON"));
	check(is_refused("{ \"track.msec\": { \"" A "\": 2000.5 } }", "'track.msec' = '2000.5' is not valid: expected an object of milliseconds"));
	check(is_refused("{ \"track.msec\": { \"" A "\": inf } }", "'track.msec'"));
	check(is_refused("{ \"track.msec\": [ ] }", "'track.msec'"));
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

static enum lease_result put_other(const char *json)
{
	return lease_write(&lease, OTHER, OWNER_ORDINARY, json, 0, &refusal);
}

static void who_only_tracks_gives_way_to_who_does_not(void)
{
	lease_init(&lease);
	check_int(put("{ \"track.msec\": { \"" A "\": 1 }, \"solo\": null, \"correction.msec\": null }"), LEASE_TAKEN);
	/* not to another one of its kind */
	check_int(put_other("{ \"track.msec\": { \"" A "\": 2 } }"), LEASE_REFUSED);
	check_int(put_other("{ \"solo\": 3 }"), LEASE_REFUSED);
	check_int(lease.client, ME);
	check_int(lease_write(&lease, OTHER, OWNER_RESTRICTED, "{ \"solo\": [ ] }", 0, &refusal), LEASE_REFUSED);
	check_int(put_other("{ \"solo\": [ \"" A "\" ] }"), LEASE_TAKEN);
	check_int(lease.client, OTHER);
	check_int(put("{ \"track.msec\": { \"" A "\": 1 } }"), LEASE_REFUSED);
	check_int(put("{ \"solo\": [ ] }"), LEASE_REFUSED);
	check_int(put(NULL), LEASE_UNCHANGED);
	check_int(put_other(NULL), LEASE_ENDED);
	check_int(put("{ \"dither\": { \"samples\": 1, \"chip.msec\": 1000 } }"), LEASE_TAKEN);
	check_int(put_other("{ \"correction.msec\": { } }"), LEASE_TAKEN);
	/* and it is its own from the beginning */
	check_int(lease_dither(&lease, A).code, 0);
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
	run(what_is_tracked_stays_until_a_lease_says_otherwise);
	run(a_dither_is_of_those_that_have_a_code_and_ends_with_the_lease);
	run(nonsense_is_refused_with_a_reason_and_changes_nothing);
	run(nonsense_of_what_is_tracked_is_refused);
	run(it_names_no_more_speakers_than_there_can_be);
	run(one_client_at_a_time_has_one);
	run(who_only_tracks_gives_way_to_who_does_not);
	run(who_is_restricted_or_not_there_has_none);
	run(it_ends_ten_seconds_after_it_was_written_last);
	return harness_finish();
}
