#!/bin/sh
# The border between the main loop and the data loop, in a real host: whatever happens to the
# nodes of a group, the data loop uses nothing that the main loop has taken away
# SPDX-License-Identifier: MIT
#
# A sanitized build brings its sanitizer into the host: SANITIZER_RUNTIME.
set -eu
# shellcheck source=tests/module/lib.sh
. "$(dirname "$0")/lib.sh"

export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:halt_on_error=1:print_stacktrace=1"

two_sinks
start_pipewire pipewire
start_wireplumber
start_host host env LD_PRELOAD="${SANITIZER_RUNTIME:+$SANITIZER_RUNTIME }$BUILD_DIR/tests/module/libstream-watch.so"
start_player() { spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default; player=$PID; }
start_player

out=bluez_combine.default.output
alive() { running "$HOST" || { tail -n 60 "$T/host.log"; return 1; }; }
playing() {
	"$AWAIT" metadata bluez-combine status '"state": "playing"' && "$AWAIT" link $out.speaker_a speaker_a &&
		alive
}
again() { "$AWAIT" gone "$1" && "$AWAIT" node "$1"; }
# A session manager that has seen its target go need not link the player again
anew() { stop "$player"; start_player; playing; }
check 'the group plays' playing

# One that has ended is not waited for again and again
step() { alive && "$@"; }

for round in 1 2; do
	outputs() {
		pw-cli destroy $out.speaker_b && "$AWAIT" gone $out.speaker_b && alive
	}
	check "an output goes while the group plays ($round)" step outputs
	flapping() {
		for _ in 1 2 3; do
			pw-metadata -n bluez-combine 0 member.speaker_a '{ "include": false }' Spa:String:JSON
			"$AWAIT" gone $out.speaker_a
			pw-metadata -n bluez-combine 0 member.speaker_a '{ "include": true }' Spa:String:JSON
			"$AWAIT" link $out.speaker_a speaker_a
		done
		alive
	}
	check "a member comes and goes ($round)" step flapping
	driver() {
		pw-cli destroy bluez_combine.default.driver && logged host 'the driver of the group default is made again' &&
			anew
	}
	check "the driver goes ($round)" step driver
	sink() { pw-cli destroy bluez_combine.default && again bluez_combine.default && anew; }
	check "the sink goes ($round)" step sink
	manager() { stop "$WIREPLUMBER"; start_wireplumber; anew; }
	check "the session manager goes and comes back ($round)" step manager
done

ends_well() {
	kill "$HOST"
	wait "$HOST" || { status=$?; tail -n 60 "$T/host.log"; return $status; }
}
check 'the host ends while it plays, and has lost nothing' ends_well
watched() { grep -E 'stream-watch: [1-9][0-9]* uses, [1-9][0-9]* stops' "$T/host.log"; }
check 'all of that was seen' watched

finish
