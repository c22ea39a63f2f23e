/* Translations of what people read */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_I18N_H
#define BLUEZ_COMBINE_I18N_H

/*
 * What is for people is translated; what is for programs is not: JSON, the words of
 * the metadata, names of options, logs of PipeWire.
 */

#ifdef ENABLE_NLS
#include <libintl.h>
#define _(text)			gettext(text)
#define ngettext_(one, many, n)	ngettext(one, many, n)
#else
#define _(text)			(text)
#define ngettext_(one, many, n)	((n) == 1 ? (one) : (many))
#endif
/** For tables: found by xgettext here, translated by _() where it is printed */
#define N_(text)		(text)

/** Take the language from the environment. Once, at the start. */
void i18n_init(void);

/**
 * The word \a word of the metadata as people shall read it. It is found among those that
 * the module writes: what another program made up stays what it is.
 */
const char *i18n_word(const char *word);

#endif /* BLUEZ_COMBINE_I18N_H */
