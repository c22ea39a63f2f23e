#!/bin/sh
# pw-bluez-combine doctor: it finds each fault when the room has it, and nothing when there is none
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

# BlueZ' version comes from its tool; on the machine that tests there may be none
bluez_is() {
	printf '#!/bin/sh\necho "bluetoothctl: %s"\n' "$1" >"$T/bin/bluetoothctl"
	chmod +x "$T/bin/bluetoothctl"
}
mkdir "$T/bin"
export PATH="$T/bin:$PATH"
bluez_is 5.87

# What this machine can't give is no fault of the room's
REALTIME=realtime
# finds LEVEL:ID...: these and no others
finds() {
	status=0
	"$TOOL" doctor --json >"$T/out.txt" 2>"$T/err.txt" || status=$?
	cat "$T/err.txt"
	python3 -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    o = json.load(file)
bad = [f for f in o["findings"] if f["level"] in ("warning", "error")]
found = sorted(f["level"] + ":" + f["id"] for f in bad if f["id"] != sys.argv[3])
print("found:", *found)
for f in bad:
    print(f["id"] + ":", f["what"] + "; mend:", f["mend"])
assert o["version"] == 1 and o["healthy"] == (not bad) and int(sys.argv[2]) == (1 if bad else 0)
assert all(f["mend"] for f in bad)
sys.exit(found != sorted(sys.argv[4:]))' "$T/out.txt" "$status" "$REALTIME" "$@"
}
# found TEXT...: the last one said so
found() { grep -F -q -e "$1" "$T/out.txt"; }
says() {
	expected=$1 text=$2 status=0
	shift 2
	"$TOOL" doctor "$@" >"$T/out.txt" 2>&1 || status=$?
	cat "$T/out.txt"
	[ "$status" = "$expected" ] && found "$text"
}
# eventually LEVEL:ID...: now or soon, for what the daemons tell when they come to it
eventually() {
	tries=0
	until finds "$@" >"$T/last.txt" 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 40 ] || { cat "$T/last.txt"; return 1; }
		sleep 0.05
	done
}
with_bluez() { bluez_is "$1"; shift; result=0; "$@" || result=$?; bluez_is 5.87; return $result; }

check "doctor's help names its options" says 0 '--verbose' --help
check 'that PipeWire and a bus are missing is found' finds error:pipewire error:bluez
start_bus
check 'that PipeWire and BlueZ are missing is found' finds error:pipewire error:bluez
start_roomd
room Power hci0 off
check 'an adapter that is off is found beside a missing PipeWire' finds error:pipewire error:adapter
room Power hci0 blocked
check 'an adapter that is blocked is found' finds error:pipewire error:adapter
check 'what unblocks an adapter is told' found 'rfkill unblock bluetooth'
room Power hci0 on
check 'that only PipeWire is missing is found' finds error:pipewire warning:echo
# A sound card, as the desktop has
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-desktop.conf" <<'CONF'
context.objects = [ { factory = adapter args = { factory.name = support.null-audio-sink node.name = desktop
  media.class = Audio/Sink audio.position = [ FL FR ] priority.session = 1009 priority.driver = 1009 } } ]
CONF
start_pipewire pipewire
check 'that WirePlumber is missing is found' finds error:wireplumber warning:echo

# restart_room LINE...: WirePlumber again, with these lines of configuration; until it has found BlueZ
restart_room() {
	[ -z "${WIREPLUMBER:-}" ] || stop "$WIREPLUMBER"
	seen=$(count_of hci0 registered)
	room_wireplumber "$@"
	event hci0 registered $((seen + 1)) && policy_is_there
}
policy_is_there() { until_true sh -c 'pw-cli ls Metadata | grep -q "\"bluez-combine\""'; }

