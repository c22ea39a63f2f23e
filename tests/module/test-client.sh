#!/bin/sh
# The client library by itself: a program that has nothing else of the tool
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

CLIENT="$BUILD_DIR/tests/module/client"

# says TEXT ARGUMENT...: it ends well, TEXT is in what it prints, and nothing is on stderr
says() {
	text=$1
	shift
	timeout 20 "$CLIENT" "$@" >"$T/out" 2>"$T/err" || return 1
	cat "$T/out"
	grep -F -q -e "$text" "$T/out" && [ ! -s "$T/err" ]
}
# ends CODE ARGUMENT...: it prints nothing at all
ends() {
	code=$1
	shift
	status=0
	"$CLIENT" "$@" >"$T/out" 2>&1 || status=$?
	cat "$T/out"
	[ "$status" = "$code" ] && [ ! -s "$T/out" ]
}

check 'without a daemon an error is returned, and nothing printed' ends 1 status default

two_sinks
start_pipewire pipewire
daemon=$PID
start_wireplumber
"$AWAIT" node speaker_b
check 'a group that is not there is missing' says 'group default missing' status default
check 'nothing can be set there: ENOENT' ends 2 set default speaker_a left 5
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
spawn other pw-cli -m load-module "$MODULE" "{ combine.group = kitchen stream.rules = [] }"
"$AWAIT" metadata bluez-combine status.speaker_a '"state"' >/dev/null
"$AWAIT" metadata bluez-combine.kitchen status '"state"' >/dev/null
check 'a group is told of' says 'group default found' status default
check 'and its speakers' says 'speaker speaker_b' status default
check 'all groups are read where none is named' says 'group kitchen found' status all
check 'the first of them, too' says 'group default found' status all
check 'a field is set, and told when it is so' says 'done' set default speaker_a left 5
check 'the module has done it' "$AWAIT" metadata bluez-combine status.speaker_a '"role": "left"'
check 'a field is cleared' says 'done' clear default speaker_a
check 'and the others stay' "$AWAIT" metadata bluez-combine member.speaker_a '"trim.msec": 5'

spawn stay "$CLIENT" stay
stays=$PID
for _ in $(seq 100); do grep -q here "$T/stay.log" && break; sleep 0.1; done
stop "$daemon"
wait "$stays"
check 'that the daemon has ended is told' grep -x 'lost Broken pipe' "$T/stay.log"

finish
