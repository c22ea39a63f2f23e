/* Child processes that do not outlive us */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_PROCESS_H
#define ROOM_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	char *name;	/**< for messages and the log's name */
	char *log;	/**< path, takes stderr, and stdout unless that is a pipe */
	pid_t pid;	/**< 0: not running */
	int pidfd;	/**< readable when it has ended, -1: none */
	int out;	/**< read end of its stdout, -1: none */
	int status;	/**< as of waitpid(), valid when it has ended */
	bool ended;
};

enum process_flags {
	PROCESS_PIPE_OUT = 1 << 0,	/**< its stdout is ours to read */
	PROCESS_REALTIME = 1 << 1,	/**< at SCHED_FIFO, if we may */
	PROCESS_VISIBLE = 1 << 2,	/**< keeps our input and output, and our process group */
};

/**
 * Start argv[0] from PATH with the given environment. It gets SIGKILL when our
 * main thread dies, so start it from there, and a process group of its own, so
 * that a Ctrl-C reaches it through us only.
 * \param dir where <name>.log goes
 * \return 0 or -errno
 */
int process_start(struct process *p, const char *name, const char *dir,
		  const char *const *argv, char **env, int flags);
/** Has it ended? Collects it then. */
bool process_ended(struct process *p);
/** One line of its stdout, without the newline, to be freed. NULL on end or after \a ms. */
char *process_read_line(struct process *p, int ms);
void process_signal(struct process *p, int sig);
/** SIGTERM, after \a ms SIGKILL, and wait. A zeroed or ended one is fine. */
void process_stop(struct process *p, int ms);
void process_finish(struct process *p);
/** The last lines of its log to stderr. */
void process_print_tail(const struct process *p, int lines);

#endif /* ROOM_PROCESS_H */