room AddAdapter hci1
restart_room ''
choose() { pw-metadata 0 default.configured.audio.sink "{ \"name\": \"$1\" }" Spa:String:JSON >/dev/null; }
choose desktop
check 'a room without an Echo lacks one' finds warning:echo
wpctl settings bluez-combine.quantum 100 >/dev/null
check 'a setting that cannot be is found' eventually warning:settings warning:echo
check 'what a setting can be is told' grep -F 'a power of two from 64 to 8192' "$T/last.txt"
wpctl settings --reset bluez-combine.quantum >/dev/null
check 'a setting that is mended is no fault any more' eventually warning:echo
python3 - "$T/tone.wav" <<'PY'
import math, struct, sys, wave
with wave.open(sys.argv[1], "wb") as w:
    w.setnchannels(2); w.setsampwidth(2); w.setframerate(44100)
    w.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(i * 0.06))) * 2 for i in range(44100)))
PY
E=EC:00:00:00:00:01
room AddEcho $E "{'name': <'Echo'>, 'wav': <'$T/tone.wav'>, 'loop': <true>, 'adapter': <'hci1'>}"
speaker() { room AddSpeaker "AA:BB:CC:00:00:0$1" "{'name': <'s$1'>, $2}"; }
# An Echo under another name, of which BlueZ has not learnt the services to the end, and a phone
nobody() { "$AWAIT" gone bluez_combine.default && eventually warning:source; }
room AddEcho EC:00:00:00:00:07 "{'name': <'AB-12'>, 'wav': <'$T/tone.wav'>, 'adapter': <'hci1'>, 'vendor': <''>}"
room Disconnect $E 2>/dev/null || :
room Connect EC:00:00:00:00:07
check 'a source that is not taken is found' nobody
check 'the source that is not taken is named' grep -F 'AB-12 (EC:00:00:00:00:07) can send music' "$T/last.txt"
check 'how a source is taken is told' grep -F 'bluetoothctl remove EC:00:00:00:00:07' "$T/last.txt"
room Disconnect EC:00:00:00:00:07
check 'a source that has gone is no fault any more' eventually
for n in 1 2 3; do
	speaker $n "'report.msec': <150.0>, 'adapter': <'hci0'>"
	room Connect AA:BB:CC:00:00:0$n
done
sinks() {
	for n in "$@"; do "$AWAIT" node "bluez_output.AA_BB_CC_00_00_0$n.1" || return 1; done
}
sinks 1 2 3
realtime() { ! "$TOOL" doctor --json | grep -F -q '"id": "realtime", "level": "warning"'; }
check 'a healthy room without music has no fault' finds
one_adapter() { "$TOOL" status >"$T/status.txt" && ! grep ADAPTER "$T/status.txt"; }
check 'the status has no word of adapters while all speakers have the same' one_adapter
room Connect $E
room Play $E
for n in 1 2 3; do event s$n playing; done
"$AWAIT" metadata bluez-combine status '"state": "playing"' >/dev/null
check 'a healthy room with music has no fault' finds
if realtime; then
	REALTIME=
	check 'that all is well is told' says 0 'All is well.'
	check 'that all is well is told in one line' [ "$(wc -l <"$T/out.txt")" = 1 ]
fi
verbose() { status=0; "$TOOL" doctor --verbose >"$T/out.txt" || status=$?; cat "$T/out.txt"; [ "$(grep -c '^ok: ' "$T/out.txt")" -ge 22 ]; }
check 'what is well is told when it is asked for' verbose

# BlueZ' versions
for version in 5.66 5.72 5.82 5.83 5.86; do
	check "BlueZ $version has a fault" with_bluez $version finds warning:bluez-version
done
for version in 5.79 5.84 5.87 5.100; do
	check "BlueZ $version has no fault" with_bluez $version finds
done
unknown() { rm "$T/bin/bluetoothctl"; result=0; finds || result=$?; bluez_is 5.87; return $result; }
check 'a version that is not known is no fault' unknown

# Another adapter sees this computer as a device that is a source and a speaker
own=$(gdbus call --system --dest org.bluez --object-path /org/bluez/hci0 --method org.freedesktop.DBus.Properties.Get \
	org.bluez.Adapter1 Address | tr -dc '0-9A-F:')
