/* room with: any program in the room's world, while an Echo plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "stage/scene.h"

/* Longer than anybody has use for: a command that hangs is not to stay for ever */
#define COMMAND_LIMIT_MS	(3600 * 1000)

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

/* Its exit status as a shell tells it */
static int run_command(struct scene *sc, const char *const *command)
{
	struct process *p = stack_spawn_visible(&sc->stack, command);
	int res;

	if (p == NULL)
		return SCENE_COULD_NOT_RUN;
	/* its own time, if it is on the room's clock */
	stack_clock_set_fast(&sc->stack.clock, true);
	res = stack_wait(&sc->stack, has_ended, p, COMMAND_LIMIT_MS, "end of the command");
	if (!p->ended)
		return res == -EINTR ? 128 + SIGINT : SCENE_COULD_NOT_RUN;
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

int scene_with(const struct scene_options *o, const char *const *command)
{
	static const struct scene_type type = { .name = "with", .speakers = 3, .seconds = 60.0,
		.real = "the program keeps the machine's time" };
	struct stack_options so = { .system = o->module ? STACK_MODULE :
		o->peer ? STACK_PEER : STACK_POLICY, .own_clock = o->own_clock,
		.seed = o->seed };
	struct scene sc;
	int res;

	if ((res = scene_open(&sc, &type, o, &so, ".")) < 0 || (res = scene_demo_begin(&sc)) < 0) {
		if (res != -EINTR)
			stack_print_logs(&sc.stack);
		res = SCENE_COULD_NOT_RUN;
	} else {
		res = run_command(&sc, command);
	}
	scene_close(&sc);
	return res;
}
