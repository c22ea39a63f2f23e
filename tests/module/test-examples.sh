#!/bin/sh
# The examples work as they are
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
cp "$SOURCE_DIR/examples/pipewire.conf.d/bluez-combine.conf" \
	"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/"
start_pipewire pipewire
start_wireplumber

check 'the drop-in makes its group' "$AWAIT" node bluez_combine.pair
check 'a group that is not the first has its own metadata' \
	"$AWAIT" metadata bluez-combine.pair status '"sink": "bluez_combine.pair"'

spawn own pipewire -c "$SOURCE_DIR/examples/bluez-combine.conf"
own=$PID
check 'the configuration for a process of its own makes a group' "$AWAIT" node bluez_combine.default
stop "$own"

spawn byhand "$SOURCE_DIR/examples/fanout-by-hand" 2
byhand=$PID
check 'the fan-out node can be made by hand' "$AWAIT" node fanout
check 'it can be linked by hand' pw-link fanout:output_1_FR speaker_b:playback_FR
delay() {
	pw-cli set-param fanout Props '{ params = [ output.1.delay.nsec 20000000 ] }' &&
		pw-cli enum-params fanout Props | grep -q -A 1 output.1.delay.nsec
}
check 'it can be delayed by hand' delay
wrong() {
	pw-cli set-param fanout Props '{ params = [ output.1.gain 3.0 ] }' &&
		logged pipewire 'output.1.gain = 3: not a number from 0.0 to 1.0'
}
check 'a wrong value is named in the log of the daemon' wrong
stop "$byhand"
check 'it goes with its program' "$AWAIT" gone fanout

finish
