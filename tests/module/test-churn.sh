#!/bin/sh
# Members that come and go while the group plays, too many of them, and others
# that destroy what is the group's
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source=tests/module/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/impostor.sh"

two_sinks
start_pipewire pipewire
start_wireplumber
start_host host
start_player() { spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default; player=$PID; }
start_player

out=bluez_combine.default.output
meta() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
status() { "$AWAIT" metadata bluez-combine "$@"; }
playing() { kill -0 "$HOST" && status status '"state": "playing"' && "$AWAIT" link $out.speaker_a speaker_a; }
check 'the group plays' playing

coming_and_going() {
	for round in 1 2 3 4 5 6; do
		meta member.speaker_b '{ "include": false }'
		"$AWAIT" gone $out.speaker_b || return 1
		meta member.speaker_b "{ \"include\": true, \"trim.msec\": $round }"
		"$AWAIT" link $out.speaker_b speaker_b || return 1
		status status.speaker_b '"state": "playing"' >/dev/null || return 1
	done
	playing
}
check 'a member that comes and goes leaves the others playing' coming_and_going

# pw-cli holds what it makes until its input ends
mkfifo "$T/nodes"
spawn nodes sh -c "exec pw-cli -m <'$T/nodes'"
nodes=$PID
exec 3>"$T/nodes"
speaker() { echo "create-node adapter { factory.name = support.null-audio-sink node.name = $1 media.class = Audio/Sink audio.position = [ FL FR ] }" >&3; }

spawn far pw-cli -m load-module "$MODULE" '{ combine.group = far node.name = speaker_far
	combine.max-delay.msec = 4000 combine.headroom.msec = 500 stream.rules = [ ] }'
far=$PID
check 'a group keeps the longest delay that can be asked for' "$AWAIT" node speaker_far

speaker speaker_twin
"$AWAIT" link $out.speaker_twin speaker_twin
speaker speaker_twin
check 'a second node of one name is not played to' logged host \
	"speaker_twin can't join the group default: another node of the same name or address"
check "another group's sink is no member, whatever its name" "$AWAIT" gone $out.speaker_far
stop "$far"

"$BUILD_DIR/tests/module/flood" bluez-combine 500 member.speaker_ '{ "gain": 0.5, "role": "left" }'
"$BUILD_DIR/tests/module/flood" bluez-combine 500 member.speaker_ '{ "gain": 7 }' 2>/dev/null
meta member.speaker_b '{ "include": true, "gain": 0.25 }'
check 'a flood of changes is survived, and the next change acted on' \
	status status.speaker_b '"gain": 0.250000'
check 'and the group plays on' playing

for n in $(seq 1 62); do speaker "speaker_$n"; done
check 'the 65th speaker is refused, and why is said' logged host \
	"can't join the group default: it has 64 speakers, the most that it can have"
check '64 speakers play' status status '"members": 64, "playing": 64'
meta member.speaker_a '{ "include": false }'
check 'when one leaves there is room for it' "$AWAIT" node $out.speaker_62
exec 3>&-
stop "$nodes"
check 'they leave with their nodes' status status '"members": 1,'
meta member.speaker_a '{ "include": true }'
check 'and the group plays on with those that are left' playing

# Ever new ones: what is left of those that are gone has an end
start_impostor
passers_by() {
	for n in $(seq 300); do
		impostor "node node.name=speaker_passer_$n media.class=Audio/Sink" && impostor drop || return 1
	done
	status status '"members": 2,' && playing
}
check '300 speakers pass by, one after the other' passers_by
# They are taken out when the status is written, twice a second
lines_left() {
	tries=0
	while left=$(pw-metadata -n bluez-combine 0 2>/dev/null | grep -c "key:'status[.]"); do
		echo "$left lines of status"
		[ "$left" -gt 270 ] || break
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.05
	done
	status status.speaker_a '"state": "playing"'
}
check 'lines of those that are long gone are dropped' lines_left
sed 's/^/# /' "$T/check.log"
stop_impostor

destroyed() {
	pw-cli destroy "$1" >/dev/null && logged host "$2" && playing
}
again() {
	pw-cli destroy $out.speaker_b >/dev/null && "$AWAIT" gone $out.speaker_b &&
		"$AWAIT" link $out.speaker_b speaker_b && playing
}
check 'an output that somebody destroys is made again' again
check 'the driver too' destroyed bluez_combine.default.driver 'the driver of the group default is made again'
# WirePlumber may take it for the user's wish that it had to link the player elsewhere
sink_destroyed() {
	pw-cli destroy bluez_combine.default >/dev/null && logged host 'is made again: its sink is gone' &&
		stop "$player" && start_player && playing
}
check 'and the sink' sink_destroyed
again_and_again() {
	for round in 1 2; do
		pw-cli destroy bluez_combine.default >/dev/null && "$AWAIT" gone bluez_combine.default &&
			"$AWAIT" node bluez_combine.default || return 1
	done
	said=$(grep -c 'failed and is made again' "$T/host.log")
	echo "said $said times in $round"
	[ "$said" = 1 ]
}
check 'if that goes on it is made again each time, and said once' again_and_again
stop "$HOST"

# Only valgrind sees what PipeWire itself reads
if command -v valgrind >/dev/null; then
	start_host memcheck valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite --log-file="$T/valgrind.log"
	check 'the group plays under valgrind' playing
	ends_well() { kill "$HOST"; wait "$HOST" || { cat "$T/valgrind.log"; return 1; }; }
	check 'a host that ends while it plays touches nothing freed and loses nothing' ends_well
else
	check 'a host that ends while it plays touches nothing freed # SKIP no valgrind' true
fi

finish
