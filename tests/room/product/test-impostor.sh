#!/bin/sh
# Restricted clients that claim to be a speaker, an Echo or the group, among real daemons with the policy
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/../../module/impostor.sh"

start_bus
start_roomd
# A sound card, as the desktop has
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-desktop.conf" <<'CONF'
context.objects = [ { factory = adapter args = { factory.name = support.null-audio-sink node.name = desktop
  media.class = Audio/Sink audio.position = [ FL FR ] priority.session = 1009 priority.driver = 1009 } } ]
CONF
start_pipewire pipewire
export WIREPLUMBER_DEBUG=2,s-bluez-combine:3
room_wireplumber ''
python3 - "$T/tone.wav" <<'PY'
import math, struct, sys, wave
with wave.open(sys.argv[1], "wb") as w:
    w.setnchannels(2), w.setsampwidth(2), w.setframerate(44100)
    w.writeframes(b"".join(struct.pack("<hh", v, v) for v in
        (int(3000 * math.sin(n * 2 * math.pi * 440 / 44100)) for n in range(44100))))
PY
E=EC:00:00:00:00:01
room AddEcho $E "{'name': <'Echo'>, 'wav': <'$T/tone.wav'>, 'loop': <true>}"
for n in 1 2; do
	room AddSpeaker AA:BB:CC:00:00:0$n "{'name': <'s$n'>, 'report.msec': <100.0>}"
	room Connect AA:BB:CC:00:00:0$n
done
room Connect $E
room Play $E

out=bluez_combine.default.output
status() { "$AWAIT" metadata bluez-combine status "$1"; }
playing() { status '"members": 2, "playing": 2' >/dev/null; }
# Not before the group has heard of both: who binds the metadata while the policy writes it would keep it from the module
both_play() {
	for n in 1 2; do
		"$AWAIT" link "$out.AA_BB_CC_00_00_0$n" "bluez_output.AA_BB_CC_00_00_0$n.1" || return 1
	done
	playing
}
check 'two speakers play what the Echo sends' both_play
latency() { status latency | sed -n 's/.*"latency.nsec": \([0-9]*\).*/\1/p'; }
known() { before=$(latency) && [ "$before" -gt 100000000 ]; }
check 'the latencies of both speakers are known' until_true known

