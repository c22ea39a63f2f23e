#!/bin/sh
# Clients that claim to be what they are not: members that change who they are, and what a restricted one gets
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/impostor.sh"

two_sinks
start_pipewire pipewire
start_wireplumber
out=bluez_combine.default.output
RULES='[ { matches = [ { api.bluez5.profile = a2dp-sink } { node.name = "~speaker_.*" } ] actions = { create-stream = { } } } ]'
NULL_SINK='factory.name=support.null-audio-sink media.class=Audio/Sink audio.position=[FL,FR]'
start_host host
"$AWAIT" link $out.speaker_a speaker_a
"$AWAIT" metadata bluez-combine status '"members": 2' >/dev/null

meta() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
going_on() { running "$HOST" && "$AWAIT" link $out.speaker_a speaker_a; }
# An answer to a write of now says that all before it has been looked at
settled() {
	round=$((${round:-100} + 1))
	meta member.speaker_b "{ \"gain\": 0.$round }"
	"$AWAIT" metadata bluez-combine status.speaker_b "\"gain\": 0.${round}0" >/dev/null
}
members() { settled && "$AWAIT" metadata bluez-combine status "\"members\": $1," >/dev/null; }

# An ordinary program of the user: it may be the Bluetooth monitor, and any sink
start_impostor
impostor "device device.api=bluez5 device.name=bluez_card.x media.class=Audio/Device"
SPEAKER='media.class=Audio/Sink api.bluez5.profile=a2dp-sink device.id=@'
is_member() { "$AWAIT" node "$out.$1" && members "${2:-3}"; }
is_none() { members "${2:-2}" && "$AWAIT" gone "$out.$1" && going_on; }
joins() { impostor "node node.name=bt_1 api.bluez5.address=AA:00:00:00:00:01 $SPEAKER" && is_member AA_00_00_00_00_01; }
check "a node of the client that has its BlueZ device is a speaker" joins
loses() { impostor "update api.bluez5.address node.name" && is_none AA_00_00_00_00_01; }
check 'a member that has lost its address and its name is none, and nobody crashes' loses
again() {
	impostor "node node.name=bt_2 api.bluez5.address=AA:00:00:00:00:02 $SPEAKER" && is_member AA_00_00_00_00_02 &&
		impostor "update api.bluez5.address=AA:00:00:00:00:03" && is_none AA_00_00_00_00_02 &&
		"$AWAIT" gone $out.AA_00_00_00_00_03
}
check 'nor is one whose address is another one, and it does not come back as that' again
renamed() {
	impostor "node node.name=bt_4 api.bluez5.address=AA:00:00:00:00:04 $SPEAKER" && is_member AA_00_00_00_00_04 &&
		impostor "update node.name=bt_5" && is_none AA_00_00_00_00_04
}
check 'nor one that has another name' renamed
other_sink() {
	impostor "node node.name=speaker_n media.class=Audio/Sink" && is_member speaker_n &&
		impostor "update node.name" && is_none speaker_n
}
check 'nor any other sink that has lost its name' other_sink
becomes() {
	impostor "node node.name=speaker_m media.class=Audio/Sink" && is_member speaker_m &&
		impostor "update api.bluez5.address=AA:00:00:00:00:06" && is_none speaker_m &&
		"$AWAIT" gone $out.AA_00_00_00_00_06
}
check 'nor one that becomes a Bluetooth speaker' becomes
described() {
	impostor "node node.name=speaker_d media.class=Audio/Sink" && is_member speaker_d &&
		impostor "update node.description=Other" && "$AWAIT" prop speaker_d node.description Other &&
		is_member speaker_d && impostor drop && is_none speaker_d
}
check 'another description does not matter' described
stop_impostor
check 'and all goes on' going_on

# A restricted client: it cannot write the metadata, and cannot join either
start_restricted
refused() {
	what=$1
	shift
	joined() { impostor "$@" && "$AWAIT" node "$name" && members 2 && going_on; }
	for word; do case $word in node.name=*) name=${word#node.name=} ;; esac; done
	check "$what" joined "$@"
}
impostor "device device.api=bluez5 device.name=bluez_card.y media.class=Audio/Device"
# shellcheck disable=SC2086 # words
refused 'a restricted client does not join as a Bluetooth speaker' adapter node.name=bt_r $NULL_SINK api.bluez5.profile=a2dp-sink \
	api.bluez5.address=AA:00:00:00:00:11 device.id=@
# shellcheck disable=SC2086
refused 'nor with an ordinary sink of the right name' adapter node.name=speaker_r $NULL_SINK
wm=$(pw-dump | python3 -c '
import json, sys
print([o["id"] for o in json.load(sys.stdin) if o["type"].endswith("Client")
       and o["info"]["props"].get("application.name") == "WirePlumber"][0])')
# shellcheck disable=SC2086
refused 'nor with a node that lingers and says it is the session manager'\''s' adapter node.name=bt_l $NULL_SINK \
	api.bluez5.profile=a2dp-sink api.bluez5.address=AA:00:00:00:00:12 device.id=@ client.id="$wm" object.linger=true
for key in AA:00:00:00:00:11 AA:00:00:00:00:12 speaker_r AA:00:00:00:00:13; do
	meta "member.$key" '{ "include": true }'
done
check 'not even if the user has included its address or its name' members 2
# shellcheck disable=SC2086
refused 'nor under an address for a name' adapter node.name=AA:00:00:00:00:13 $NULL_SINK
stop_impostor
stop "$HOST"

# It comes first, with the names that are the group's
start_restricted
# shellcheck disable=SC2086
impostor adapter node.name=bluez_combine.default $NULL_SINK
# shellcheck disable=SC2086
impostor adapter node.name=bluez_combine.default.driver $NULL_SINK client.id="$wm" object.linger=true
impostor node node.name=bluez_combine.default.driver
impostor metadata metadata.name=bluez-combine client.id="$wm" client.id="$wm"
impostor 'set member.speaker_a { "include": false }'
impostor metadata metadata.name=bluez-combine.fake client.id="$wm" client.id="$wm"
CLIENT="$BUILD_DIR/tests/module/client"
not_read() { timeout 20 "$CLIENT" status fake | grep -x 'group fake missing ' && ! timeout 20 "$CLIENT" status all | grep fake; }
if [ -x "$CLIENT" ]; then
	check 'a group that a restricted client has made is not shown' not_read
fi
start_host after
comes() { logged after 'is a restricted client' && "$AWAIT" link $out.speaker_a speaker_a && running "$HOST"; }
check 'a restricted client that has the names of the group first keeps nobody from it' comes
stop_impostor
owned() { members 2; }
check 'and the group has its metadata to itself' owned
stop "$HOST"
finish
