#!/bin/sh
# Every wrong argument and metadata value: what is said, and that audio goes on
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

# pw-cli shows errors of modules only when asked
export PIPEWIRE_DEBUG=1
two_sinks
start_pipewire pipewire
start_wireplumber
"$AWAIT" node speaker_a

# Somebody else's audio, which must go on through all of this
spawn player "$BUILD_DIR/tests/module/tone" speaker_a
player=$PID
"$AWAIT" link tone speaker_a
going_on() { kill -0 "$player" && "$AWAIT" link tone speaker_a; }

# says ARGS TEXT...: loading with ARGS fails, and the error has every TEXT in it
says() {
	spawn load pw-cli -m load-module "$MODULE" "$1"
	loader=$PID
	shift
	for text; do
		logged load "$text" || { cat "$T/load.log"; return 1; }
	done
	"$AWAIT" gone bluez_combine.default || return 1
	stop "$loader"
}
wrong() {
	what=$1
	shift
	check "$what" says "$@"
	check "$what: other audio goes on" going_on
}

wrong 'a headroom that is no number' '{ combine.headroom.msec = lots }' \
	"'combine.headroom.msec' = 'lots'" 'milliseconds from 0 to 500'
wrong 'a negative headroom' '{ combine.headroom.msec = -1 }' \
	"'combine.headroom.msec' = '-1'" 'milliseconds from 0 to 500'
wrong 'a headroom that is not finite' '{ combine.headroom.msec = nan }' \
	"'combine.headroom.msec' = 'nan'" 'milliseconds from 0 to 500'
wrong 'a maximum delay beyond what is possible' '{ combine.max-delay.msec = 60000 }' \
	"'combine.max-delay.msec' = '60000'" 'milliseconds from 0 to 4000'
wrong 'a headroom that the maximum delay has no room for' \
	'{ combine.headroom.msec = 100 combine.max-delay.msec = 50 }' \
	"'combine.max-delay.msec' = '50'" 'at least combine.headroom.msec'
wrong 'a night without sleep' '{ combine.keep-warm.msec = 3600001 }' \
	"'combine.keep-warm.msec' = '3600001'" 'a number of milliseconds from 0 to 3.6e+06'
wrong 'a noise that is none' '{ combine.keep-warm.level = 0 }' \
	"'combine.keep-warm.level' = '0'" 'a whole number from 1 to 100'
wrong 'a noise that would be heard' '{ combine.keep-warm.level = 101 }' \
	"'combine.keep-warm.level' = '101'" 'a whole number from 1 to 100'
wrong 'a night that is neither true nor false' '{ combine.keep-warm.always = 1 }' \
	"'combine.keep-warm.always' = '1'" 'true or false'
wrong 'a low latency that is neither true nor false' '{ combine.low-latency = yes }' \
	"'combine.low-latency' = 'yes'" 'true or false'
wrong 'a slew that would be heard' '{ combine.slew.ppm = 5001 }' \
	"'combine.slew.ppm' = '5001'" 'a whole number from 0 to 5000'
wrong 'a quantum that is no power of two' '{ combine.quantum = 1000 }' \
	"'combine.quantum' = '1000'" 'a power of two from 64 to 8192'
wrong 'a quantum with a tail' '{ combine.quantum = "1024x" }' \
	"'combine.quantum' = '1024x'" 'a power of two from 64 to 8192'
wrong 'a rate out of range' '{ combine.rate = 1 }' \
	"'combine.rate' = '1'" 'a whole number from 8000 to 192000'
wrong 'an unknown way to treat unaligned members' '{ combine.unaligned = shout }' \
	"'combine.unaligned' = 'shout'" 'play or mute'
wrong 'a group name with a space' '{ combine.group = "living room" }' \
	"'combine.group' = 'living room'" 'letters, digits'
wrong 'an empty group name' '{ combine.group = "" }' \
	"'combine.group' = ''" 'letters, digits'
wrong 'a channel that does not exist' '{ audio.position = [ FL XX ] }' \
	"'audio.position' = '[ FL XX ]'" '1 to 8 channel names'
wrong 'one channel twice' '{ audio.position = [ FL FL ] }' \
	"'audio.position' = '[ FL FL ]'" '1 to 8 channel names, each of them once'
wrong 'nine channels' '{ audio.position = [ AUX0 AUX1 AUX2 AUX3 AUX4 AUX5 AUX6 AUX7 AUX8 ] }' \
	"'audio.position'" '1 to 8 channel names'
