/* Keys, each as it is pressed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "adjust/keys.h"

static enum key plain(char byte)
{
	switch (byte) {
	case '-':
	case '_':
		return KEY_MINUS;
	case '+':
	case '=':			/* the same key without shift, on many keyboards */
		return KEY_PLUS;
	case '\r':
	case '\n':
		return KEY_ENTER;
	case 'q':
	case 'Q':
	case '\004':			/* ^D */
		return KEY_QUIT;
	}
	return KEY_NONE;
}

/* ECMA-48: parameters, then a byte from @ on */
static enum key sequence(struct keys *keys, char byte)
{
	static const enum key arrows[] = { KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT };

	if (byte < '@' && byte >= ' ')
		return KEY_NONE;
	keys->state = KEYS_NOTHING;
	return byte >= 'A' && byte <= 'D' ? arrows[byte - 'A'] : KEY_NONE;
}

enum key keys_feed(struct keys *keys, char byte)
{
	switch (keys->state) {
	case KEYS_SEQUENCE:
		return sequence(keys, byte);
	case KEYS_ESCAPE:
		keys->state = byte == '[' || byte == 'O' ? KEYS_SEQUENCE : KEYS_NOTHING;
		/* Another Esc, or a key with Alt: nobody who means to keep a value types that */
		return keys->state == KEYS_NOTHING ? KEY_QUIT : KEY_NONE;
	case KEYS_NOTHING:
		break;
	}
	if (byte != '\033')
		return plain(byte);
	keys->state = KEYS_ESCAPE;
	return KEY_NONE;
}

enum key keys_pause(struct keys *keys)
{
	enum key key = keys->state == KEYS_ESCAPE ? KEY_QUIT : KEY_NONE;

	keys->state = KEYS_NOTHING;
	return key;
}

bool keys_begin(struct termios *before)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	now = *before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	/* Stopped, or ended by ^\, it would lose what it has, and leave the terminal like this; ^C ends it */
	now.c_cc[VSUSP] = _POSIX_VDISABLE;
	now.c_cc[VQUIT] = _POSIX_VDISABLE;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

void keys_end(const struct termios *before)
{
	tcsetattr(STDIN_FILENO, TCSANOW, before);
}
