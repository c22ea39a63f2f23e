/* Keys, each as it is pressed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ADJUST_KEYS_H
#define BLUEZ_COMBINE_ADJUST_KEYS_H

#include <stdbool.h>
#include <termios.h>

enum key {
	KEY_NONE,			/**< not whole yet, or none that means anything */
	KEY_LEFT, KEY_RIGHT, KEY_DOWN, KEY_UP,
	KEY_MINUS, KEY_PLUS,
	KEY_ENTER,
	KEY_QUIT,			/**< Esc, q, or the end of the input */
};

/** What has come of a key that is more than one byte. Zeroed: nothing. */
struct keys {
	enum { KEYS_NOTHING, KEYS_ESCAPE, KEYS_SEQUENCE } state;
};

/** The next byte that was typed. Pure. */
enum key keys_feed(struct keys *keys, char byte);

/** Nothing has come for a while: an Esc that nothing followed is that key. Pure. */
enum key keys_pause(struct keys *keys);

/** Does something wait for what follows? */
static inline bool keys_waits(const struct keys *keys)
{
	return keys->state != KEYS_NOTHING;
}

/** Have standard input give each key as it is pressed, and show none; \a before takes how it was. False if it is no terminal. */
bool keys_begin(struct termios *before);
void keys_end(const struct termios *before);

#endif /* BLUEZ_COMBINE_ADJUST_KEYS_H */