wrong 'channels that do not fit the positions' '{ audio.channels = 4 audio.position = [ FL FR ] }' \
	"'audio.channels' = '4'" 'as many channels as audio.position names'
wrong 'rules that are no array' '{ stream.rules = yes }' \
	"'stream.rules' = 'yes'" 'matches'
wrong 'a rule without matches' '{ stream.rules = [ { actions = { create-stream = { } } } ] }' \
	"'stream.rules'" 'matches'
wrong 'a rule with an unknown action' \
	'{ stream.rules = [ { matches = [ { node.name = a } ] actions = { make-tea = { } } } ] }' \
	"'stream.rules'" 'create-stream'
wrong 'sink properties that are no object' '{ combine.props = 5 }' \
	"'combine.props' = '5'" '{ <property> = <value>'
wrong 'output properties that are no object' '{ stream.props = [ ] }' \
	"'stream.props'" '{ <property> = <value>'
wrong 'an argument that does not exist' '{ combine.hedroom.msec = 30 }' \
	"'combine.hedroom.msec' = '30' is not known" 'combine.{group'
wrong 'arguments that do not parse' '{ combine.rate = [ }' 'module arguments'
wrong 'a remote that does not exist' '{ remote.name = nowhere }' "can't connect"

# Metadata: a wrong value is named, and changes nothing
spawn host env PIPEWIRE_DEBUG=2 pw-cli -m load-module "$MODULE" "{ stream.rules = [ {
	matches = [ { node.name = speaker_a } ] actions = { create-stream = {
		combine.role = centre combine.gain = 1.5 combine.trim.msec = 2 combine.colour = red } } } ] }"
host=$PID
check 'a rule with an unknown role names it' logged host "'role' = 'centre' is not valid: expected stereo, left, right or mono"
check 'one with a gain above 0 dB, too' logged host "'gain' = '1.5' is not valid: expected a linear gain from 0.0 to 1.0"
check 'and a field that is not known' logged host "unknown field 'combine.colour', ignored"
check 'what is right in it counts' "$AWAIT" metadata bluez-combine status.speaker_a \
	'"role": "stereo", "gain": 1.000000, "trim.nsec": 2000000'
"$AWAIT" link bluez_combine.default.output.speaker_a speaker_a

meta() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
member() {
	what=$1
	key=$2
	value=$3
	shift 3
	meta "$key" "$value"
	for text; do
		check "$what" logged host "$text"
	done
	check "$what: the member plays on" "$AWAIT" link bluez_combine.default.output.speaker_a speaker_a
	check "$what: other audio goes on" going_on
}
member 'a member that is no object' member.speaker_a 'loud' "member.speaker_a: 'loud' is not valid"
member 'an unknown role' member.speaker_a '{ "role": "centre" }' \
	"member.speaker_a: 'role' = 'centre' is not valid: expected stereo, left, right or mono"
member 'a gain above 0 dB' member.speaker_a '{ "gain": 2 }' \
	"member.speaker_a: 'gain' = '2' is not valid: expected a linear gain from 0.0 to 1.0"
member 'a gain that is no number' member.speaker_a '{ "gain": "half" }' "'gain' = 'half'"
member 'a trim beyond a second' member.speaker_a '{ "trim.msec": 5000 }' \
	"'trim.msec' = '5000' is not valid: expected a number of milliseconds from -1000 to 1000"
member 'a correction that is an array' member.speaker_a '{ "correction.msec": [ 1 ] }' \
	"'correction.msec' = '[ ... ]' is not valid: expected a number of milliseconds from -2000 to 2000"
member 'an include that is neither true nor false' member.speaker_a '{ "include": "maybe" }' \
	"'include' = 'maybe' is not valid: expected true or false"
member 'a field that does not exist' member.speaker_a '{ "volume": 1 }' "unknown field 'volume', ignored"
member 'JSON that breaks off' member.speaker_a '{ "role": "left"' 'member.speaker_a'
kept() { "$AWAIT" metadata bluez-combine status.speaker_a '"role": "stereo", "gain": 1.0'; }
check 'none of it was applied' kept

check 'a right value after all of that is applied' sh -c "
	pw-metadata -n bluez-combine 0 member.speaker_a '{ \"role\": \"left\", \"gain\": 0.5 }' Spa:String:JSON >/dev/null
	'$AWAIT' metadata bluez-combine status.speaker_a '\"role\": \"left\", \"gain\": 0.5'"
stop "$host"
stop "$player"
finish
