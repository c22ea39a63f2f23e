#!/bin/sh
# What plays to the speaker that it names is not looked at again whenever some stream comes
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

use_policy "$SOURCE_DIR/wireplumber"
export WIREPLUMBER_DEBUG=2,s-linking:4
two_sinks
start_pipewire pipewire
start_wireplumber

serial_of() {
	pw-cli ls Node | awk -v name="\"$1\"" '/^\tid /{ serial = "" }
		$1 == "object.serial" { gsub("\"", "", $3); serial = $3 }
		$1 == "node.name" && $3 == name { print serial }'
}

# How often WirePlumber has looked for a target of a node
looked() { grep -c "find-defined-target.*: $1 (" "$T/wireplumber.log" || :; }

# output NAME TARGET PROPERTY...: a stream as the group's to a speaker
output() {
	props="{ node.name = $1 node.link-group = bluez_combine.other $3 }"
	spawn "$1" env PIPEWIRE_PROPS="$props" "$BUILD_DIR/tests/module/tone" "$2"
}

# A stream comes, and WirePlumber has looked at all
some_stream() {
	spawn other "$BUILD_DIR/tests/module/tone" speaker_b
	"$AWAIT" link tone speaker_b
	stop "$PID"
	logged wireplumber 'unhandling item'
}

until [ -n "$(serial_of speaker_a)" ]; do sleep 0.02; done
output stays "$(serial_of speaker_a)" 'node.dont-move = true'
STAYS=$PID
check "a group's output is linked to its speaker" "$AWAIT" link stays speaker_a
output movable "$(serial_of speaker_a)" ''
check 'and so is one that may be moved' "$AWAIT" link movable speaker_a
output by_name speaker_a 'node.dont-move = true'
check 'and one that names it otherwise' "$AWAIT" link by_name speaker_a

stays=$(looked stays) movable=$(looked movable) by_name=$(looked by_name)
check 'another stream comes and goes' some_stream
same() { [ "$(looked stays)" = "$stays" ] || { echo "$(looked stays) times, and $stays before"; return 1; }; }
more() { [ "$(looked "$1")" -gt "$2" ] || { echo "no more than $2 times"; return 1; }; }
check 'the output is not looked at for that' same
check 'but what may be moved is' more movable "$movable"
check 'and what names its target otherwise' more by_name "$by_name"
check 'it is still linked' "$AWAIT" link stays speaker_a
stop "$STAYS"
output stays "$(serial_of speaker_a)" 'node.dont-move = true'
check 'one that comes again is linked' "$AWAIT" link stays speaker_a
finish
