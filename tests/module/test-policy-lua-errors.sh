#!/bin/sh
# Lua errors of ours, in hooks, callbacks and while loading: WirePlumber and other audio go on
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

use_policy "$T/wireplumber"
export WIREPLUMBER_DEBUG=2
scripts="$T/wireplumber/scripts"

two_sinks
start_pipewire pipewire

# The policy as it is, to put one error into
anew() {
	rm -rf "$T/wireplumber"
	cp -r "$SOURCE_DIR/wireplumber" "$T/wireplumber"
}

# stage FILE PATTERN: an error after the lines that end with what matches
stage() {
	sed -i "s/$2\$/&\\nerror (\"staged\")/" "$1"
	grep -q staged "$1"
}

# Every hook fails as soon as it is run
anew
stage_hooks() {
	for file in "$scripts"/bluez-combine/*.lua; do
		case $file in
		*/create-metadata.lua) ! grep -q SimpleEventHook "$file" || return 1 ;;
		*) stage "$file" '^  execute = function (event)' || return 1 ;;
		esac
	done
}
check 'an error is staged in every hook' stage_hooks
cat >"$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d/20-always.conf" <<-'CONF'
wireplumber.settings = { bluez-combine.sink.lifetime = "always" }
CONF
start_wireplumber

# Of equal sinks either may be the default.
"$AWAIT" metadata bluez-combine status >/dev/null
pw-metadata 0 default.configured.audio.sink '{ "name": "speaker_b" }' Spa:String:JSON >/dev/null
"$AWAIT" metadata default default.audio.sink speaker_b >/dev/null
spawn other "$BUILD_DIR/tests/module/tone"
check 'a stream without a target goes to the default' "$AWAIT" link tone speaker_b
stop "$PID"
spawn named "$BUILD_DIR/tests/module/tone" speaker_a
check 'one with a target is linked to it' "$AWAIT" link tone speaker_a
id=$(pw-cli ls Node | awk '/^\tid /{ id = $2 } /node.name = "tone"/{ print id + 0 }')
pw-metadata "$id" target.object speaker_b Spa:String >/dev/null
check 'and moved by the user' "$AWAIT" link tone speaker_b
stop "$PID"
output='{ node.link-group = bluez_combine.other node.dont-move = true }'
spawn output env PIPEWIRE_PROPS="$output" "$BUILD_DIR/tests/module/tone" speaker_a
check "what is a group's output is linked, too" "$AWAIT" link tone speaker_a
stop "$PID"

for file in "$scripts"/bluez-combine/*.lua; do
	grep -q staged "$file" || continue
	name=$(basename "$file")
	check "the log names $name" logged wireplumber "$name\"]:$(grep -n staged "$file" | cut -d: -f1)"
done
check 'WirePlumber has not ended' kill -0 "$WIREPLUMBER"
stop "$WIREPLUMBER"

# goes_on FILE PATTERN: WirePlumber starts with one error staged, and links others
goes_on() {
	anew
	stage "$scripts/$1" "$2" || { echo "nothing like '$2' in $1"; return 1; }
	start_wireplumber
	spawn named "$BUILD_DIR/tests/module/tone" speaker_a
	res=0
	{ "$AWAIT" -t 20 link tone speaker_a && logged wireplumber staged &&
		kill -0 "$WIREPLUMBER"; } || res=1
	[ $res = 0 ] || cat "$T/wireplumber.log"
	stop "$PID"
	stop "$WIREPLUMBER"
	return $res
}
for file in "$SOURCE_DIR"/wireplumber/scripts/bluez-combine/*.lua "$SOURCE_DIR"/wireplumber/scripts/lib/*.lua; do
	name=${file#"$SOURCE_DIR"/wireplumber/scripts/}
	check "an error while $name is loaded" goes_on "$name" '^-- SPDX-License-Identifier: MIT'
done
metadata=bluez-combine/create-metadata.lua
check 'when the metadata object is looked for' goes_on $metadata 'installed", .*function (.*)'
check 'when it is activated' goes_on $metadata 'Features.ALL, .*function (.*)'
check 'and when it is used' goes_on $metadata '^local function use (.*)'
check 'in what is done when WirePlumber is idle' goes_on bluez-combine/find-source.lua 'idle_add (function ()'
for name in calibrations group inbox members saved sources store told; do
	check "in whatever is asked of $name" goes_on lib/bluez-combine-$name.lua '^function [a-z]*:.*(.*)'
done

finish
