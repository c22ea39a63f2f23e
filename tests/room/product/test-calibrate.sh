#!/bin/sh
# pw-bluez-combine calibrate among the daemons: what it finds, and that it leaves nothing behind where it ends early
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
CLOCK=$(dirname "$2")/clock/room-clock

# until_true COMMAND...: it succeeds, by now or within 20 s
until_true() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.1
	done
}
# exits STATUS COMMAND...: with that, whatever it says
exits() {
	expected=$1 status=0
	shift
	"$@" >"$out" 2>&1 || status=$?
	[ $status = "$expected" ]
}
said() { grep -F -q -e "$1" "$out"; }
room() {
	method=$1
	shift
	gdbus call --system --dest org.bluez --object-path /org/bluez_combine/Room \
		--method "org.bluez_combine.Room1.$method" "$@" >/dev/null
}
# What a calibration changes, and nothing that changes by itself
changeable() {
	for speaker in kitchen living bedroom; do
		"$TOOL" speaker $speaker | grep -E '^  (offset|trim|gain|role|correction)'
	done
	pw-metadata -n bluez-combine | grep -oE "key:'(calibration|member|lease)[^']*' value:'[^']*'" || :
	# those of a stream are there once it has played
	pw-dump | grep -E '"(channelVolumes|mute|softVolumes)":' | grep -v -e '\[ \]' -e 'false' -e '\[ 1.000000[ ,1.0]* \]' || :
}
same() { changeable >"$out.now" && diff "$out.before" "$out.now" >"$out"; }
# within MS FIELD: of the JSON in the output
within() {
	python3 -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    value = json.load(file)[sys.argv[3]]
print("#", sys.argv[3], value)
sys.exit(abs(value) > float(sys.argv[2]))' "$out" "$@"
}
has_sink() { "$TOOL" status | grep -F 'of 3 speakers'; }

until_true has_sink
changeable >"$out.before"
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

# The room's time passes faster than this machine's: what it says tells how far it is
begin() {
	: >"$out"
	"$TOOL" calibrate "$@" >"$out" 2>&1 &
	pid=$!
}
# ended: with this status
ended() {
	status=0
	wait $pid || status=$?
}
# ends_after TEXT SECONDS SIGNAL: so long after it has said that
ends_after() {
	begin
	until_true said "$1"
	sleep "$2"
	kill -s "$3" $pid || return 1
	ended
	sleep 0.5
	same
}
check 'killed at its beginning it leaves nothing' ends_after '' 0 KILL
for text in 'All together' 'One after' 'Once more'; do
	check "killed after '$text' it leaves nothing" ends_after "$text" 0 KILL
	check 'and a moment later' ends_after "$text" 0.1 KILL
done
check 'nor does Ctrl-C' ends_after 'One after' 0 INT
check 'which it ends by' [ "$status" = 130 ]

# at TEXT COMMAND...: this happens when it has said that
at() {
	text=$1
	shift
	begin
	until_true said "$text"
	"$@" >/dev/null
	ended
}
# during COMMAND...: this happens while speakers play one after the other
during() { at 'One after' "$@"; }
during room SetMicrophone 1 "{'plugged': <false>}"
check 'without its microphone it ends' [ "$status" = 1 ]
check 'and says so' said 'nothing was changed'
sleep 0.5
check 'and changes nothing' same
room SetMicrophone 1 "{'plugged': <true>}"

deafen() {
	pw-link -I -l | awk '/pw-bluez-combine.listen/ { listens = 1; next } /^ *[0-9]+ +[^ |]/ { listens = 0 }
		listens && /\|<-/ { print $1 }' | while read -r link; do
		pw-link -d "$link"
	done
}
during deafen
check 'when nothing comes from the microphone any more it ends' [ "$status" = 1 ]
check 'and tells so' said 'nothing comes from the microphone any more'
sleep 0.5
check 'and changes nothing, either' same

during "$TOOL" speaker kitchen --offset 5
check 'an offset that somebody has set meanwhile is not overwritten' [ "$status" = 1 ]
check 'which is told' said 'somebody has changed the offset'
"$TOOL" speaker kitchen --offset 0 >/dev/null
sleep 0.5
# and nobody has ever said anything of it
pw-metadata -n bluez-combine -d 0 calibration.AA:BB:CC:00:00:01 >/dev/null
sleep 0.5
changeable >"$out.before"

during room Disconnect AA:BB:CC:00:00:02
check 'a speaker that leaves is named' said 'Living room has left'
check 'and the others go on' said 'Kept.'
room Connect AA:BB:CC:00:00:02
until_true has_sink
check 'what was kept is undone' exits 0 "$TOOL" calibrate --undo
sleep 1
check 'and nothing is left of it' same

written() { pw-metadata -n bluez-combine | grep -F '"by": "ear"'; }
gone() { ! kill -0 $pid; }
# as_written COMMAND...: this happens when the offsets have been written, and before it is sure of them: it stands still
# meanwhile
as_written() {
	begin
	until_true said 'Once more'
	# or that moment is over before anybody can look
	"$CLOCK" "$ROOM_CLOCK" real
	until written >/dev/null || gone 2>/dev/null; do :; done
	kill -s STOP $pid || :
	"$CLOCK" "$ROOM_CLOCK" fast
	"$@" >"$out.command"
	kill -s CONT $pid || :
	until_true gone || kill -s KILL $pid
	ended
}
hang_up() { kill -s HUP $pid; }
as_written hang_up
check 'a terminal that is closed ends it' [ "$status" = 129 ]
sleep 0.5
check 'and what was written goes back' same

# In the room time stands still with it: the offset is set, and the speaker does not follow yet
moves() { timeout 2 "$TOOL" speaker kitchen --offset 7 || :; }
as_written moves
check 'an offset that somebody sets last of all ends it' [ "$status" = 1 ]
offset() { "$TOOL" speaker "$1" >"$out.offset" && grep -F -q -e "offset       $2 ms" "$out.offset"; }
check 'that stays' until_true offset kitchen 7.0
check 'and the others go back' until_true offset living 0.0
"$TOOL" speaker kitchen --offset 0 >/dev/null
sleep 2

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

# It ends the group in this room: nothing can come after it
"$TOOL" calibrate --undo >"$out"
object=$(pw-cli ls Metadata | grep -B 4 -F '"bluez-combine"' | sed -n 's/.*id \([0-9]*\),.*/\1/p' | tail -n 1)
as_written pw-cli destroy "$object"
check 'when nobody is left who could undo what was written it ends' [ "$status" = 1 ]
check 'and says that this is not known' said 'whether the offsets were kept is not known'

finish