room AddEcho "$own" "{'name': <'own adapter'>, 'adapter': <'hci1'>, 'wav': <'$T/tone.wav'>, 'speaker': <true>, 'vendor': <'bluetooth:1d6b'>}"
room Connect "$own"
itself() { "$TOOL" doctor --json >"$T/out.txt" || :; cat "$T/out.txt"; ! found 'own adapter'; }
check 'this computer is no Echo of itself' itself
check 'this computer as another adapter sees it is no fault' eventually
room Disconnect "$own"

# How late the speakers are
record() {
	pw-metadata -n bluez-combine 0 calibration.AA:BB:CC:00:00:01 \
		"{ \"records\": [ { \"codec\": \"$1\", \"rate\": $2, \"offset.msec\": 0, \"by\": \"ear\" } ] }" Spa:String:JSON >/dev/null
}
record aac 48000
check 'a calibration with another codec is found, and that there is no microphone' \
	eventually warning:calibration-stale warning:microphone
check 'what to do without a microphone is told' grep -F 'pw-bluez-combine adjust AA:BB:CC:00:00:01' "$T/last.txt"
room AddMicrophone webcam "{'description': <'Webcam'>}"
"$AWAIT" node room_microphone.webcam
check 'a microphone is found' eventually warning:calibration-stale
check 'and named' grep -F 'the microphone (Webcam)' "$T/last.txt"
# Until it has run once nothing can be set on it
spawn record pw-record --target room_microphone.webcam "$T/webcam.wav"
recording=$PID
webcam=$(pw-cli ls Node | awk '/^\tid / { id = $2 } /node.name = "room_microphone/ { sub(",", "", id); print id }')
"$AWAIT" link room_microphone.webcam pw-record
muted() { wpctl set-mute "$webcam" 1; wpctl get-volume "$webcam" | grep -q MUTED; }
until_true muted
check 'one that is muted is found' eventually warning:calibration-stale warning:microphone
wpctl set-mute "$webcam" 0
check 'one that is not muted any more is no fault' eventually warning:calibration-stale
stop "$recording"
record sbc 32000
check 'a calibration at another rate is found' eventually warning:calibration-stale
pw-metadata -n bluez-combine -d 0 calibration.AA:BB:CC:00:00:01 >/dev/null
check 'what is not calibrated is not stale' eventually
room AddAdapter "'hci3'"
speaker 7 "'report.msec': <150.0>, 'adapter': <'hci3'>, 'vendor': <'bluetooth:0075'>"
room Connect AA:BB:CC:00:00:07
sinks 7
event s7 playing
check 'models of which nobody knows how late they are are found' eventually warning:calibration
"$TOOL" speaker s7 --offset 5 >/dev/null
record sbc 48000
for n in 2 3; do "$TOOL" speaker s$n --offset 5 >/dev/null; done
check "and no fault by the user's word" eventually
for n in 2 3; do "$TOOL" speaker s$n --offset 0 >/dev/null; done
room Disconnect AA:BB:CC:00:00:07
"$AWAIT" gone bluez_output.AA_BB_CC_00_00_07.1
room SetMicrophone webcam "{'plugged': <false>}"
"$AWAIT" gone room_microphone.webcam

# Where the music goes
to_speaker() {
	id=$(pw-cli ls Node | awk '/^\tid / { id = $2 } /node.name = "bluez_input/ { sub(",", "", id); print id }')
	pw-metadata "$id" target.object "$1" Spa:String >/dev/null
}
to_speaker bluez_output.AA_BB_CC_00_00_01.1
check 'an Echo that was sent to one speaker is found' eventually warning:target
id=$(pw-cli ls Node | awk '/^\tid / { id = $2 } /node.name = "bluez_input/ { sub(",", "", id); print id }')
pw-metadata -d "$id" target.object >/dev/null
check 'an Echo that is back at the group is no fault any more' eventually

# The default output
choose bluez_output.AA_BB_CC_00_00_02.1
check 'a speaker that is the default output is found' eventually warning:default
choose desktop
check 'a speaker that is not the default output any more is no fault' eventually

