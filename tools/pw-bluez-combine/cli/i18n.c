/* Translations of what people read */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <locale.h>
#include <stdlib.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "cli/i18n.h"

void i18n_init(void)
{
#ifdef ENABLE_NLS
	const char *dir = getenv("TEXTDOMAINDIR");

	setlocale(LC_MESSAGES, "");
	bindtextdomain(GETTEXT_PACKAGE, dir && *dir ? dir : LOCALEDIR);
	textdomain(GETTEXT_PACKAGE);
#endif
}

static const char *const words[] = {
	/* TRANSLATORS: states of the group and of a speaker; columns of a table, so keep them short */
	N_("idle"),
	N_("starting"),
	N_("warm"),
	N_("playing"),
	N_("settling"),
	N_("unaligned"),
	N_("muted"),
	N_("gone"),
	N_("left out"),
	/* TRANSLATORS: what the latency rests on */
	N_("none"),
	N_("assumed"),
	N_("reported"),
	N_("remembered"),
	N_("corrected"),
	N_("calibrated"),
	N_("tracking"),
	N_("stale"),
	/* TRANSLATORS: whether a microphone follows a speaker */
	N_("learning"),
	N_("holding"),
	N_("lost"),
	/* TRANSLATORS: what a speaker plays */
	N_("stereo"),
	N_("left"),
	N_("right"),
	N_("mono"),
};

const char *i18n_word(const char *word)
{
	size_t i;

	for (i = 0; i < SPA_N_ELEMENTS(words); i++)
		if (spa_streq(words[i], word))
			return _(words[i]);
	return word;
}
