/* What is asked of the module: who is heard, and who is moved */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "calibrate/calibrate.h"

/* Nobody is \a heard: PLAN_ALL */
static int ask(struct calibrate *c, bool solo, uint32_t heard, uint32_t *count)
{
	struct lease_speaker speakers[PLAN_SPEAKERS_MAX];
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		speakers[i] = (struct lease_speaker) {
			.address = c->speakers[i].address,
			.heard = i == heard,
			/* Who is named stands, whatever it reports meanwhile */
			.corrected = c->plan.speakers[i].place == PLAN_IN,
			.correction_ms = c->corrections_ms[i],
		};
	c->leased = false;
	return lease_set(&c->lease, solo, speakers, c->plan.n_speakers, count);
}

int ask_solo(struct calibrate *c, uint32_t speaker, uint32_t *count)
{
	return ask(c, true, speaker, count);
}

int ask_all(struct calibrate *c, uint32_t *count)
{
	return ask(c, false, PLAN_ALL, count);
}

int ask_nobody(struct calibrate *c)
{
	return ask(c, true, PLAN_ALL, NULL);
}