# Speakers
speaker 4 "'adapter': <'hci1'>"
room Connect AA:BB:CC:00:00:04
sinks 4
check 'a speaker that shares the adapter with the Echo is found, and that it reports nothing' \
	eventually warning:adapter-shared warning:delay-report
adapters() { "$TOOL" status >"$T/out.txt"; cat "$T/out.txt"; grep -E '^  s1 .* hci0 ' "$T/out.txt" && grep -E '^  s4 .* hci1 ' "$T/out.txt"; }
check 'the status has the adapters when speakers have several' until_true adapters
room Disconnect AA:BB:CC:00:00:04
"$AWAIT" gone bluez_output.AA_BB_CC_00_00_04.1
check 'an adapter that is shared no longer is no fault any more' eventually
speaker 5 "'adapter': <'hci0'>"
room Connect AA:BB:CC:00:00:05
sinks 5
check 'a fourth one on an adapter is too many' eventually warning:adapter-load warning:delay-report
pw-metadata -n bluez-combine 0 member.AA:BB:CC:00:00:05 \
	'{ "target": "bluez_output.AA_BB_CC_00_00_05.1", "correction.msec": 20 }' Spa:String:JSON >/dev/null
check 'a latency that was learnt needs no report' eventually warning:adapter-load
room Disconnect AA:BB:CC:00:00:05
"$AWAIT" gone bluez_output.AA_BB_CC_00_00_05.1
# One with a microphone, from which a program records: WirePlumber gives it the profile for calls
room AddAdapter "'hci2'"
speaker 9 "'report.msec': <150.0>, 'adapter': <'hci2'>, 'handsfree': <true>"
room Connect AA:BB:CC:00:00:09
sinks 9
"$AWAIT" node bluez_input.AA:BB:CC:00:00:09
check 'a microphone that nobody uses is no fault' eventually
spawn call pw-record --target bluez_input.AA:BB:CC:00:00:09 "$T/call.wav"
call=$PID
event s9 call
check 'a speaker that is used for a call is found' eventually error:profile
stop "$call"
event s9 call-ended
sinks 9
check 'a speaker whose call is over is no fault any more' eventually
room Disconnect AA:BB:CC:00:00:09
"$AWAIT" gone bluez_output.AA_BB_CC_00_00_09.1
card() { pw-cli ls Device | awk '/^\tid / { id = $2 } /AA_BB_CC_00_00_03/ { sub(",", "", id); print id }' | head -n 1; }
pw-cli set-param "$(card)" Profile '{ index: 0, save: false }' >/dev/null
check 'a speaker that is switched off is found' eventually error:profile
room Disconnect AA:BB:CC:00:00:03
room Connect AA:BB:CC:00:00:03
pw-cli set-param "$(card)" Profile '{ index: 1, save: false }' >/dev/null 2>&1 || :

room Disconnect $E

# Silence while music plays
# A speaker that does not give its stream
room Disconnect AA:BB:CC:00:00:03
restart_room ''
for n in 1 2; do room Connect AA:BB:CC:00:00:0$n; done
sinks 1 2
room Connect $E
room Play $E
event s1 playing 2
speaker 6 "'report.msec': <150.0>, 'adapter': <'hci0'>, 'acquire': <'fail'>"
room Connect AA:BB:CC:00:00:06
sinks 6
# A doctor that binds the metadata while the member is named would keep it out of the music
"$AWAIT" node bluez_combine.default.output.AA_BB_CC_00_00_06
check 'a speaker whose stream does not open is found' eventually error:suspended
room Disconnect AA:BB:CC:00:00:06
"$AWAIT" gone bluez_output.AA_BB_CC_00_00_06.1
check 'a speaker that has gone is no fault, though its stream did not open' eventually

