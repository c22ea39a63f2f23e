/* What the user wants of one speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_SPEAKER_H
#define BLUEZ_COMBINE_SPEAKER_H

#include "cli/options.h"
#include "client/report.h"

/**
 * The speaker that \a wanted names: its address, its name, or a part of either that no
 * other has; capitals do not matter. Says on stderr what is wrong and returns NULL if there
 * is none, or more than one; \a command is who asks.
 */
const struct report_speaker *speaker_find(const struct report *report, const char *wanted, const char *command);

/**
 * The new value of member.<address>: \a member, its present one or NULL, with what the
 * options change. To be freed; NULL if there is no memory.
 */
char *speaker_member_json(const char *member, const struct options *options);

/** Does member.<address> say what the options want? */
bool speaker_member_is(const char *member, const struct options *options);

/** It is connected and not left out, and the module does not say yet that it is here. */
bool speaker_is_coming(const struct report *report, const struct report_speaker *speaker);

/** What the module tells is half a second old: put in what is wanted instead. */
void speaker_take_wishes(struct report_speaker *speaker);

#endif /* BLUEZ_COMBINE_SPEAKER_H */
