#!/usr/bin/env python3
"""Is there nothing in a program's output that a terminal acts on?

usage: harmless.py [--one-line TEXT] FILE...

UTF-8, and in it neither control characters (C0, DEL, C1), the ends of lines apart (a terminal
has CR LF), nor what changes the
direction or the lines of text. With --one-line no line begins with TEXT: nobody else has begun one.
"""
# SPDX-License-Identifier: MIT
import sys
import unicodedata

DIRECTION = set("\u061c\u200e\u200f\u2028\u2029\ufeff") | {chr(c) for c in (*range(0x202a, 0x202f), *range(0x2066, 0x206a))}

arguments = sys.argv[1:]
forged = None
if arguments[0] == "--one-line":
    forged, arguments = arguments[1], arguments[2:]
for path in arguments:
    with open(path, "rb") as file:
        data = file.read()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        sys.exit(f"{path}: no UTF-8: {error}\n{data!r}")
    for line in text.replace("\r\n", "\n").split("\n"):
        bad = [c for c in line if unicodedata.category(c) == "Cc" or c in DIRECTION]
        if bad:
            sys.exit(f"{path}: {bad!r} in {line!r}")
        if forged and line.lstrip().startswith(forged):
            sys.exit(f"{path}: somebody else's line: {line!r}")
