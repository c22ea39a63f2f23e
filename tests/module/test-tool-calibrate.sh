#!/bin/sh
# pw-bluez-combine calibrate: which microphones it finds in PipeWire, and how what it has kept is undone
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tool.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/impostor.sh"
# shellcheck disable=SC2034 # tool.sh uses it
COMMAND=calibrate

# The metadata is the daemon's: of what is written there nobody changes anything
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-objects.conf" <<'CONF'
context.objects = [
  { factory = metadata args = { metadata.name = bluez-combine } }
  { factory = adapter args = { factory.name = support.null-audio-sink media.class = Audio/Sink
      node.name = bluez_combine.default audio.position = [ FL FR ] } }
]
CONF
start_pipewire pipewire
start_wireplumber
start_impostor
forge() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
kitchen=AA:BB:CC:00:00:01 living=AA:BB:CC:00:00:02
"$AWAIT" node bluez_combine.default
sink=$(pw-cli ls Node | awk '/^\tid / { sub(",", "", $2); id = $2 } /node.name = "bluez_combine.default"/ { print id }')
forge status "{ \"version\": 1, \"sink\": \"bluez_combine.default\", \"sink.id\": $sink, \"state\": \"warm\", \"members\": 2, \"playing\": 2 }"
for speaker in $kitchen $living; do
	forge "status.$speaker" "{ \"name\": \"Speaker $speaker\", \"state\": \"warm\", \"basis\": \"reported\", \"codec\": \"sbc\",
		\"codec.rate\": 48000, \"latency.nsec\": 100000000, \"delay.nsec\": 30000000 }"
done

# lists TEXT: the microphones that there are
lists() { tells 2 "$1" --microphone nowhere; }
# Each with its word, or none
is() { lists "  $1  $2" && grep -F -x -q "  $1  $2" "$T/out"; }
card() {
	impostor "device device.api=alsa device.name=card media.class=Audio/Device"
	impostor "route direction=Input device=3 $*"
}
check 'without any microphone that is told' tells 1 'there is no microphone; pw-bluez-combine adjust'
card available=no
impostor "node node.name=jack node.description=Jack media.class=Audio/Source device.id=@ card.profile.device=3"
check 'one with an empty jack is not taken' tells 1 'there is no microphone that can be used'
check 'which is why' is jack 'Jack: nothing is plugged in'
check 'not even if it is named' tells 1 'Jack: nothing is plugged in' --microphone jack
impostor "route direction=Input device=3 available=yes"
check 'when something is plugged in it could be' is jack Jack
impostor "route direction=Input device=3 available=unknown"
check 'as one whose card does not know' is jack Jack
impostor "route direction=Input device=3 available=yes mute=true"
check 'one whose port is muted could not' is jack 'Jack: muted'
impostor "route direction=Input device=4 available=no"
impostor "node node.name=inner node.description=Inner media.class=Audio/Source device.id=@ card.profile.device=5"
check 'another port of the card says nothing of it' is inner Inner
impostor "node node.name=headset node.description=Headset media.class=Audio/Source device.api=bluez5"
check "a headset's would make it one for calls" is headset "Headset: a headset's, which plays no music while it is recorded from"
stop_impostor

# What goes back: of one whose device takes no other offset, and then of one whose device does
start_impostor
bluetooth() {
	impostor "device device.api=bluez5 device.name=bluez_card.$1 media.class=Audio/Device api.bluez5.address=$1"
	impostor "route direction=Output device=1 offset=-13000000 $2"
	forge "calibration.$1" '{ "records": [ { "codec": "sbc", "rate": 48000, "offset.msec": -13, "was.msec": 5,
		"report.nsec": 100000000, "by": "ear", "at": 1790000000 } ] }'
}
check 'without a speaker that was calibrated there is nothing to undo' tells 0 'There is nothing to undo' --undo
bluetooth $kitchen takes=true
check 'the offset from before goes back' tells 0 'Speaker AA:BB:CC:00:00:01: -13.00 -> 5.00 ms' --undo
check 'and once more there is nothing to undo' tells 0 'There is nothing to undo' --undo
bluetooth $living takes=false
refused() {
	begun=$(date +%s%3N)
	tells 1 'the change of the offset was not accepted' --undo || return 1
	took=$(($(date +%s%3N) - begun))
	echo "$took ms"
	[ $took -ge 3000 ]
}
check 'an offset that is not taken is waited for, and then told' refused
finish
