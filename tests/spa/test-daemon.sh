#!/bin/sh
# Test: the fan-out node in a real daemon
# SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
# SPDX-License-Identifier: MIT
#
# usage: test-daemon.sh SPA-FOLDER     (the one that bluez-combine/ is in)
# A private daemon, no session manager; pw-cli and pw-link as a user has them.

set -eu

for program in pipewire pw-cli pw-link pw-dump; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done

dir=$(mktemp -d)
daemon=
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || :
	[ -z "$daemon" ] || wait "$daemon" 2>/dev/null || :
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

export XDG_RUNTIME_DIR="$dir" PIPEWIRE_RUNTIME_DIR="$dir" HOME="$dir" XDG_CONFIG_HOME="$dir" \
	XDG_STATE_HOME="$dir" DBUS_SESSION_BUS_ADDRESS="unix:path=$dir/none"
system=$(pkg-config --variable=plugindir libspa-0.2)
export SPA_PLUGIN_DIR="$1:$system"

cat > "$dir/pipewire.conf" <<'CONF'
context.properties = { core.daemon = true core.name = pipewire-0 support.dbus = false }
context.spa-libs = {
	audio.convert.* = audioconvert/libspa-audioconvert
	support.*       = support/libspa-support
}
context.modules = [
	{ name = libpipewire-module-protocol-native }
	{ name = libpipewire-module-access }
	{ name = libpipewire-module-spa-node-factory }
	{ name = libpipewire-module-client-node }
	{ name = libpipewire-module-adapter }
	{ name = libpipewire-module-link-factory }
	{ name = libpipewire-module-metadata }
]
context.objects = [
	{ factory = adapter args = {
		factory.name = support.null-audio-sink node.name = source-sink media.class = Audio/Sink
		audio.position = [ FL FR ] object.linger = true } }
	{ factory = adapter args = {
		factory.name = support.null-audio-sink node.name = target-sink media.class = Audio/Sink
		audio.position = [ FL FR ] object.linger = true } }
]
CONF

count=0
ok() { count=$((count + 1)); echo "ok $1"; }
fail() {
	echo "not ok $1"
	sed 's/^/# /' "$dir/log"
	exit 1
}
# Until the command succeeds; the limit is there to end a hang
await() {
	tries=200
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] && kill -0 "$daemon" || return 1
		sleep 0.05
	done
}
has_port() { pw-link -io | grep -qx "$1"; }
has_no_port() { ! has_port "$1"; }
has_link() { pw-link -l | grep -A4 -x "$1" | grep -q "$2"; }
dump() { pw-dump "$1" | grep -q "$2"; }
set_params() { pw-cli set-param fan Props "{ params = [ $1 ] }"; }

PIPEWIRE_DEBUG="2,spa.bluez-combine:4" pipewire -c "$dir/pipewire.conf" >"$dir/log" 2>&1 &
daemon=$!
await pw-cli info 0 || fail the_daemon_starts
# what a session manager does
for sink in source-sink target-sink; do
	pw-cli set-param "$sink" PortConfig '{ direction = Input mode = dsp monitor = true
		format = { mediaType = audio mediaSubtype = raw format = F32P
			rate = 48000 channels = 2 position = [ FL FR ] } }' >/dev/null
	await has_port "$sink:monitor_FR" || fail the_daemon_starts
done

pw-cli create-node spa-node-factory '{
	factory.name = audio.bluez-combine.fanout
	library.name = bluez-combine/libspa-bluez-combine
	node.name = fan object.linger = true fanout.outputs = 2 }' >/dev/null
await has_port fan:output_1_FR || fail the_node_is_created_by_hand
for port in input_FL input_FR output_0_FL; do
	has_port "fan:$port" || fail the_node_is_created_by_hand
done
ok the_node_is_created_by_hand

for channel in FL FR; do
	pw-link "source-sink:monitor_$channel" "fan:input_$channel" || fail it_is_linked_and_runs
	pw-link "fan:output_1_$channel" "target-sink:playback_$channel" || fail it_is_linked_and_runs
done
await dump fan '"state": "running"' || fail it_is_linked_and_runs
ok it_is_linked_and_runs

set_params '"fanout.outputs" 64' >/dev/null
await has_port fan:output_63_FR || fail outputs_are_added_while_it_runs
ok outputs_are_added_while_it_runs

set_params '"output.1.delay.nsec" 250000000 "output.1.gain" 0.5 "output.1.role" "mono"' >/dev/null
await dump fan '250000000' || fail params_read_back
dump fan '"mono"' || fail params_read_back
ok params_read_back

# what the target reports, and the delay
input_latency() {
	pw-dump | awk -v alias="\"port.alias\": \"$1\"" '
		/"type": "PipeWire/ { mine = input = 0 }
		index($0, alias) { mine = 1 }
		mine && /"direction": "Input"/ { input = 1 }
		mine && input && /"minNs":/ { sub(",", "", $2); print $2; exit }'
}
latency_is() { [ "$(input_latency "$1")" = "$2" ]; }
await latency_is source-sink:monitor_FL 250000000 || fail latency_reaches_the_source
ok latency_reaches_the_source

set_params '"output.1.gain" 2.0' >/dev/null 2>&1 || :
await grep -q 'spa.bluez-combine.*output.1.gain = 2: not a number from 0.0 to 1.0' "$dir/log" ||
	fail a_wrong_value_is_in_the_log_of_the_daemon
ok a_wrong_value_is_in_the_log_of_the_daemon

set_params '"fanout.outputs" 1' >/dev/null
await has_no_port fan:output_1_FL || fail linked_outputs_are_removed_while_it_runs
has_link fan:output_1_FL target-sink:playback_FL && fail linked_outputs_are_removed_while_it_runs
has_port fan:output_0_FL || fail linked_outputs_are_removed_while_it_runs
ok linked_outputs_are_removed_while_it_runs

pw-link fan:output_0_FL target-sink:playback_FL || fail what_is_left_still_plays
await dump fan '"state": "running"' || fail what_is_left_still_plays
ok what_is_left_still_plays

pw-cli destroy fan >/dev/null
await has_no_port fan:input_FL || fail the_node_goes_when_destroyed
kill -0 "$daemon" || fail the_node_goes_when_destroyed
ok the_node_goes_when_destroyed

echo "1..$count"
