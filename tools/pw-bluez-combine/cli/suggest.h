/* What somebody may have meant by a word that is none */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SUGGEST_H
#define BLUEZ_COMBINE_SUGGEST_H

#include <stddef.h>

/** The nearest of words so far; zeroed at the start. */
struct suggest {
	const char *word;		/**< NULL: none is near */
	unsigned int distance;
};

/** Is \a word, which has to stay valid, nearer to \a typed than the nearest so far? */
void suggest_consider(struct suggest *suggest, const char *typed, const char *word);

/** Letters that are missing, too many, others, or in each other's place; capitals do not matter. */
unsigned int suggest_distance(const char *a, const char *b);

/** Say on stderr which word may be meant, after \a prefix; nothing if none is near. */
void suggest_print(const struct suggest *suggest, const char *prefix);

#endif /* BLUEZ_COMBINE_SUGGEST_H */
