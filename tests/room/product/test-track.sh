#!/bin/sh
# pw-bluez-combine track among the daemons: that it follows, ends in every way it should, and leaves nothing behind
# SPDX-License-Identifier: MIT
#
# test-track.sh ROOM TOOL: runs itself inside the room
set -eu

if [ $# = 2 ]; then
	exec "$1" with --wrong 100 --clock room --microphone "'distance.m': <2.0>, 't60.sec': <0.3>" \
		-- "$0" inside "$1" "$2"
fi
# shellcheck source=tests/room/product/inside.sh
. "$(dirname "$0")/inside.sh"
KITCHEN=AA:BB:CC:00:00:01
until_true_sec=60

begin() {
	: >"$out"
	"$TOOL" track "$@" >"$out" 2>&1 &
	pid=$!
}
ended() {
	status=0
	wait $pid || status=$?
}
# value FIELD: of the kitchen's status, in ns; nothing if it has none
value() { pw-metadata -n bluez-combine 0 "status.$KITCHEN" | grep -oE "\"$1\": -?[0-9]+" | grep -oE -- '-?[0-9]+$' | tail -n 1; }
# is FIELD NS: within 0.1 ms
is() {
	now=$(value "$1") || now=0
	echo "# $1 is $now" >>"$out.values"
	[ $((now - $2)) -lt 100000 ] && [ $((now - $2)) -gt -100000 ]
}
# far METRES: how far the microphone is from the kitchen
far() {
	room SetPath 1 $KITCHEN "{'distance.m': <$1>}"
}
has_sink() { "$TOOL" status | grep -F 'of 3 speakers'; }
followed() { [ "$(grep -c 'followed, to within' "$out")" -ge 3 ]; }
dithers() { pw-metadata -n bluez-combine 0 "status.$KITCHEN" | grep -q '"dither"'; }
still() { ! dithers; }
tracked() { pw-metadata -n bluez-combine | grep -q "key:'track'"; }

until_true has_sink
delay=$(value delay.nsec)

check 'once and always is no wish' exits 2 "$TOOL" track --once --service
check 'a microphone that is not there is told, with those that are' exits 2 "$TOOL" track --microphone attic
check 'of those one is the room'\''s' said room_microphone.1

begin
check 'each speaker moves to and fro in its own code' until_true dithers
# What it has open: sockets, memory, the output
files() {
	find "/proc/$pid/fd" -type l -exec readlink {} + | grep -v -e '^/dev/' -e '^/memfd:' -e '^socket:' -e '^pipe:' \
		-e '^anon_inode:' -e "^$out\$" >"$out.files"
	[ ! -s "$out.files" ]
}
check 'nothing of what is heard goes into a file' files
no_core() { grep -q '^Max core file size *1 *1 ' "/proc/$pid/limits"; }
check 'nor into one that is left by a crash' no_core
check 'all are followed' until_true followed
check 'who shows it can read it' tracked
check 'as they are heard is how they stay' is delay.nsec "$delay"

# The kitchen is heard 5 ms later from now on
far 3.715
check 'who is later is sent to earlier' until_true is tracked.nsec 5000000
check 'by as much' is delay.nsec $((delay - 5000000))
kill -INT $pid
ended
check 'Ctrl-C ends it' [ "$status" = 130 ]
check 'and the speakers stay' is tracked.nsec 5000000
check 'where they are' is delay.nsec $((delay - 5000000))
stored() { pw-metadata -n bluez-combine 0 "member.$KITCHEN" | grep -q 'correction.msec'; }
check 'of which nothing is stored' eval '! stored'
check 'nor to and fro' until_true still
check 'and nothing is told any more' eval '! tracked'

begin
until_true followed
far 2.8575
until_true is tracked.nsec 2500000

# Somebody else moves speakers. Which client says so is not looked at, if it is one; its lease ends
# after some seconds, and the room's are short
client=$(pw-cli ls Client | sed -n 's/.*id \([0-9]*\),.*/\1/p' | head -n 1)
refused() { pw-metadata -n bluez-combine 0 lease.refused | grep -q '"refused"'; }
takes() {
	for count in 1 2 3 4 5 6; do
		pw-metadata -n bluez-combine "$client" lease "{ \"count\": $count, \"correction.msec\": { } }" Spa:String:JSON >/dev/null
		sleep 0.3
		refused && return 1
	done
	return 0
}
check 'while another program has the lease it does not ask for it' takes
check 'but waits, and says so' said 'Another program'
pw-metadata -n bluez-combine -d "$client" lease >/dev/null
check 'and goes on afterwards' until_true dithers
kill -KILL $pid
ended
check 'killed it moves nobody to and fro any more' until_true still
check 'and who was moved stays there' is tracked.nsec 2500000

begin
until_true followed
pw-cli set-param room_microphone.1 Props '{ mute: true }' >/dev/null
ended
check 'a microphone that is muted ends it' [ "$status" = 1 ]
check 'which is said' said 'The microphone is muted'
pw-cli set-param room_microphone.1 Props '{ mute: false }' >/dev/null
begin --service
until_true said Listening
pw-cli set-param room_microphone.1 Props '{ mute: true }' >/dev/null
check 'as a service it waits for that to end' until_true said 'The microphone is muted'
pw-cli set-param room_microphone.1 Props '{ mute: false }' >/dev/null
check 'and goes on then' until_true followed
kill -TERM $pid
ended
check 'it ends when it is asked to' [ "$status" = 143 ]

check 'once is until all are followed' exits 0 "$TOOL" track --once
finish
