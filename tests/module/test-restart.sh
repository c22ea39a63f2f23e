#!/bin/sh
# The daemon goes away under the module and comes back
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
start_pipewire pipewire
start_wireplumber

linked() {
	"$AWAIT" link bluez_combine.default.output.speaker_a speaker_a &&
		"$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
}
alive() { kill -0 "$1"; }

start_host host
check 'the group is there' linked

for round in 1 2 3; do
	stop "$WIREPLUMBER"
	stop "$PIPEWIRE"
	check "its process outlives the daemon ($round)" alive "$HOST"
	start_pipewire "pipewire-$round"
	start_wireplumber
	check "the group comes back with the daemon ($round)" linked
done

# The metadata may be of another process, which goes and comes back
stop "$HOST"
cat >"$T/metadata.lua" <<'LUA'
metadata = ImplMetadata ("bluez-combine")
metadata:activate (Features.ALL, function (m, e) print (e or "made") end)
LUA
spawn owner wpexec "$T/metadata.lua"
owner=$PID
logged owner made
start_host host
check 'the group is there with the metadata of another process' linked
told() {
	"$AWAIT" metadata bluez-combine status.speaker_a '"state"' &&
		"$AWAIT" metadata bluez-combine status '"members": 2'
}
check 'it tells its status there' told
stop "$owner"
spawn owner-again wpexec "$T/metadata.lua"
check 'when that process comes back, everything is told again' told
check 'and nobody has left' linked

finish
