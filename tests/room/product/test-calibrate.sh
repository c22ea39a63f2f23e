#!/bin/sh
# pw-bluez-combine calibrate among the daemons: what it finds, keeps, and waits for
# SPDX-License-Identifier: MIT
#
# test-calibrate.sh ROOM TOOL: runs itself inside the room
set -eu

if [ $# = 2 ]; then
	exec "$1" with --wrong 100 --clock room --quiet --microphone "'distance.m': <2.0>, 't60.sec': <0.3>" \
		-- "$0" inside "$1" "$2"
fi
# shellcheck source=tests/room/product/inside.sh
. "$(dirname "$0")/inside.sh"
# shellcheck source=tests/room/product/calibrate.sh
. "$(dirname "$0")/calibrate.sh"

echo=$(pw-metadata -n bluez-combine | grep -oE "key:'source\.[^']*" | cut -d. -f2)

check 'a dry run measures' exits 0 "$TOOL" calibrate --dry-run --json
check 'its proof is within 0.1 ms' within 0.1 after.msec
check 'before they were not' eval '! within 1 before.msec'
check 'it takes 20 s at most' within 20 seconds
check 'it changes nothing' same

check 'a microphone that is not there is told, with those that are' exits 2 "$TOOL" calibrate --microphone attic
check 'of those one is the room'\''s' said room_microphone.1
check 'a distance is needed of all' exits 2 "$TOOL" calibrate --distance kitchen=2
check 'and has to be one' exits 2 "$TOOL" calibrate --distance kitchen=far
check 'what goes back measures nothing' exits 2 "$TOOL" calibrate --undo --dry-run
reasons() {
	python3 -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    speakers = json.load(file)["speakers"]
sys.exit({s["reason"] for s in speakers} != {sys.argv[2]})' "$out" "$1"
}
room SetMicrophone 1 "{'noise.db': <0.0>}"
check 'a microphone that clips whatever is played hears nobody' exits 1 "$TOOL" calibrate --json
check 'which is said of each' reasons clipped
room SetMicrophone 1 "{'noise.db': <-80.0>}"

room AddMicrophone other '{}'
several() { exits 2 "$TOOL" calibrate && said 'several microphones'; }
until_true several
check 'of several microphones the user has to name one' said room_microphone.other
room SetMicrophone other "{'plugged': <false>}"

# One that is no Bluetooth speaker has no port, and so no offset
pw-cli create-node adapter '{ factory.name = support.null-audio-sink media.class = Audio/Sink node.name = card
	node.description = Card audio.position = [ FL FR ] object.linger = true }' >/dev/null
pw-metadata -n bluez-combine 0 member.card '{ "target": "card", "include": true }' Spa:String:JSON >/dev/null
has_card() { "$TOOL" status | grep -F 'of 4 speakers'; }
until_true has_card
check 'of a member without a port' exits 1 "$TOOL" calibrate
check 'that is told' said 'Card has no latency offset that could be set, and is left as it is'
check 'and the others are calibrated' said 'Kept.'
check 'as is told to programs' exits 0 "$TOOL" calibrate --dry-run --json
check 'with the reason' said '"name": "Card", "reason": "no-offset"'
check 'the others are in place' within 0.1 before.msec
pw-metadata -n bluez-combine -d 0 member.card >/dev/null
pw-cli destroy card >/dev/null
until_true has_sink

# Whatever becomes of it: all is kept, and right, or nothing
all_or_nothing() {
	if [ "$status" = 0 ]; then
		said 'Kept.' && exits 0 "$TOOL" calibrate --dry-run --json && within 0.1 before.msec
	else
		said 'nothing was changed' && same
	fi
}
force() { pw-metadata -n settings 0 "clock.force-$1" "$2" >/dev/null; }
for forced in 'quantum 512' 'rate 44100'; do
	"$TOOL" calibrate --undo >"$out"
	sleep 1
	changeable >"$out.before"
	# shellcheck disable=SC2086 # words
	during force $forced
	check "another ${forced% *} of the graph meanwhile does no harm" all_or_nothing
	force "${forced% *}" 0
	until_true has_sink
done

"$TOOL" speaker bedroom --trim 20 --gain -20dB >/dev/null
"$TOOL" speaker kitchen --role left >/dev/null
check 'speakers with a role, a gain and a trim are calibrated' exits 0 "$TOOL" calibrate --json
check 'within 0.1 ms of where they are wanted' within 0.1 after.msec
calibrated() { "$TOOL" status >"$out" && [ "$(grep -c calibrated "$out")" = 3 ]; }
check 'status says so' until_true calibrated
trim() { "$TOOL" speaker bedroom >"$out" && said 'trim         20.0 ms'; }
check 'the trim stays' trim

