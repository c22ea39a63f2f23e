#!/bin/sh
# pw-bluez-combine among the daemons, while an Echo plays; on the room's clock, where nobody is late
# SPDX-License-Identifier: MIT
#
# test-tool.sh ROOM TOOL: runs itself inside the room
set -eu

if [ $# = 2 ]; then
	exec "$1" with --clock room -- "$0" inside "$1" "$2"
fi
# shellcheck source=tests/room/product/inside.sh
. "$(dirname "$0")/inside.sh"

# says TEXT ARGUMENT...: the tool is content, and says it within a few seconds
says() {
	text=$1
	shift
	tries=0
	until "$TOOL" "$@" >"$out" 2>&1 && grep -F -q -e "$text" "$out"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || return 1
		sleep 0.1
	done
}

kitchen=AA:BB:CC:00:00:01
check 'all three speakers play' says '3 of 3 speakers' status
check 'the latencies of the speakers are those that they report' says "$kitchen  playing  reported        64.9" status
check 'status says whose music the group plays' says '  plays: Echo Dot' status
check 'an offset is the port'\''s, and taken at once' says 'offset       0.0 ms -> 25.0 ms, it sounded late' \
	speaker kitchen --offset 25
check 'the group counts the offset of the port' says "$kitchen  playing  reported        89.9" status
check 'an offset of 0 ms takes away the one before' says 'offset       25.0 ms -> 0.0 ms' speaker kitchen --offset 0
refuses() {
	text=$1
	shift
	"$TOOL" "$@" >"$out" 2>&1 && return 1
	[ $? = 2 ] && grep -F -q -e "$text" "$out"
}
check 'an offset of less than it reports is refused, with the range' refuses "$kitchen reports 64.9 ms" \
	speaker kitchen --role right --offset -400
check 'the range of an offset that is refused is told' grep -F -q -e 'its offset can be -64.8 to 2000 ms' "$out"
unchanged() { "$TOOL" speaker kitchen >"$out" && grep -F -q 'role         stereo' "$out" && ! grep -F -q right "$out"; }
check 'a command whose offset is refused changes nothing else' unchanged
check 'all that it reports can be taken away' says 'offset       0.0 ms -> -64.8 ms' speaker kitchen --offset -64.8
check 'the group counts an offset that takes away all that a speaker reports' says "$kitchen  playing  reported         0.1" status
check 'the range of an offset does not move with the offset' refuses 'its offset can be -64.8 to' speaker kitchen --offset -65
check 'an offset is taken back' says '-> 0.0 ms' speaker kitchen --offset 0
check 'a role and a gain go through the policy' says 'role         stereo -> left' speaker kitchen --role left --gain -6dB
check 'the group has the role and the gain' says 'left    -6.0 dB' status
check 'a speaker is left out' says '(AA:BB:CC:00:00:03): playing -> left out' speaker bedroom --exclude
check 'a speaker that is left out does not play' says '2 of 2 speakers' status
check 'a speaker that was left out is taken in again' says '(AA:BB:CC:00:00:03): left out -> ' speaker 00:03 --include
check 'a speaker that is taken in again plays' says '3 of 3 speakers' status
check 'a reset goes through the policy' says 'role         left -> stereo' speaker kitchen --reset
# By ear. presses [TEXT KEYS]... -- ARGUMENT...: its status is the command's
presses() { "$(dirname "$0")/press.py" "$@" >"$out" 2>&1; }
exits() { expected=$1; shift; status=0; "$@" || status=$?; [ $status = "$expected" ]; }
first='as it was: its offset is'
keeps() { presses "$first" '>>>A' '13 ms later: its offset is then -13.0 ms' '$' -- "$TOOL" adjust kitchen --music; }
delay() { says "        $1" speaker kitchen; }
check 'keys move a speaker, and Enter keeps it' exits 0 keeps
check 'what is kept is told' grep -F -q -e 'offset 0.0 ms -> -13.0 ms' "$out"
check 'it is the offset of its port, and the delay has it' says 'latency      51.9 ms, reported' speaker kitchen
check 'it is later by as much' delay '198.1 ms'
by_hand() { pw-metadata -n bluez-combine 0 "calibration.$kitchen" | grep -F -q -e '"by": "hand"'; }
check 'it stands on record as a word of the user' by_hand
leaves() { presses "$first" "v" '10 ms earlier' "$1" -- "$TOOL" adjust kitchen --music; }
check 'Esc leaves it as it was' exits 0 leaves '^['
check 'and says so' grep -F -q -e 'offset -13.0 ms, as it was' "$out"
check 'Ctrl-C ends it as it ends any program, with the terminal as before' exits 130 leaves '^C'
quits() { presses "$first" "^\\" '' q -- "$TOOL" adjust kitchen --music; }
check 'Ctrl-\ does not end it, which would leave the terminal as it is' exits 0 quits
meanwhile() {
	presses "$first" '>' '1 ms later' "|'$TOOL' speaker kitchen --offset -3; sleep 0.5" '' '$' -- "$TOOL" adjust kitchen --music
}
check 'an offset that somebody has set meanwhile' exits 1 meanwhile
check 'is told' grep -F -q -e 'somebody has changed the offset' "$out"
check 'and stays' says 'offset       -3.0 ms' speaker kitchen
check 'it is set as before' says '-> -13.0 ms' speaker kitchen --offset -13
# As it is kept: who has the lease is taken from the module's answer
taken="$out.taken"
loses() {
	presses "$first" '>' '1 ms later' '$' '' "|pw-metadata -n bluez-combine 0 lease.taken >'$taken'
		pw-metadata -n bluez-combine -d \"\$(sed -n 's/.*\"client\": \([0-9]*\),.*/\1/p' '$taken')\" lease" \
		-- "$TOOL" adjust kitchen --music
}
check 'its lease ends while it keeps' exits 0 loses
check 'which it had' grep -F -q -e '"client"' "$taken"
check 'and it is kept all the same' grep -F -q -e 'offset -13.0 ms -> -14.0 ms' "$out"
check 'which is so' says 'offset       -14.0 ms' speaker kitchen
check 'and is taken back' says '-> -13.0 ms' speaker kitchen --offset -13
check 'killed it leaves nothing moved' exits 137 leaves '!'
check 'the speaker is where it was' delay '198.1 ms'
nothing_left() { ! pw-metadata -n bluez-combine | grep -F -q -e "key:'lease'" -e "key:'lease.taken'"; }
soon() { for _ in $(seq 50); do "$@" && return; sleep 0.1; done; return 1; }
check 'and nothing that it wrote stands there' soon nothing_left
clicks() { presses "$first" q -- "$TOOL" adjust kitchen; }
check 'without --music it clicks, and says that music plays' exits 0 clicks
check 'Music is playing' grep -F -q -e 'Music is playing: pause it, or' "$out"
check 'without a terminal it is moved by what is said' says 'offset -13.0 ms -> 0.0 ms' adjust kitchen --by -13
check 'and no further than it can be' refuses 'can be moved by 64.9 ms' adjust kitchen --by 65
no_terminal() { refuses 'this is no terminal' adjust kitchen </dev/null; }
check 'without a terminal and without that it says what to do' no_terminal
check 'it is in its place again' delay '185.1 ms'

# What was found by ear, and whether it still holds. found CODEC RATE REPORT
found() {
	pw-metadata -n bluez-combine 0 "calibration.$kitchen" "{ \"records\": [ { \"codec\": \"$1\", \"rate\": $2,
		\"offset.msec\": 0, \"report.nsec\": $3, \"by\": \"ear\", \"at\": 1790000000 } ] }" Spa:String:JSON >/dev/null
}
basis() { says "\"basis\": $1" status --json; }
found sbc 48000 64854166
check 'a speaker whose offset was measured like this is calibrated' basis '"calibrated", "calibrated.at": 1790000000'
found sbc 48000 74854166
check 'and stale if it reported another latency then' basis '"stale", "stale": "report"'
found sbc 44100 64854166
check 'or had another rate' basis '"stale", "stale": "rate"'
found aac 48000 64854166
check 'or another codec' basis '"stale", "stale": "codec"'
check 'which status tells' says 'with another codec or rate, or it reports another latency now' status
pw-metadata -n bluez-combine -d 0 "calibration.$kitchen" >/dev/null

check 'a speaker plays the test by itself' says 'Bedroom alone: clicks' test bedroom --clicks --seconds 1
check 'all speakers play the test' says 'noise that wanders' test --noise --seconds 1

# fields PAGE COMMAND...: strict JSON on each line, and every name in it is on the page
fields() {
	page=$(dirname "$0")/../../../docs/$1
	shift
	"$TOOL" "$@" >"$out" || :
	python3 -c '
import json, re, sys
with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
names = set(re.findall(r"\x60([a-z0-9.-]+)\x60", text))
for line in re.findall(r"^\.(?:It )?Va (.*)$", text, re.M):
    names |= set(re.findall(r"[a-z0-9.-]+", line))
missing, lines = set(), 0
def walk(value):
    if isinstance(value, dict):
        missing.update(set(value) - names)
        value = list(value.values())
    if isinstance(value, list):
        for v in value:
            walk(v)
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        walk(json.loads(line))
        lines += 1
if missing:
    print("#", *sorted(missing), "not documented")
sys.exit(lines == 0 or bool(missing))' "$page" "$out"
}
adapter() { "$TOOL" status --json | grep -F -q -e '"address": "AA:BB:CC:00:00:01", "adapter": "hci0"'; }
check 'the JSON of status has the adapter' adapter
check 'every field of the JSON of status is in the reference' fields reference.md status --json
check 'every field of the JSON of doctor is in the manual page' fields pw-bluez-combine.1 doctor --json
check 'every field of the JSON of pair is in the manual page' fields pw-bluez-combine.1 pair --json --speaker --name kitchen

finish
