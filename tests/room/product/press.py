#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a command on a terminal of its own, and press its keys

usage: press.py [TEXT KEYS]... -- COMMAND...

Waits for each TEXT in what it prints and presses its KEYS, in which ^C, ^[ (Esc), <
(left) > (right) v (down) A (up) $ (Enter) ^\\ are keys, ! kills it, and | begins a command that
is run meanwhile. Prints all that was on the
terminal and ends with the command's status; 124 if a TEXT has not come within 20 s, and
123 if the terminal is not as it was, unless it was killed.
"""
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

KEYS = {"<": b"\x1b[D", ">": b"\x1b[C", "v": b"\x1b[B", "A": b"\x1b[A", "$": b"\n"}


def press(pid, terminal, keys):
    if keys == "^C":
        os.write(terminal, b"\x03")
    elif keys == "^[":
        os.write(terminal, b"\x1b")
    elif keys == "^\\":
        os.write(terminal, b"\x1c")
    elif keys.startswith("|"):
        subprocess.run(keys[1:], shell=True, check=True)
    elif keys == "!":
        os.kill(pid, signal.SIGKILL)
    else:
        for key in keys:
            os.write(terminal, KEYS.get(key, key.encode()))


def login(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)


def main():
    split = sys.argv.index("--")
    steps = list(zip(sys.argv[1:split:2], sys.argv[2:split:2]))
    killed = bool(steps) and steps[-1][1] == "!"
    terminal, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.close(terminal)
        login(slave)
        os.environ["TERM"] = "xterm"
        os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
    seen, searched = "", 0
    end = time.monotonic() + 20
    status = None
    while status is None:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096).decode("utf-8", "replace")
            continue
        while steps and seen.find(steps[0][0], searched) >= 0:
            text, keys = steps.pop(0)
            searched = seen.find(text, searched) + len(text)
            press(pid, terminal, keys)
            end = time.monotonic() + 20
        done, ended = os.waitpid(pid, os.WNOHANG)
        if done:
            status = ended
        elif time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            print(seen)
            sys.exit(124)
    while select.select([terminal], [], [], 0)[0]:
        seen += os.read(terminal, 4096).decode("utf-8", "replace")
    print(seen.replace("\r\n", "\n").replace("\r", "\n"))
    if not killed and termios.tcgetattr(slave) != before:
        sys.exit(123)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
