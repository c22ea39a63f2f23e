/* The microphone that is listened through */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CHOOSE_H
#define BLUEZ_COMBINE_CHOOSE_H

#include <stdint.h>

struct client;

struct chosen {
	uint32_t id;			/**< of its node */
	char *name;			/**< node.name; NULL: none is chosen */
	char *description;		/**< for people, fit to be shown */
};

/**
 * Choose one by the user's word, or the only one that can be used.
 *
 * \param command whose messages they are
 * \param wanted the user's word; NULL: none
 * Returns an exit code; stderr has the reason. chosen_finish() in both cases.
 */
int chosen_take(struct chosen *chosen, const struct client *client, const char *command, const char *wanted);

void chosen_finish(struct chosen *chosen);

#endif /* BLUEZ_COMBINE_CHOOSE_H */
