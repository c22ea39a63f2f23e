#!/bin/sh
# pw-bluez-combine test: what it plays where
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tool.sh"
# shellcheck disable=SC2034 # tool.sh uses it
COMMAND='test'
# plays TARGET ARGUMENT...: its stream is linked to TARGET meanwhile
plays() {
	target=$1
	shift
	"$AWAIT" link pw-bluez-combine.test "$target" &
	await=$!
	PIDS="$PIDS $await"
	"$TOOL" test "$@" && wait "$await"
}
# ends with this status
ends() { status=0; wait "$1" || status=$?; [ "$status" = "$2" ]; }

check 'a level above the loudest is named' tells 2 "'--level' = '1'" --level 1
check 'a time that is none is named' tells 2 "'--seconds' = '0'" --seconds 0
check 'noise and clicks do not go together' tells 2 'do not go together' --noise --clicks
check 'without a daemon it says so' tells 3 "can't connect"

two_sinks
start_pipewire pipewire
start_wireplumber
"$AWAIT" node speaker_b
check 'without a group it says so' tells 4 "no group 'default'"
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
"$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
"$AWAIT" metadata bluez-combine status.speaker_a '"state"' >/dev/null
"$AWAIT" metadata bluez-combine status.speaker_b '"state"' >/dev/null
"$AWAIT" metadata bluez-combine status '"members": 2' >/dev/null

check 'a speaker that nobody knows is told' tells 5 "pw-bluez-combine test: no speaker 'attic'" attic
check 'one speaker plays by itself' plays speaker_b 'speaker b' --seconds 1
check 'and says so' tells 0 'Speaker B alone: clicks' 'speaker b' --clicks --seconds 1
check 'all play through the sink' plays bluez_combine.default --noise --seconds 1
check 'clicks only are clicks only' tells 0 'clicks, left, both, right' --clicks --seconds 1
not_noise() { ! grep -q noise "$T/out"; }
check 'and no noise' not_noise

spawn test "$TOOL" test --seconds 30
check 'without a choice each speaker says who it is' logged test 'Speaker A alone: noise'
check 'one after the other' logged test 'Speaker B alone: noise'
check 'and then all together' logged test 'All speakers: clicks'
kill -INT "$PID"
check 'an interrupt ends it, as it ends any program' ends "$PID" 130
check 'and its stream' "$AWAIT" gone pw-bluez-combine.test

pw-metadata -n bluez-combine 0 member.speaker_b '{ "include": false }' Spa:String:JSON >/dev/null
"$AWAIT" metadata bluez-combine status.speaker_b '"state": "gone"' >/dev/null
check 'a speaker that is left out does not play' tells 5 'left out' 'speaker b'
pw-metadata -n bluez-combine -d 0 status >/dev/null
check 'without a sink it says what to do' tells 4 'has no sink' --clicks

finish
