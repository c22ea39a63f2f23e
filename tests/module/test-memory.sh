#!/bin/sh
# What a group keeps over restarts, and that nobody else can write it
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
start_pipewire pipewire
start_wireplumber
file="$XDG_STATE_HOME/pipewire/bluez-combine/default"
meta() { pw-metadata -n bluez-combine 0 "$@" >/dev/null; }
status_of() { pw-metadata -n bluez-combine 0 "status.$1"; }
begin() {
	spawn "$1" env PIPEWIRE_DEBUG=2 pw-cli -m load-module "$MODULE" '{ stream.rules = [ ] }'
	host=$PID
	"$AWAIT" metadata bluez-combine status >/dev/null
	meta member.speaker_a '{ "target": "speaker_a" }' Spa:String:JSON
	"$AWAIT" link bluez_combine.default.output.speaker_a speaker_a &&
		"$AWAIT" metadata bluez-combine status.speaker_a '"target": "speaker_a"' >/dev/null
}
remembers() { "$AWAIT" metadata bluez-combine status.speaker_a '"basis": "remembered"'; }
knows_nothing() { "$AWAIT" metadata bluez-combine status.speaker_a '"basis": "none"'; }

check 'the group is there' begin first
check 'of a speaker that never played nothing is known' knows_nothing
check 'and nothing is written' [ ! -e "$file" ]

# Any program may write a status
meta status.speaker_b '{ "codec": "", "settled.nsec": 400000000, "packet.nsec": 15000000, "told": 1 }' Spa:String:JSON
meta member.speaker_b '{ "target": "speaker_b" }' Spa:String:JSON
"$AWAIT" metadata bluez-combine status.speaker_b '"target": "speaker_b"' >/dev/null
forged() { status_of speaker_b | grep -e 400000000 -e remembered; }
not_forged() { ! forged; }
check 'a latency that somebody has written as a status is not believed' not_forged
meta -d member.speaker_b

spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
player=$PID
check 'a speaker plays' "$AWAIT" metadata bluez-combine status.speaker_a '"state": "playing"'
written() { "$AWAIT" -t 20 metadata bluez-combine status.speaker_a settled >/dev/null && for _ in $(seq 100); do
	grep '" speaker_a": { "latencies.nsec": \[ 1 \]' "$file" && return 0; sleep 0.1; done; }
check 'and what it settled at is written some seconds later' written
private() { [ "$(stat -c %a "$file")" = 600 ]; }
check 'for nobody else to read' private
stop "$player"
stop "$host"

check 'after a restart' begin second
check 'it is remembered' remembers
stop "$host"

rm "$file"
check 'what is forgotten' begin again
check 'is not known any more' knows_nothing
spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
player=$PID
"$AWAIT" metadata bluez-combine status.speaker_a settled >/dev/null
early() { [ ! -e "$file" ]; }
check 'it is not written at once' early
stop "$host"
stop "$player"
check 'but when the group ends' grep '" speaker_a": { "latencies.nsec": \[ 1 \]' "$file"

printf '{ " speaker_a": { "latencies.nsec": [ 200000000, -1 ], "packet.nsec": 99999999999 }, "sbc": 1, " x": { } }' >"$file"
check 'a file that somebody has spoilt is read' begin third
check 'what is right in it counts' "$AWAIT" metadata bluez-combine status.speaker_a '"latency.nsec": 200000000'
check 'the rest is told' logged third 'of the latencies of former times 3 lines are not valid: ignored'
stop "$host"
printf '{ " speaker_a": { "latencies.nsec": [ 200000000 ], "pa' >"$file"
check 'one that breaks off' begin fourth
check 'is told' logged fourth "the latencies of former times can't be read"
check 'and nothing is known' knows_nothing

chmod 500 "$XDG_STATE_HOME/pipewire/bluez-combine"
mv "$XDG_STATE_HOME/pipewire" "$XDG_STATE_HOME/away"
: >"$XDG_STATE_HOME/pipewire"
: >"$HOME/.local"
spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
check 'where nothing can be written it plays all the same' "$AWAIT" metadata bluez-combine status.speaker_a '"state": "playing"'
check 'and that is told' logged fourth "the latencies that speakers settled at can't be kept"
stop "$PID"
stop "$host"

finish
