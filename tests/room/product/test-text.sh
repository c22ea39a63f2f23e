#!/bin/sh
# pw-bluez-combine: whatever devices and adapters are called, no command passes it on to the terminal
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

# As in tests/module/test-tool-text.sh; D-Bus lets nothing through that is no UTF-8
TEXT='X\u001b[31m\u001b]0;T\u0007\u009b2J\u0090\u0085\u007f\u202e\u2066\u200f\u2028\ufeff\b\r\n  FORGED\t'

harmless() { "$SOURCE_DIR/tests/module/harmless.py" --one-line FORGED "$T/out.txt"; }
# prints TEXT ARGUMENT...: what the tool prints has TEXT, and is harmless
prints() {
	text=$1
	shift
	timeout 30 "$TOOL" "$@" >"$T/out.txt" 2>&1 </dev/null || :
	cat -v "$T/out.txt"
	grep -F -q -e "$text" "$T/out.txt" && harmless
}
# answers TEXT [QUESTION ANSWER]... -- ARGUMENT...: the same at a terminal
answers() {
	text=$1
	shift
	"$SOURCE_DIR/tests/room/product/answer.py" "$@" >"$T/out.txt" 2>&1 </dev/null || :
	cat -v "$T/out.txt"
	grep -F -q -e "$text" "$T/out.txt" && harmless
}
device() { room "$1" "$2" "{'name': <'$3 $TEXT'>, $4}"; }
python3 - "$T/noise.wav" <<'PY'
import random, sys, wave
random.seed(1)
with wave.open(sys.argv[1], "wb") as w:
    w.setnchannels(2); w.setsampwidth(2); w.setframerate(44100)
    w.writeframesraw(random.randbytes(44100 * 4))
PY

start_bus
start_roomd
start_pipewire pipewire
room_wireplumber ''
event hci0 registered
gdbus call --system --dest org.bluez --object-path /org/bluez/hci0 --method org.freedesktop.DBus.Properties.Set \
	org.bluez.Adapter1 Alias "<'Adapter $TEXT'>" >/dev/null

K=AA:BB:CC:00:00:01 O=AA:BB:CC:00:00:02 N=AA:BB:CC:00:00:03
device AddSpeaker $K Kitchen "'paired': <false>"
check 'pair passes nothing on of a speaker that is found' prints 'Kitchen X?[31m' pair --speaker --address $K
check 'pair passes nothing on of a speaker that is there already' prints 'paired and connected already' pair --speaker --address $K
device AddSpeaker $O Office "'paired': <false>, 'pairing': <'confirm'>"
check 'pair passes nothing on of a speaker that it refuses' prints 'Office X?[31m' pair --speaker --address $O
# What is typed the terminal itself would show
# shellcheck disable=SC2016 # sh expands it
check 'a list at a terminal, a wrong answer and a question pass nothing on' answers 'Does it show' 'Office' "$(printf '\033[2J\302\233')" \
	'There is no number' 1 'Does it show' n -- \
	sh -c 'stty -echo && exec "$@"' sh "$TOOL" pair --speaker
device AddSpeaker $N Noisy "'paired': <false>, 'pair.error': <'AuthenticationFailed'>"
check 'pair passes nothing on of a speaker that fails' prints 'Noisy X?[31m' pair --speaker --address $N
check "pair's JSON passes nothing on" prints 'Noisy X\u001b[31m' pair --speaker --address $N --json
check 'pair passes nothing on of the name of this computer' prints 'can be found as "Adapter X?[31m' pair --echo --address EC:00:00:00:00:09 --timeout 1
device AddEcho EC:00:00:00:00:01 Echo "'wav': <'$T/noise.wav'>, 'loop': <true>, 'paired': <false>"
room Search EC:00:00:00:00:01
check 'pair passes nothing on of an Echo that comes' prints 'Echo X?[31m' pair --echo --address EC:00:00:00:00:01

room Connect $K || :
"$AWAIT" node bluez_output.AA_BB_CC_00_00_01.1
check 'doctor passes nothing on of a speaker without a report' prints 'Kitchen X?[31m' doctor
check 'doctor passes nothing on of what is well' prints 'ok: ' doctor --verbose
check "doctor's JSON passes nothing on" prints 'Kitchen X\u001b[31m' doctor --json
pw-metadata 0 default.configured.audio.sink '{ "name": "bluez_output.AA_BB_CC_00_00_01.1" }' Spa:String:JSON >/dev/null
pw-cli create-node adapter '{ factory.name = support.null-audio-sink media.class = Audio/Sink node.name = desktop object.linger = true }' >/dev/null
default() { prints 'is the default output' doctor; }
check 'doctor passes nothing on of the name of a node' until_true default
stop "$WIREPLUMBER"
# The file that sets the roles is told by its path
conf=$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d
room_conf | sed '/bluez5.roles/d' >"$conf/50-room.conf"
printf 'monitor.bluez.properties = { bluez5.roles = [ a2dp_source ] }\n' >"$conf/$(printf '60-\033]0;T\007.conf')"
seen=$(count_of hci0 registered)
spawn wireplumber wireplumber
event hci0 registered $((seen + 1))
roles() { prints '60-?]0;T?.conf' doctor; }
check 'doctor passes nothing on of the name of a file' until_true roles
finish