# id_of TYPE KEY TEXT: of the first object of this type whose property KEY begins so
id_of() { pw-dump | python3 -c '
import json, sys
for o in json.load(sys.stdin):
    p = (o.get("info") or {}).get("props") or {}
    if o["type"].endswith(sys.argv[1]) and str(p.get(sys.argv[2], "")).startswith(sys.argv[3]):
        print(o["id"])
        break' "$1" "$2" "$3"; }
card=$(id_of Device device.name bluez_card.AA_BB)
monitor=$(id_of Client application.name 'WirePlumber [export]')
SINK='factory.name=support.null-audio-sink media.class=Audio/Sink audio.position=[FL,FR]'
SPEAKER="$SINK device.api=bluez5 api.bluez5.profile=a2dp-sink"

# An answer to a write of now says that all before it has been looked at
settled() {
	round=$((${round:-100} + 1))
	pw-metadata -n bluez-combine 0 member.AA:BB:CC:00:00:01 "{ \"gain\": 0.$round }" Spa:String:JSON >/dev/null
	"$AWAIT" metadata bluez-combine status.AA:BB:CC:00:00:01 "\"gain\": 0.${round}0" >/dev/null
}
# same: the group is what it was
same() {
	settled && playing && now=$(latency) || return 1
	echo "latency $before -> $now"
	[ "$before" = "$now" ] && "$AWAIT" link $out.AA_BB_CC_00_00_01 bluez_output.AA_BB_CC_00_00_01.1
}
# refused WHAT LINE: the impostor does that, and the group is what it was
refused() {
	what=$1
	shift
	did() { impostor "$@" && sleep 0.3 && same; }
	check "$what" did "$@"
}
start_restricted
impostor "device device.api=bluez5 device.name=bluez_card.x media.class=Audio/Device device.vendor.id=bluetooth:0171 \
api.bluez5.address=EC:00:00:00:00:66"
# shellcheck disable=SC2086 # words
refused 'a restricted client is no speaker, with a device of its own' \
	adapter node.name=fake_1 api.bluez5.address=AA:BB:CC:00:00:77 device.id=@ $SPEAKER
# shellcheck disable=SC2086
refused 'nor with the device of another' \
	adapter node.name=fake_2 api.bluez5.address=AA:BB:CC:00:00:78 device.id="$card" $SPEAKER
# shellcheck disable=SC2086
refused 'nor if it says that it is the session manager'\''s, many times' \
	node node.name=fake_3 api.bluez5.address=AA:BB:CC:00:00:79 device.id="$card" client.id="$monitor" \
	client.id="$monitor" client.id="$monitor" media.class=Audio/Sink api.bluez5.profile=a2dp-sink
# shellcheck disable=SC2086
refused 'nor if its node lingers, and the daemon says that it is the session manager'\''s' \
	adapter node.name=fake_4 api.bluez5.address=AA:BB:CC:00:00:7A device.id="$card" client.id="$monitor" \
	object.linger=true $SPEAKER
# shellcheck disable=SC2086
refused 'nor a filter in front of the group' adapter node.name=fake_filter node.link-group=fake_filter filter.smart=true \
	filter.smart.target='{"node.name"="bluez_combine.default"}' $SINK
hears_nothing() { pw-link -l >"$T/links.txt" && grep -q bluez_combine.default: "$T/links.txt" && ! grep -q fake_filter "$T/links.txt"; }
check 'a restricted filter in front of the group gets nothing' hears_nothing
check 'the log says that a restricted filter is passed over' logged wireplumber "a restricted client's filter"

# equaliser: the user's, which WirePlumber puts behind what is there
equaliser() {
	spawn equaliser pw-cli -m load-module libpipewire-module-filter-chain '{
		filter.graph = { nodes = [ { type = builtin name = eq label = bq_highshelf control = { Freq = 8000.0 Q = 1.0 Gain = -3.0 } } ] }
		audio.channels = 2 audio.position = [ FL FR ]
		capture.props = { node.name = equaliser media.class = Audio/Sink node.link-group = equaliser filter.smart = true
			filter.smart.name = equaliser filter.smart.target = { node.name = bluez_combine.default } }
		playback.props = { node.name = equaliser.output node.link-group = equaliser node.passive = true } }'
	EQUALISER=$PID
	with_equaliser
}
echo_stream=$(pw-dump | grep -o '"bluez_input.EC_00[^"]*"' | head -n 1 | tr -d '"')
with_equaliser() {
	"$AWAIT" link "$echo_stream" equaliser && "$AWAIT" link equaliser.output bluez_combine.default && hears_nothing
}
check "the user's equaliser behind a restricted filter is gone through, and that filter gets nothing" equaliser
stranger() {
	# shellcheck disable=SC2086
	impostor adapter node.name="$1" $SINK filter.smart=true "$2" "$3" "$4" && sleep 0.5 && with_equaliser
}
TO_SINK='filter.smart.target={"node.name"="bluez_combine.default"}'
check 'a restricted filter behind the equaliser gets nothing' stranger fake_filter_2 node.link-group=fake_2 "$TO_SINK" 'filter.smart.after=["equaliser"]'
check 'a restricted filter before the equaliser gets nothing' stranger fake_filter_3 node.link-group=fake_3 "$TO_SINK" 'filter.smart.before=["equaliser"]'
check "a restricted filter with the equaliser's link group gets nothing" stranger fake_filter_4 node.link-group=equaliser \
	'filter.smart.target={"node.name"="fake_filter"}' 'filter.smart.before=["equaliser"]'
check "a restricted filter with the group's link group gets nothing" stranger fake_filter_5 node.link-group=bluez_combine.default "$TO_SINK" filter.smart.name=x
stop "$EQUALISER"
without() { "$AWAIT" link "$echo_stream" bluez_combine.default && hears_nothing; }
check 'a restricted filter gets nothing when the equaliser is gone' without
included() {
	for n in 77 78 79 7A; do
		pw-metadata -n bluez-combine 0 member.AA:BB:CC:00:00:$n '{ "include": true }' Spa:String:JSON >/dev/null
	done
	same
}
check 'not even if the user has included its address' included
refused 'nor is it an Echo' node node.name=fake_e api.bluez5.address=EC:00:00:00:00:66 device.id=@ \
	media.class=Stream/Output/Audio api.bluez5.profile=a2dp-source device.vendor.id=bluetooth:0171
