#!/bin/sh
# Members by rules and by metadata, as they come, change and go
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
start_pipewire pipewire
start_wireplumber
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = [ ] }"
"$AWAIT" node bluez_combine.default
"$AWAIT" metadata bluez-combine status >/dev/null

out_a=bluez_combine.default.output.speaker_a
out_b=bluez_combine.default.output.speaker_b
meta() { pw-metadata -n bluez-combine 0 "$@" >/dev/null; }

check 'without a rule nobody is a member' "$AWAIT" gone $out_a
meta member.speaker_a '{ "target": "speaker_a" }' Spa:String:JSON
check 'the metadata makes a member' "$AWAIT" link $out_a speaker_a
meta member.speaker_b '{ "include": true, "role": "right", "trim.msec": 5 }' Spa:String:JSON
check 'a member by include needs no target' "$AWAIT" link $out_b speaker_b
check 'its role and trim are in the status' "$AWAIT" metadata bluez-combine \
	status.speaker_b '"role": "right", "gain": 1.000000, "trim.nsec": 5000000'
serial() { pw-cli info $out_a | sed -n 's/.*object.serial = //p'; }
before=$(serial)

# Whoever records from an output gets what its speaker would
spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
player=$PID
state_of_a() { "$AWAIT" metadata bluez-combine status.speaker_a "\"state\": \"$1\""; }
check 'a member that is linked to its speaker plays' state_of_a playing
link_of_a() {
	for channel in FL FR; do
		pw-link ${1:+"$1"} "$out_a:output_$channel" "$2:playback_$channel"
	done
}
link_of_a '' speaker_b
link_of_a -d speaker_a
check 'one that is linked to another sink only does not' state_of_a idle
link_of_a '' speaker_a
check 'and does again once it is linked to its own' state_of_a playing
link_of_a -d speaker_b
stop "$player"

meta member.speaker_a '{ "gain": 0.5 }' Spa:String:JSON
check 'a change that names no target is applied' "$AWAIT" metadata bluez-combine \
	status.speaker_a '"gain": 0.500000'
same() { [ -n "$before" ] && [ "$(serial)" = "$before" ]; }
check 'and the member keeps its stream' same
meta member.speaker_a '{ "target": "speaker_a", "include": false }' Spa:String:JSON
check 'a member that is excluded goes' "$AWAIT" gone $out_a
check 'and the other stays' "$AWAIT" link $out_b speaker_b
meta member.speaker_a '{ "target": "elsewhere" }' Spa:String:JSON
check 'a target that is not there is nobody' "$AWAIT" gone $out_a
meta -d member.speaker_b
check 'clearing a member removes it' "$AWAIT" gone $out_b

# Field by field
meta member.speaker_a '{ "target": "speaker_a", "role": "left", "gain": 0.5 }' Spa:String:JSON
meta member.speaker_a '{ "role": "centre", "gain": 0.25, "colour": { "a": [ 1 ] } }' Spa:String:JSON
check 'of a broken field what it was stays, and the others are applied' "$AWAIT" metadata bluez-combine \
	status.speaker_a '"role": "left", "gain": 0.250000'
meta member.speaker_a '{ "gain": null, "role": "mono" }' Spa:String:JSON
check 'a field that is not said any more is as without it' "$AWAIT" metadata bluez-combine \
	status.speaker_a '"role": "mono", "gain": 1.000000'

meta member.speaker_c '{ "target": "speaker_c" }' Spa:String:JSON
spawn late pw-cli -m create-node adapter '{ factory.name = support.null-audio-sink node.name = speaker_c
	media.class = Audio/Sink audio.position = [ FL FR ] }'
late=$PID
check 'a speaker that comes later joins' "$AWAIT" link bluez_combine.default.output.speaker_c speaker_c
stop "$late"
check 'and leaves with its node' "$AWAIT" gone bluez_combine.default.output.speaker_c

finish
