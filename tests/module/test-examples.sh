#!/bin/sh
# The examples work as they are
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/impostor.sh"

examples=$SOURCE_DIR/examples

card=alsa_output.pci-0000_00_1f.3.analog-stereo
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-sinks.conf" <<-CONF
	context.objects = [ { factory = adapter args = { factory.name = support.null-audio-sink
		node.name = $card media.class = Audio/Sink object.linger = true
		audio.position = [ FL FR ] priority.session = 900 } } ]
CONF
# What is commented out is for others to uncomment; this is all of it
cp "$examples"/pipewire.conf.d/*.conf "$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/"
start_pipewire pipewire
start_wireplumber
# Speakers are those of a client that has a BlueZ device, as the Bluetooth monitor has
start_impostor
impostor 'device device.api=bluez5 device.name=bluez_card.x media.class=Audio/Device'
for address in 11:22:33:44:55:66 11:22:33:44:55:77 AA:BB:CC:DD:EE:FF; do
	impostor "adapter node.name=bluez_output.$(echo $address | tr : _).1 media.class=Audio/Sink" \
		"factory.name=support.null-audio-sink audio.position=[FL,FR] priority.session=900" \
		"api.bluez5.address=$address api.bluez5.profile=a2dp-sink device.id=@"
done

# plays GROUP ADDRESS [TEXT]: the group's speaker is linked, and has TEXT in its status
plays() {
	address=$2
	"$AWAIT" metadata "bluez-combine.$1" "status.$address" "${3:-}"
	case $address in
	*:*) node=bluez_output.$(echo "$address" | tr : _).1 ;;
	*) node=$address ;;
	esac
	"$AWAIT" link "bluez_combine.$1.output.$(echo "$address" | tr : _)" "$node"
}
none() { ! pw-cli ls Node | grep -F -q "$1"; }

check 'stereo-pair: the left speaker is the left one' plays pair 11:22:33:44:55:66 '"role": "left"'
check 'stereo-pair: the right speaker is the right one' plays pair AA:BB:CC:DD:EE:FF '"role": "right"'
check 'several-groups: upstairs has two speakers' plays upstairs 11:22:33:44:55:66
check 'several-groups: both of them' plays upstairs 11:22:33:44:55:77
check 'several-groups: downstairs has one, not so loud' \
	plays downstairs AA:BB:CC:DD:EE:FF '"gain": 0.7'
check 'several-groups: no speaker is in both' none bluez_combine.upstairs.output.AA_BB_CC_DD_EE_FF
check 'wired-and-bluetooth: the sound card plays' plays house $card
check 'wired-and-bluetooth: the speakers, too' plays house 11:22:33:44:55:77

# The unit's command, as systemd would run it
mkdir -p "$XDG_CONFIG_HOME/pipewire"
cp "$examples/bluez-combine.conf" "$XDG_CONFIG_HOME/pipewire/"
unit=$examples/systemd/bluez-combine.service
command=$(sed -n 's/^ExecStart=//p' "$unit")
# shellcheck disable=SC2086 # a command line
spawn own $command
own=$PID
check 'bluez-combine.service: its command makes a group' "$AWAIT" node bluez_combine.default
check 'bluez-combine.conf: every A2DP speaker is in it' \
	"$AWAIT" link bluez_combine.default.output.AA_BB_CC_DD_EE_FF bluez_output.AA_BB_CC_DD_EE_FF.1
if command -v systemd-analyze >/dev/null; then
	check 'bluez-combine.service: systemd understands it' systemd-analyze --user verify "$unit"
fi
stop "$own"

spawn byhand "$examples/load-by-hand" cellar 11:22:33:44:55:77
byhand=$PID
check 'load-by-hand: the speaker that was named plays' plays cellar 11:22:33:44:55:77
check 'load-by-hand: no other does' none bluez_combine.cellar.output.AA_BB_CC_DD_EE_FF
stop "$byhand"
spawn byhand "$examples/load-by-hand"
byhand=$PID
check 'load-by-hand: without arguments all speakers play' plays by_hand AA:BB:CC:DD:EE:FF
check 'load-by-hand: but no sound card' none "bluez_combine.by_hand.output.$card"
stop "$byhand"

spawn fanout "$examples/fanout-by-hand" 2
byhand=$PID
check 'fanout-by-hand: the node is made' "$AWAIT" node fanout
check 'fanout-by-hand: it can be linked' \
	pw-link fanout:output_1_FR bluez_output.11_22_33_44_55_66.1:playback_FR
delay() {
	pw-cli set-param fanout Props '{ params = [ output.1.delay.nsec 20000000 ] }' &&
		pw-cli enum-params fanout Props | grep -q -A 1 output.1.delay.nsec
}
check 'fanout-by-hand: it can be delayed' delay
wrong() {
	pw-cli set-param fanout Props '{ params = [ output.1.gain 3.0 ] }' &&
		logged pipewire 'output.1.gain = 3: not a number from 0.0 to 1.0'
}
check 'fanout-by-hand: a wrong value is named in the log of the daemon' wrong
stop "$byhand"
check 'fanout-by-hand: it goes with its program' "$AWAIT" gone fanout

finish