no_source() { ! grep -q 'source: EC:00:00:00:00:66' "$T/wireplumber.log"; }
check 'nor is its device' no_source

# Another group, loaded by hand with the rule that it has by itself
spawn kitchen pw-cli -m load-module "$MODULE" '{ combine.group = kitchen }'
kitchen=$PID
by_hand() {
	"$AWAIT" metadata bluez-combine.kitchen status '"members": 2,' >/dev/null &&
		"$AWAIT" link bluez_combine.kitchen.output.AA_BB_CC_00_00_02 bluez_output.AA_BB_CC_00_00_02.1
}
check 'a module that is loaded by hand has the speakers, and nobody else' by_hand
stop "$kitchen"

# The name of a speaker's node, before that speaker is back
# shellcheck disable=SC2086
impostor adapter node.name=bluez_output.AA_BB_CC_00_00_02.1 $SINK
room Disconnect AA:BB:CC:00:00:02
check 'a speaker leaves' status '"members": 1,'
room Connect AA:BB:CC:00:00:02
right_one() {
	playing || return 1
	pw-dump | python3 -c '
import json, sys
objects = json.load(sys.stdin)
nodes = {o["id"]: o["info"]["props"] for o in objects if o["type"].endswith("Node")}
found = [nodes[o["info"]["input-node-id"]] for o in objects if o["type"].endswith("Link")
         and nodes[o["info"]["output-node-id"]].get("node.name") == sys.argv[1]]
print(found)
sys.exit(not found or any("api.bluez5.address" not in p for p in found))' $out.AA_BB_CC_00_00_02
}
check 'when it is back its output goes to it, and not to who has its name' right_one
stop_impostor
check 'all goes on' playing

# It has the names of the group before the session manager is there
start_restricted
impostor "device device.name=none"
stop "$WIREPLUMBER"
"$AWAIT" gone bluez_combine.default
# shellcheck disable=SC2086
impostor adapter node.name=bluez_combine.default node.link-group=bluez_combine.default priority.session=1 $SINK
impostor node node.name=bluez_combine.default.driver
impostor metadata metadata.name=bluez-combine client.id="$monitor" client.id="$monitor"
impostor 'set member.AA:BB:CC:00:00:01 { "include": false }'
: >"$T/wireplumber.log"
room_wireplumber ''
to_group() {
	"$AWAIT" link $out.AA_BB_CC_00_00_01 bluez_output.AA_BB_CC_00_00_01.1 &&
		"$AWAIT" link $out.AA_BB_CC_00_00_02 bluez_output.AA_BB_CC_00_00_02.1 || return 1
	tries=0
	until pw-dump | python3 -c '
import json, sys
objects = json.load(sys.stdin)
nodes = {o["id"]: o["info"]["props"] for o in objects if o["type"].endswith("Node")}
clients = {o["id"]: o["info"]["props"] for o in objects if o["type"].endswith("Client")}
echo = [i for i, p in nodes.items() if p.get("api.bluez5.profile") == "a2dp-source" and
        p.get("api.bluez5.address") == sys.argv[1]]
to = [nodes[o["info"]["input-node-id"]] for o in objects if o["type"].endswith("Link")
      and o["info"]["output-node-id"] in echo]
owners = {clients[p["client.id"]].get("application.name") for p in to}
print(echo, [p["node.name"] for p in to], owners)
sys.exit({p["node.name"] for p in to} != {"bluez_combine.default"} or owners != {"WirePlumber"})' "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || return 1
		sleep 0.2
	done
}
check "a restricted client that has the names of the group first does not get the Echo's music" to_group $E
one_truth() {
	# A status is written half a second after the last one
	playing && "$TOOL" status --all >"$T/status.txt" && cat "$T/status.txt" && grep -q '2 of 2 speakers' "$T/status.txt" &&
		"$TOOL" speaker 00:01 --gain 0.5 >/dev/null && "$AWAIT" metadata bluez-combine member.AA:BB:CC:00:00:01 '"gain": 0.5'
}
if [ -x "$TOOL" ]; then
	check 'the tool speaks with the group, and not with who has its name' one_truth
fi
check 'the log says so' logged wireplumber 'not the combined sink: nothing is sent to it'
stop_impostor
check 'and when it is gone all goes on' playing
finish
