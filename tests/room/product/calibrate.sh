# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154 # those who source it use them, and have $out
# For tests of calibrate in a room that has a microphone, and speakers whose reports are wrong
# SPDX-License-Identifier: MIT
#
# Sourced after inside.sh, whose arguments are still there. The room's clock is $ROOM_CLOCK.

CLOCK=$(dirname "$2")/clock/room-clock

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

# The room's time passes faster than this machine's: what it says tells how far it is
begin() {
	: >"$out"
	"$TOOL" calibrate "$@" >"$out" 2>&1 &
	pid=$!
}
# ended: with this status
ended() {
	status=0
	wait "$pid" || status=$?
}
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

until_true has_sink
changeable >"$out.before"
