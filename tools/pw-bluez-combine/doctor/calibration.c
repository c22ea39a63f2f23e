/* The doctor command: does anybody know how late each speaker is heard? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "cli/i18n.h"
#include "doctor/doctor.h"

static const struct fact_speaker *speaker_of(const struct facts *f, guint i)
{
	return f->speakers->pdata[i];
}

static bool is_stale(const struct fact_speaker *s)
{
	return g_str_equal(s->basis, "stale");
}

/* Did nobody listen to it, neither a program nor the user? */
static bool is_unheard(const struct facts *f, const struct fact_speaker *s)
{
	return !g_str_equal(s->basis, "calibrated") && !g_str_equal(s->basis, "tracking") && !is_stale(s) && !s->by_hand &&
		!g_hash_table_contains(f->corrected, s->address);
}

/* Both tell what they are: of the same model they are late by the same, and in step as they are */
static bool differ(const struct fact_speaker *a, const struct fact_speaker *b)
{
	return a->model && b->model && !g_str_equal(a->model, b->model);
}

/* That it tells nothing is known from BlueZ, and has a check of its own */
static bool is_told_otherwise(const struct facts *f, const struct fact_speaker *s)
{
	guint i;

	for (i = 0; i < f->devices->len; i++) {
		const struct fact_device *d = f->devices->pdata[i];

		if (d->plays && g_ascii_strcasecmp(d->address, s->address) == 0)
			return !d->reports;
	}
	return false;
}

/* The one that fits best; NULL: there is none, or only those of sandboxed programs */
static const struct fact_microphone *best_microphone(const struct facts *f)
{
	/* from what is easily mended on */
	static const enum microphone_doubt order[] = { MICROPHONE_FITS, MICROPHONE_MUTED, MICROPHONE_UNPLUGGED,
		MICROPHONE_PROCESSED, MICROPHONE_BLUETOOTH };
	size_t k;
	guint i;

	for (k = 0; k < G_N_ELEMENTS(order); k++)
		for (i = 0; i < f->microphones->len; i++)
			if (((struct fact_microphone *)f->microphones->pdata[i])->doubt == order[k])
				return f->microphones->pdata[i];
	return NULL;
}

static bool can_listen(const struct facts *f)
{
	const struct fact_microphone *m = best_microphone(f);

	return m && m->doubt == MICROPHONE_FITS;
}

char *facts_mend_latency(const struct facts *f, const char *address)
{
	if (can_listen(f))
		return g_strdup_printf(_("put the microphone (%s) where you listen: pw-bluez-combine calibrate"),
				best_microphone(f)->name);
	return g_strdup_printf(_("by ear: pw-bluez-combine adjust %s; or plug in a microphone: pw-bluez-combine calibrate"), address);
}

static const struct fact_speaker *find_other_model(const struct facts *f, const struct fact_speaker *than)
{
	guint i;

	for (i = 0; i < f->speakers->len; i++)
		if (differ(speaker_of(f, i), than))
			return speaker_of(f, i);
	return NULL;
}

/* Who is unheard, and out of step with another one for what is known: NULL if nobody is. \a other: the one of
 * another model, NULL if it is for what it does not report. */
static const struct fact_speaker *find_unheard(const struct facts *f, const struct fact_speaker **other)
{
	guint i;

	*other = NULL;
	for (i = 0; i < f->speakers->len && f->speakers->len > 1; i++) {
		const struct fact_speaker *s = speaker_of(f, i);

		if (!is_unheard(f, s))
			continue;
		if ((*other = find_other_model(f, s)) != NULL ||
		    (g_str_equal(s->basis, "assumed") && !is_told_otherwise(f, s)))
			return s;
	}
	return NULL;
}

static void calibration(struct doctor *d, const struct facts *f)
{
	const struct fact_speaker *other, *s = find_unheard(f, &other);
	g_autofree char *mend = s ? facts_mend_latency(f, s->address) : NULL;

	if (s && other)
		doctor_say(d, DOCTOR_WARNING, mend, _("%s and %s are different models, and how late each is heard was never "
				"measured: what speakers report is wrong by 50 ms and more"), s->name, other->name);
	else if (s)
		doctor_say(d, DOCTOR_WARNING, mend, _("the latency of %s is assumed, and was never measured"), s->name);
}

static void calibration_stale(struct doctor *d, const struct facts *f)
{
	guint i;

	for (i = 0; i < f->speakers->len; i++) {
		const struct fact_speaker *s = speaker_of(f, i);
		g_autofree char *mend = NULL;

		if (!is_stale(s))
			continue;
		mend = facts_mend_latency(f, s->address);
		if (g_str_equal(s->stale, "codec"))
			doctor_say(d, DOCTOR_WARNING, mend, _("%s was calibrated with another codec than %s, which it has now: each "
					"takes its own time"), s->name, s->codec);
		else if (g_str_equal(s->stale, "rate"))
			doctor_say(d, DOCTOR_WARNING, mend, _("%s was calibrated at another rate than %d Hz, which it has now: each "
					"takes its own time"), s->name, s->rate);
		else
			doctor_say(d, DOCTOR_WARNING, mend, _("%s reports another latency now than when it was calibrated: it may "
					"have been updated, or be in another mode"), s->name);
	}
}

static bool is_wanted(const struct facts *f)
{
	const struct fact_speaker *other;
	guint i;

	for (i = 0; i < f->speakers->len; i++)
		if (is_stale(speaker_of(f, i)))
			return true;
	return find_unheard(f, &other) != NULL;
}

/* What one can be heard by without is no fault */
static void microphone(struct doctor *d, const struct facts *f)
{
	const struct fact_microphone *m = best_microphone(f);

	if (!is_wanted(f) || can_listen(f))
		return;
	if (m == NULL)
		doctor_say(d, DOCTOR_WARNING, _("plug one in, such as a webcam; or do without: pw-bluez-combine adjust "
				"SPEAKER"), _("there is no microphone to listen to the speakers through"));
	else if (m->doubt == MICROPHONE_MUTED)
		doctor_say(d, DOCTOR_WARNING, _("switch it on in pavucontrol, Input Devices"), _("the microphone %s is muted"),
				m->name);
	else if (m->doubt == MICROPHONE_UNPLUGGED)
		doctor_say(d, DOCTOR_WARNING, _("plug one in"), _("nothing is plugged in at the microphone jack %s"), m->name);
	else if (m->doubt == MICROPHONE_PROCESSED)
		doctor_say(d, DOCTOR_WARNING, _("choose the microphone itself in pavucontrol; if it takes nothing out: "
				"pw-bluez-combine calibrate --microphone NAME"),
				_("%s is behind a filter, which may take out just what is to be heard"), m->name);
	else
		doctor_say(d, DOCTOR_WARNING, _("plug one in; or, if it belongs to none of the speakers: pw-bluez-combine "
				"calibrate --microphone NAME"),
				_("the only microphone, %s, is a Bluetooth headset's: while it is used, that plays no music"), m->name);
}

const struct check checks_of_calibration[] = {
	{ "calibration", N_("how late the speakers are heard was measured, or is the same"), NEEDS_PIPEWIRE, calibration },
	{ "calibration-stale", N_("calibrated speakers are as they were"), NEEDS_PIPEWIRE, calibration_stale },
	{ "microphone", N_("there is a microphone if one is needed"), NEEDS_PIPEWIRE, microphone },
	{ 0 },
};