interlude() {
	room Play "$echo"
	until_true said 'Echo Dot plays'
	sleep 0.5
	room Pause "$echo"
}
during interlude
check 'music that begins meanwhile is let play' said 'Echo Dot plays'
check 'and when it has paused this goes on' [ "$status" = 0 ]

# Many an Echo's stream goes on when its music is over
python3 -c '
import sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setparams((2, 2, 44100, 0, "NONE", "none"))
    file.writeframes(bytes(4 * 44100))' "$out.wav"
quiet=EC:00:00:00:00:CC
room AddEcho $quiet "{'name': <'Quiet Echo'>, 'wav': <'$out.wav'>, 'loop': <true>}"
room Connect $quiet
room Play $quiet
is_silent() { "$TOOL" status | grep -q 'plays: Quiet Echo' && "$TOOL" status | grep -q ': warm,'; }
check 'a stream that brings silence' until_true is_silent
check 'is not waited for' exits 0 "$TOOL" calibrate --wait 1
room Disconnect $quiet

# It may bring something later
python3 -c '
import random, sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", "none"))
    file.writeframes(bytes(2 * 12 * 8000) + random.randbytes(2 * 2 * 8000) + bytes(2 * 60 * 8000))' "$out.late.wav"
pw-cat -p --target bluez_combine.default "$out.late.wav" &
player=$!
plays() { "$TOOL" status | grep -q 'plays: pw-cat'; }
until_true plays
begin
ended
kill $player
check 'a stream that is silent at first, and plays then, is waited for' [ "$status" = 0 ]
# first TEXT THEN: in the output
first() { awk -v a="$1" -v b="$2" 'index($0, a) && !b_at { a_at = 1 } index($0, b) && a_at { b_at = 1 } END { exit !b_at }' "$out"; }
check 'by its name, when it does' first 'Listening' 'pw-cat plays'

# All are heard while it is waited, also where a round was broken off that had only one play
interrupt() {
	"$TOOL" speaker kitchen --trim 5
	until_true said 'interrupted'
	room Play "$echo"
	until_true said 'Echo Dot plays'
	sleep 0.5
	pw-metadata -n bluez-combine | grep "key:'lease'" >"$out.lease" || :
	room Pause "$echo"
}
not_solo() { ! grep -F '"solo"' "$out.lease"; }
during interrupt
check 'music that begins when a round was interrupted is played by all' not_solo
"$TOOL" speaker kitchen --trim 0 >/dev/null

at 'there and back' "$TOOL" speaker kitchen --trim 20
check 'a trim that changes meanwhile is kept apart from the offset' [ "$status" = 0 ]
check 'so that it is in place, with that trim' exits 0 "$TOOL" calibrate --dry-run --json
check 'from the beginning' within 0.1 before.msec
"$TOOL" speaker kitchen --trim 0 >/dev/null

# Distances are of speakers, not of places in a list that changes while it is waited. 34.3 m are 100 ms.
room Play "$echo"
echo_plays() { "$TOOL" status | grep -q 'plays: Echo Dot'; }
until_true echo_plays
begin --dry-run --json --distance kitchen=0 --distance living=34.3 --distance bedroom=0
sleep 1
room Disconnect AA:BB:CC:00:00:03
sleep 1
room Pause "$echo"
ended
check 'a distance goes with its speaker, whoever leaves' [ "$status" = 0 ]
check 'which is so much too early' eval '! within 90 before.msec'
room Play "$echo"
until_true echo_plays
begin --dry-run --distance kitchen=0 --distance living=34.3
until_true said 'Echo Dot plays'
room Connect AA:BB:CC:00:00:03
until_true has_sink
sleep 1
room Pause "$echo"
ended
check 'whoever comes meanwhile needs one, too' [ "$status" = 2 ]
check 'which is told, with its name' said 'the distance of Bedroom is missing'

room Play "$echo"
# until the group says so: before that it could be an Echo that brings silence
sleep 2
check 'music that plays is waited for, and no longer than that' exits 1 "$TOOL" calibrate --wait 2
check 'with the name of who plays' said 'Echo Dot plays'
room Pause "$echo"

finish
