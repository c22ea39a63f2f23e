/* Configuration of the daemons */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_STACK_FILES_H
#define ROOM_STACK_FILES_H

#include "stage/stack.h"

#define PEER_SINK	"peer"
#define ANALOGUE_SINK	"alsa_output.test"

/** Write all configuration files into s->dir. 0 or -errno. */
int stack_write_files(const struct stack *s);
/** The environment of all processes, to be freed with g_strfreev(). */
char **stack_make_env(const struct stack *s);
/** Remove a folder and all that is in it. */
void stack_remove_tree(const char *dir);

#endif /* ROOM_STACK_FILES_H */
