/* The pair command: who may pair, connect and be trusted */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <strings.h>

#include "pair/rules.h"

static bool is_meant(const struct pair_facts *f)
{
	return (!f->by_address || f->address_fits) && (!f->by_name || f->name_fits);
}

enum pair_verdict pair_may_be_found(const struct pair_facts *f)
{
	if (f->chosen)
		return PAIR_YES;
	if (f->other_chosen)
		return PAIR_NO_OTHER;
	if (f->refused)
		return PAIR_NO_REFUSED;
	if (!is_meant(f))
		return PAIR_NO_STRANGER;
	/* What a trusted one may do already needs no question, if it is named. */
	if (f->by_address || (f->by_name && f->was_trusted))
		return PAIR_YES;
	if (f->can_ask)
		return PAIR_ASK;
	return f->by_name ? PAIR_NO_NAME : PAIR_NO_STRANGER;
}

enum pair_verdict pair_may_come(const struct pair_facts *f)
{
	/* A speaker waits to be found; only one that is paired, and named, comes by itself. */
	if (!f->echo && !f->chosen && !f->other_chosen && (!f->was_paired || (!f->by_address && !f->by_name)))
		return PAIR_NO_STRANGER;
	return pair_may_be_found(f);
}

enum pair_verdict pair_may_compare(const struct pair_facts *f)
{
	enum pair_verdict verdict = pair_may_come(f);

	if (verdict != PAIR_YES && verdict != PAIR_ASK)
		return verdict;
	return f->can_ask ? PAIR_ASK : PAIR_NO_NUMBER;
}

#define IN(uuid, list)	is_one_of(uuid, list, sizeof(list) / sizeof(list[0]))

static bool is_one_of(const char *uuid, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strncasecmp(uuid, list[i], 8) == 0 && strcasecmp(uuid + 8, "-0000-1000-8000-00805f9b34fb") == 0)
			return true;
	return false;
}

enum pair_verdict pair_may_use(const struct pair_facts *f, const char *uuid)
{
	/* A2DP and its remote control; nothing that could read or type */
	static const char *const music[] = { "0000110a", "0000110b", "0000110c", "0000110d", "0000110e", "0000110f" };
	/* Many speakers have a microphone, and connect for calls first: one that was refused may not go on. */
	static const char *const calls[] = { "00001108", "00001112", "0000111e", "0000111f" };
	enum pair_verdict verdict = pair_may_come(f);

	if (verdict != PAIR_YES && verdict != PAIR_ASK)
		return verdict;
	return IN(uuid, music) || (f->chosen && IN(uuid, calls)) ? verdict : PAIR_NO_SERVICE;
}

enum pair_verdict pair_may_have_pin(const struct pair_facts *f)
{
	enum pair_verdict verdict = pair_may_come(f);

	/* Who was not chosen comes by itself, and an Echo never asks for one. */
	if (verdict == PAIR_ASK || (verdict == PAIR_YES && !f->chosen))
		return PAIR_NO_PIN;
	return verdict;
}

enum pair_verdict pair_may_be_trusted(const struct pair_facts *f)
{
	if (!f->chosen)
		return PAIR_NO_STRANGER;
	if (!f->has_profile)
		return PAIR_NO_PROFILE;
	if (!f->has_audio)
		return PAIR_NO_AUDIO;
	/* Who trusts it already was asked then. */
	if (!f->has_input || f->was_trusted)
		return PAIR_YES;
	return f->can_ask ? PAIR_ASK : PAIR_NO_INPUT;
}

bool pair_may_be_named(const struct pair_facts *f)
{
	/* Services that were never read to the end say neither. */
	return f->was_paired && f->by_name && is_meant(f) && (f->has_profile || !f->has_other);
}

enum pair_undo pair_undo(const struct pair_facts *f, bool done)
{
	if (f->chosen && done)
		return PAIR_KEEP;
	if (!f->was_paired)
		return PAIR_FORGET;
	return f->chosen && !f->was_trusted ? PAIR_UNTRUST : PAIR_KEEP;
}

struct pair_mend pair_mend(const struct pair_change *change, const struct pair_mode *is)
{
	const struct pair_mode *was = &change->was;
	/* Whoever has set another limit since has thought about the mode, too. */
	bool discoverable = change->discoverable && is->discoverable_sec == change->limit_sec;
	bool pairable = is->pairable_sec == change->limit_sec;

	return (struct pair_mend) {
		.discoverable = discoverable && is->discoverable != was->discoverable,
		.pairable = pairable && is->pairable != was->pairable,
		.discoverable_sec = discoverable && was->discoverable_sec != is->discoverable_sec,
		.pairable_sec = pairable && was->pairable_sec != is->pairable_sec,
	};
}
