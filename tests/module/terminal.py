#!/usr/bin/env python3
# A program that redraws a terminal: does what it draws fit, before and after the window changes, and is
# the terminal as before when Ctrl-C ends it?
# SPDX-License-Identifier: MIT
#
# terminal.py COLUMNS ROWS TEXT COMMAND...: until TEXT is drawn; then with half of the columns
import fcntl, os, pty, re, select, signal, struct, sys, termios, time, unicodedata

LIMIT_S = 30.0
columns, rows, wanted, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]


def resize(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


def fail(why, frame):
    print(why)
    print(frame)
    sys.exit(1)


def frames(fd):
    """What was drawn, each time from the upper left corner on: (it was cleared before, text)"""
    data = b""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            data += os.read(fd, 65536)
        parts = data.split(b"\x1b[H")
        # the last one may not be whole yet: the erasing of the rest of the screen is its end
        while len(parts) > 1 and b"\x1b[J" in parts[1]:
            text = parts.pop(1).decode("utf-8")
            data = b"\x1b[H".join(parts)
            yield text.startswith("\x1b[2J"), re.sub(r"\x1b\[[0-9]*[KJ]", "", text)
    fail(f"not drawn within {LIMIT_S} s: {wanted}", data)


def check(frame, columns):
    lines = frame.split("\r\n")
    if len(lines) > rows:
        fail(f"{len(lines)} lines in {rows} rows", frame)
    for line in lines:
        if width(line) > columns:
            fail(f"{width(line)} columns in {columns}: {line}", frame)
        if any(unicodedata.category(c) == "Cc" for c in line):
            fail(f"a control character is drawn: {line!r}", frame)


master, slave = pty.openpty()
resize(slave, columns)
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)
    os.execvp(command[0], command)
try:
    for cleared, frame in frames(master):
        check(frame, columns)
        if wanted in frame:
            break
    print(frame)
    columns //= 2
    resize(slave, columns)
    for cleared, frame in frames(master):
        if cleared:
            break
    check(frame, columns)
    print(frame)
    os.write(master, b"\x03")
    _, status = os.waitpid(child, 0)
    child = None
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGINT:
        fail(f"Ctrl-C did not end it as a signal does: {status}", "")
    if termios.tcgetattr(slave) != before:
        fail("the terminal is not as it was", "")
finally:
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
