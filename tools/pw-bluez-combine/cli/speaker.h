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

/** What its sink reports without the latency offset that it has, as far as that is known. At 0 an offset has taken all. */
struct report_int speaker_bare_latency(const struct report_speaker *speaker, int64_t offset_ns);

/** What the options say of member.<address>: returns which of its fields are to go (MEMBER_*). */
uint32_t speaker_wanted(struct member *wanted, const struct options *options);

/** It is connected and not left out, and the module does not say yet that it is here. */
bool speaker_is_coming(const struct report *report, const struct report_speaker *speaker);

/** What the module tells is half a second old: put in what is wanted instead. */
void speaker_take_wishes(struct report_speaker *speaker);

#endif /* BLUEZ_COMBINE_SPEAKER_H */