# Priority
if [ -z "$REALTIME" ]; then
	for tid in /proc/"$WIREPLUMBER"/task/*; do
		case $(cat "$tid/comm") in data-loop*) chrt -o -p 0 "${tid##*/}" ;; esac
	done
	check 'audio without real-time priority is found' eventually warning:realtime
	for tid in /proc/"$WIREPLUMBER"/task/*; do
		case $(cat "$tid/comm") in data-loop*) chrt -f -p 20 "${tid##*/}" ;; esac
	done
	check 'audio that has real-time priority again is no fault any more' eventually
	renice -n 0 -p "$WIREPLUMBER" >/dev/null
	prlimit --pid "$WIREPLUMBER" --nice=0:0
	check 'a main thread that may not be quicker is found' eventually warning:realtime
	check 'the limit that a main thread lacks is told' says 1 'nice limit'
fi

# What WirePlumber was told
ROLES=a2dp_source
restart_room ''
check 'roles without a2dp_sink are found' eventually error:roles
check 'the file that sets the roles is told' found 50-room.conf
ROLES=a2dp_sink
restart_room ''
check 'roles without a2dp_source are found' eventually error:roles
ROLES=
silent_room() {
	stop "$WIREPLUMBER"
	room_wireplumber "$@"
	policy_is_there
}
silent_room 'wireplumber.profiles = { main = { monitor.bluez.seat-monitoring = required support.logind = required } }'
check 'that nobody is logged in at the machine is found' finds error:seat
silent_room 'wireplumber.profiles = { main = { monitor.bluez = disabled hardware.bluetooth = disabled } }'
check 'that Bluetooth is switched off is found' finds error:endpoints

# What is installed
stop "$WIREPLUMBER"
room_wireplumber 'wireplumber.profiles = { main = { policy.bluez-combine = disabled } }'
event hci0 registered
check 'a policy that is switched off is found' eventually error:loaded
check 'the file that switches the policy off is told' found 80-test.conf

cp -r "$SOURCE_DIR/wireplumber" "$T/policy"
installed_module=$PIPEWIRE_MODULE_DIR installed_plugin=$SPA_PLUGIN_DIR
mkdir "$T/none"
without() {
	export "$1=$2"
	stop "$WIREPLUMBER"
	room_wireplumber ''
	until_true sh -c 'pw-cli ls Metadata | grep -q default'
}
without PIPEWIRE_MODULE_DIR "$system_modules"
check 'a missing module is found' eventually error:module
PIPEWIRE_MODULE_DIR=$installed_module
without SPA_PLUGIN_DIR "$system_plugins"
check 'a missing SPA plugin is found' eventually error:plugin
SPA_PLUGIN_DIR=$installed_plugin
mkdir -p "$T/policy-conf" "$T/plugins"
policy_in "$T/none"
without EMPTY ''
check 'a missing policy is found' eventually error:policy
cp -r "$SOURCE_DIR/wireplumber/wireplumber.conf.d" "$T/none"
check 'that only the scripts of the policy are missing is found' eventually error:policy

# Installed while WirePlumber runs; a process' start is known in whole seconds
sleep 2.1
cp -r "$SOURCE_DIR/wireplumber/scripts" "$T/none"
check 'that WirePlumber was not restarted after the installation is found' eventually error:restart
s1_played=$(count_of s1 playing) s2_played=$(count_of s2 playing)
restart_room ''
# Whoever binds a metadata object in PipeWire keeps others from hearing what is written to it meanwhile
# (module-metadata.c, up to 1.6): a doctor in each tenth of a second, while the policy says who is
# a member, would now and then make the module miss one.
event s1 playing $((s1_played + 1))
event s2 playing $((s2_played + 1))
check 'a WirePlumber that was restarted after the installation is no fault' eventually
sleep 2.1
touch "$T/none/scripts/bluez-combine/load-sink.lua"
check 'that WirePlumber was not restarted after an update is found' eventually warning:restart

# PipeWire's Bluetooth plugin, which is in a package of its own
for plugin in "$system_plugins"/*; do
	[ "${plugin##*/}" = bluez5 ] || ln -s "$plugin" "$T/plugins/"
done
policy_in "$SOURCE_DIR/wireplumber"
without SPA_PLUGIN_DIR "$BUILD_DIR/spa:$T/plugins"
policy_is_there
check 'that the Bluetooth plugin is missing is found' eventually error:bluez-plugin
finish
