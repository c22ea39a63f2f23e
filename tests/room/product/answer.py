#!/usr/bin/env python3
"""Run a command on a terminal of its own, and answer it

usage: answer.py [TEXT ANSWER]... -- COMMAND...

Waits for each TEXT in what it prints and types its ANSWER, of which ^C is the
key. Prints all that was on the terminal and ends with the command's status; 124
if a TEXT has not come within 20 s.
"""
# SPDX-License-Identifier: MIT
import os
import pty
import select
import signal
import sys
import time


def main():
    split = sys.argv.index("--")
    steps = list(zip(sys.argv[1:split:2], sys.argv[2:split:2]))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
    seen, searched, late = "", 0, False
    end = time.monotonic() + 20
    while True:
        if select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # the terminal is closed: the command has ended
                break
            if not data:
                break
            seen += data.decode("utf-8", "replace")
        elif not late:
            late = True
            end += 5
            os.kill(pid, signal.SIGTERM)
        else:
            os.kill(pid, signal.SIGKILL)
            break
        while steps and seen.find(steps[0][0], searched) >= 0:
            text, answer = steps.pop(0)
            searched = seen.find(text, searched) + len(text)
            os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
            end = time.monotonic() + 20
    status = os.waitpid(pid, 0)[1]
    print(seen)
    if late:
        sys.exit(124)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
