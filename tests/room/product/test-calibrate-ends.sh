#!/bin/sh
# pw-bluez-combine calibrate among the daemons: where it ends early it leaves nothing behind
# SPDX-License-Identifier: MIT
#
# test-calibrate-ends.sh ROOM TOOL: runs itself inside the room
set -eu

if [ $# = 2 ]; then
	exec "$1" with --wrong 100 --clock room --quiet --microphone "'distance.m': <2.0>, 't60.sec': <0.3>" \
		-- "$0" inside "$1" "$2"
fi
# shellcheck source=tests/room/product/inside.sh
. "$(dirname "$0")/inside.sh"
# shellcheck source=tests/room/product/calibrate.sh
. "$(dirname "$0")/calibrate.sh"

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

# One that has left cannot be written back, but its record
leaves() {
	room Disconnect AA:BB:CC:00:00:02
	hang_up
}
as_written leaves
check 'a speaker that leaves when its offset was written, and then the terminal is closed' [ "$status" = 129 ]
check 'those that are there go back' until_true offset kitchen 0.0
no_record() { ! pw-metadata -n bluez-combine | grep 'calibration.AA:BB:CC:00:00:02' | grep -F '"by": "ear"'; }
check 'and no record of the other is left' until_true no_record
room Connect AA:BB:CC:00:00:02
until_true has_sink
"$TOOL" speaker living --offset 0 >/dev/null || :
sleep 2

# The sink is made again. All is kept then, or nothing
as_written pw-cli destroy bluez_combine.default
until_true has_sink
kept() { [ "$status" = 0 ] && said 'Kept.' && written >/dev/null; }
given_up() { [ "$status" = 1 ] && offset kitchen 0.0 && offset living 0.0 && ! written >/dev/null; }
all_or_nothing() { kept || given_up; }
check 'when the sink goes all is kept, or nothing' until_true all_or_nothing

# It ends the group in this room: nothing can come after it
object=$(pw-cli ls Metadata | grep -B 4 -F '"bluez-combine"' | sed -n 's/.*id \([0-9]*\),.*/\1/p' | tail -n 1)
as_written pw-cli destroy "$object"
check 'when nobody is left who could undo what was written it ends' [ "$status" = 1 ]
check 'and says that this is not known' said 'whether the offsets were kept is not known'

finish
