#!/bin/sh
# pw-bluez-combine pair: an Echo and speakers, what goes wrong with them, and what it leaves behind
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

# exits CODE TEXT ARGUMENT...: it exits with CODE, and TEXT is in what it prints
exits() {
	expected=$1 text=$2 status=0
	shift 2
	timeout 60 "$TOOL" pair "$@" >"$T/out.txt" 2>&1 </dev/null || status=$?
	cat "$T/out.txt"
	echo "exit status $status"
	[ "$status" = "$expected" ] && grep -F -q -e "$text" "$T/out.txt"
}
# answers CODE TEXT [QUESTION ANSWER]... -- ARGUMENT...: the same at a terminal
answers() {
	expected=$1 text=$2 status=0
	shift 2
	"$SOURCE_DIR/tests/room/product/answer.py" "$@" >"$T/out.txt" 2>&1 </dev/null || status=$?
	cat "$T/out.txt"
	echo "exit status $status"
	[ "$status" = "$expected" ] && grep -F -q -e "$text" "$T/out.txt"
}
property() {
	gdbus call --system --dest org.bluez --object-path "$1" \
		--method org.freedesktop.DBus.Properties.Get "org.bluez.$2" "$3" 2>/dev/null
}
is() { property "$1" "$2" "$3" | grep -F -q -e "<$4>"; }
dev() { echo "/org/bluez/$1/dev_$(echo "$2" | tr : _)"; }
# gone_device ADAPTER ADDRESS: BlueZ does not know it any more
gone_device() { ! property "$(dev "$1" "$2")" Device1 Paired; }
never_capability() { ! grep -q "\"capability\": *\"$1\"" "$EVENTS"; }
# event_since DEVICE EVENT: it has happened since mark_events, or will soon
mark_events() { MARK=$(wc -l <"$EVENTS"); }
happened_since() { tail -n "+$((MARK + 1))" "$EVENTS" | grep "\"device\": *\"$1\"" | grep -q "\"event\": *\"$2\""; }
event_since() { until_true happened_since "$@"; }
# As roomd's adapters begin: not to be found, pairable, for 180 s
untouched() {
	for a in hci0 hci1; do
		is /org/bluez/$a Adapter1 Discoverable false || return 1
		is /org/bluez/$a Adapter1 Discovering false || return 1
		is /org/bluez/$a Adapter1 Pairable true || return 1
		is /org/bluez/$a Adapter1 DiscoverableTimeout 'uint32 180' || return 1
		is /org/bluez/$a Adapter1 PairableTimeout 'uint32 0' || return 1
	done
	until_true no_agent_is_left
}
no_agent_is_left() { [ "$(grep -c '"event": *"agent"' "$EVENTS")" = "$(grep -c '"event": *"agent-gone"' "$EVENTS")" ]; }
# steps STEP...: the JSON lines of the last run are valid, and these steps are among them, in order
steps() {
	python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert all(line["version"] == 1 and line["seconds"] >= 0 for line in lines)
steps = iter(line["step"] for line in lines)
missing = [step for step in sys.argv[2:] if step not in steps]
sys.exit(f"missing: {missing}" if missing else 0)' "$T/out.txt" "$@"
}

check "pair's help names its options" exits 0 '--adapter NAME' --help
check 'what to pair has to be said' exits 2 'say which: --echo or --speaker' --name x
check 'an Echo and a speaker at once are refused' exits 2 'say which' --echo --speaker --name x
check 'without a terminal the device has to be named' exits 2 'nobody can be asked' --speaker
check 'a time-out that is none is named' exits 2 'seconds, from 1 to 600' --speaker --timeout 0
check 'an address that is none is named' exits 2 'AA:BB:CC:DD:EE:FF' --speaker --address 12
check 'an adapter that can be none is named' exits 2 'hci0, hci1' --speaker --name x --adapter usb
check 'an empty name is refused' exits 2 "'--name' = ''" --speaker --name=
check 'that there is no bus is told' exits 1 'the system bus can' --speaker --name x

start_bus
check 'that there is no BlueZ is told' exits 1 'BlueZ is not running' --speaker --name x
start_roomd
room AddAdapter hci1
start_pipewire pipewire
room_wireplumber ""
event hci1 registered
event hci0 registered
check 'an adapter that is not there is named, with those that are' exits 1 \
	"there is no adapter 'hci7'; there are: hci0 hci1" --speaker --address AA:BB:CC:00:00:01 --adapter hci7

K=AA:BB:CC:00:00:01 B=AA:BB:CC:00:00:02 O=AA:BB:CC:00:00:03 N=AA:BB:CC:00:00:04 P=AA:BB:CC:00:00:05
speaker() { room AddSpeaker "$1" "{'name': <'$2'>, 'paired': <false>, 'report.msec': <150.0>, $3}"; }
python3 - "$T/noise.wav" <<'PY'
import random, sys, wave
random.seed(1)
with wave.open(sys.argv[1], "wb") as w:
    w.setnchannels(2); w.setsampwidth(2); w.setframerate(44100)
    for _ in range(44100 * 4):
        w.writeframesraw(random.randrange(-9000, 9000).to_bytes(2, "little", signed=True) * 2)
PY

nowhere=00:00:00:00:00:01

# A speaker
check 'a speaker that is not there is waited for, and then not' exits 1 'no speaker in pairing mode was found within 1 s' \
	--speaker --address $nowhere --timeout 1
speaker $K Kitchen "'discover.msec': <10.0>"
check 'without a terminal a name is no proof' exits 1 "none that is paired has that name: give --address" \
	--speaker --name Kitchen --adapter hci0
check 'a name without a terminal has paired nobody' never Kitchen pairing
check 'a speaker is found by its address, paired and connected' exits 0 'ready, and plays with the others' \
	--speaker --address $K --adapter hci0
check 'the speaker is paired' is "$(dev hci0 $K)" Device1 Paired true
check 'the speaker is trusted' is "$(dev hci0 $K)" Device1 Trusted true
check 'the speaker has a sink' "$AWAIT" node bluez_output.AA_BB_CC_00_00_01.1
check 'a speaker that was paired leaves nothing open' untouched
check 'a speaker that is paired already is only connected' exits 0 'ready' --speaker --address $K --adapter hci0

speaker $B Bath "'pairing': <'pin'>"
check 'an old speaker gets its PIN' exits 0 'ready' --speaker --address $B --adapter hci0 --json
check 'the steps of pair are JSON' steps adapter discovering found pairing paired restored connecting connected trusted ready

speaker $O Office "'pairing': <'confirm'>"
check 'a number to compare needs somebody who does' exits 1 'pairing was refused' --speaker --address $O --adapter hci0
check 'a speaker whose number nobody can compare is not paired' is "$(dev hci0 $O)" Device1 Paired false
check 'at a terminal the number of a speaker is asked for' answers 0 'ready' 'Office' 1 'Does it show' y \
	-- "$TOOL" pair --speaker --adapter hci0
check 'a number that was compared leaves nothing open' untouched

speaker $N Noisy "'pair.error': <'AuthenticationFailed'>"
check 'a failed pairing is explained' exits 1 'put the device into pairing mode again' --speaker --address $N --adapter hci0
check 'what BlueZ said of a failed pairing is told' exits 1 'org.bluez.Error.AuthenticationFailed' --speaker --address $N --adapter hci0
check 'a failed pairing is explained in JSON, too' exits 1 '"error": "org.bluez.Error.AuthenticationFailed"' --speaker --address $N --adapter hci0 --json
room Set $N "{'pair.error': <''>, 'connect.error': <'br-connection-create-socket'>}"
check 'a connection that BlueZ 5.82 refuses is explained' exits 1 'BlueZ 5.82 takes one SBC speaker an adapter' \
	--speaker --address $N --adapter hci0
check 'who was paired in vain is not paired any more' gone_device hci0 $N
room Set $N "{'connect.error': <'br-connection-page-timeout'>}"
check 'a speaker that is out of reach is explained' exits 1 'it does not answer: switch it on' --speaker --address $N --adapter hci0
room Set $N "{'connect.error': <''>}"
check 'failures leave nothing open' untouched

# The choice
speaker $P Porch "'pair.msec': <3000.0>"
check 'a wrong number is asked again' answers 130 'There is no number 9' 'Porch' 9 'There is no number' '^C' \
	-- "$TOOL" pair --speaker --adapter hci0
check 'Ctrl-C leaves nothing open' untouched
check 'Ctrl-C has paired nobody' is "$(dev hci0 $P)" Device1 Paired false
interrupt() {
	"$TOOL" pair --speaker --address $P --adapter hci0 >"$T/out.txt" 2>&1 </dev/null &
	pid=$!
	event Porch pairing && kill -TERM $pid
	status=0
	wait $pid || status=$?
	cat "$T/out.txt"
	echo "exit status $status"
	[ $status = 143 ] && event Porch pairing-failed
}
check 'a signal while it pairs ends the pairing' interrupt
check 'a signal while it pairs leaves nothing open' untouched
check 'at a terminal a name is asked about, and who says no is obeyed' answers 130 'was refused: you said so' \
	'Is Porch (AA:BB:CC:00:00:05) your speaker' n 'you said so' '^C' -- "$TOOL" pair --speaker --name Por --adapter hci0
room Set $P "{'hidden': <true>}"

# What it is, and what else
A=AA:BB:CC:00:00:06 C=AA:BB:CC:00:00:07
speaker $A Attic "'audio': <false>"
check 'a speaker without the service of one is no speaker' exits 1 'it plays no music, so it is no speaker' \
	--speaker --address $A --adapter hci0
check 'a device without the service of a speaker was paired to find out' event Attic paired
check 'a device without the service of a speaker is not trusted' never Attic trusted
check 'a device without the service of a speaker is not paired any more' gone_device hci0 $A
speaker $C Cellar "'input': <true>"
check 'a speaker that can type is refused where nobody can be asked' exits 1 'it can also type' --speaker --address $C \
	--adapter hci0
check 'a speaker that can type and was refused is not trusted' never Cellar trusted
check 'a speaker that can type and was refused is not paired any more' gone_device hci0 $C
check 'a speaker that can type is asked about at a terminal, and refused with no' answers 1 'you did not say yes' 'your speaker' y 'can also type' n \
	-- "$TOOL" pair --speaker --name Cellar --adapter hci0
check 'a speaker that can type and was refused at a terminal is gone' gone_device hci0 $C
check 'a speaker that can type is taken with yes' answers 0 'ready' 'your speaker' y 'can also type' y -- "$TOOL" pair --speaker --name Cellar --adapter hci0
check 'a speaker that can type and was taken is trusted' is "$(dev hci0 $C)" Device1 Trusted true
room Remove $C
room Set $C "{'hidden': <true>}"
check 'a speaker that can type leaves nothing open' untouched

# The Echo
E=EC:00:00:00:00:01 F=EC:00:00:00:00:02 X=EC:00:00:00:00:03
echo_device() { room AddEcho "$1" "{'name': <'$2'>, 'wav': <'$T/noise.wav'>, 'loop': <true>, 'paired': <false>, $3}"; }
check 'an Echo that does not come is waited for, and then not' exits 1 'no Echo has come within 1 s' \
	--echo --address $nowhere --timeout 1
check 'an Echo that does not come leaves nothing open' untouched
echo_device $E 'Echo Dot' "'discover.msec': <10.0>"
room Search $E
check 'without a terminal an Echo has to be known by more than its name' exits 1 'give --address' --echo --name Echo
check 'an Echo known by nothing but its name is not even let in' never 'Echo Dot' pairing
check 'an Echo that comes is paired, on an adapter without speakers' exits 0 'ready: what it plays goes to all speakers' \
	--echo --address $E
check 'the agent can be asked, though nobody is at a terminal' grep -q '"DisplayYesNo"' "$EVENTS"
check 'no agent that cannot be asked is there' never_capability NoInputNoOutput
check 'the Echo is on the adapter without speakers' is "$(dev hci1 $E)" Device1 Trusted true
check 'an Echo that was paired leaves nothing open' untouched
check 'an Echo that is connected already is told, and needs no time' exits 0 \
	'Echo Dot (EC:00:00:00:00:01) is paired and connected already' --echo --name Echo
check 'an Echo that is connected already is ready' grep -F -q 'ready: what it plays goes to all speakers' "$T/out.txt"
check 'a speaker that is connected already is ready' exits 0 'Kitchen (AA:BB:CC:00:00:01) is paired and connected already' --speaker --name Kitchen
check 'nothing was opened for what is connected already' untouched
echo_device $F 'Echo Show' "'pairing': <'confirm'>, 'discover.msec': <10.0>"
room Search $F
check 'at a terminal the number of an Echo is asked for' answers 0 'ready' 'Does it show' y -- "$TOOL" pair --echo

# Strangers
echo_device $X 'Stranger' "'discover.msec': <10.0>"
room Search $X
check 'another device than the one that is meant is refused' exits 1 'Stranger (EC:00:00:00:00:03) was refused' \
	--echo --address $nowhere --timeout 5
check 'another device than the one that is meant is not paired' never Stranger paired
room Search $X
check 'who says no to the number of an Echo is obeyed' answers 130 'was refused: you said so' 'Is that your Echo' n 'was refused' '^C' \
	-- "$TOOL" pair --echo
check 'an Echo whose number was refused is not paired' never Stranger paired
room Search $X
check 'the name of an Echo is asked about, too' answers 130 'was refused: you said so' 'Is that your Echo' n 'was refused' '^C' \
	-- "$TOOL" pair --echo --name Stra
check 'an Echo whose name was refused is not paired' never Stranger paired
U=EC:00:00:00:00:04 V=EC:00:00:00:00:05 W=EC:00:00:00:00:06 Y=EC:00:00:00:00:07
echo_device $U 'Unasked' "'pairing': <'unasked'>, 'discover.msec': <10.0>"
room Search $U
check 'whom an older kernel lets pair without a question is removed again' exits 1 \
	'Unasked (EC:00:00:00:00:04) has paired and was not meant' --echo --address $nowhere --timeout 5
check 'an older kernel has let it pair without a question' event Unasked paired
check 'what was paired without a question is not paired any more' gone_device hci1 $U
room Search $U
check 'what was paired without a question is asked about at a terminal, and refused with no' answers 130 'has paired and was not meant' \
	'has paired without a question. Is that your Echo' n 'not meant' '^C' -- "$TOOL" pair --echo
check 'what was paired without a question and refused is gone' gone_device hci1 $U
room Search $U
check 'what was paired without a question is taken with yes' answers 0 'ready' 'has paired without a question. Is that your Echo' y -- "$TOOL" pair --echo
room Remove $U
room Search $U
check 'an Echo that is named by its address needs no question' exits 0 'ready' --echo --address $U
room Remove $U

# Not what it claims to be, or more
echo_device $V 'Echo of sand' "'audio': <false>, 'discover.msec': <10.0>"
room Search $V
check 'an Echo that has no music is refused' exits 1 'it sends no music, so it is no Echo' --echo --address $V
check 'an Echo that has no music was paired to find out' event 'Echo of sand' paired
check 'an Echo that has no music is not trusted' never 'Echo of sand' trusted
check 'an Echo that has no music is not paired any more' gone_device hci1 $V
echo_device $W 'Echo typist' "'input': <true>, 'discover.msec': <10.0>"
room Search $W
check 'an Echo that can type is refused where nobody can be asked' exits 1 'it can also type' --echo --address $W
check 'an Echo that can type and was refused is not trusted' never 'Echo typist' trusted
check 'an Echo that can type and was refused is not paired any more' gone_device hci1 $W

# One that was paired before, and is not trusted
guest() { room AddEcho "$1" "{'name': <'$2'>, 'wav': <'$T/noise.wav'>, 'adapter': <'hci1'>, 'trusted': <false>}"; }
guest $Y 'Phone of a guest'
comes() {
	device=$1
	shift
	"$@" &
	pid=$!
	event_since hci1 discoverable && room Connect "$device"
	status=0
	wait $pid || status=$?
	return $status
}
mark_events
check 'a paired source that happens to connect is not the Echo that is meant' comes $Y exits 1 \
	'Phone of a guest (EC:00:00:00:00:07) was refused' --echo --address $nowhere --timeout 10
check 'a paired source that happens to connect is not trusted' is "$(dev hci1 $Y)" Device1 Trusted false
check 'a paired source that happens to connect is paired as before' is "$(dev hci1 $Y)" Device1 Paired true
mark_events
check 'a paired source that happens to connect is asked about at a terminal' comes $Y answers 130 'was refused: you said so' \
	'which is paired, connects. Is that your Echo' n 'you said so' '^C' -- "$TOOL" pair --echo
check 'a paired source that was refused at a terminal is not trusted' is "$(dev hci1 $Y)" Device1 Trusted false
mark_events
check 'without a terminal the name of a paired Echo is enough' comes $Y exits 0 'ready' --echo --name Phone
check 'a paired Echo that was named is trusted' is "$(dev hci1 $Y)" Device1 Trusted true
room Remove $Y
guest EC:00:00:00:00:08 'Twin 1'
guest EC:00:00:00:00:09 'Twin 2'
check 'a name that two have is refused' exits 1 'more than one device' --echo --name Twin
room Remove EC:00:00:00:00:08
room Remove EC:00:00:00:00:09
check 'Echos that were refused leave nothing open' untouched

# Who connects when
S=EC:00:00:00:00:0A G=EC:00:00:00:00:0B
echo_device $S 'Echo slow' "'connect.msec': <7000.0>, 'discover.msec': <10.0>"
room Search $S
check 'an Echo that connects late is waited for' exits 0 'ready' --echo --address $S
check 'nobody gets in the way of an Echo that connects late' never 'Echo slow' collision
room Remove $S
echo_device $G 'Echo late' "'connect.msec': <60000.0>, 'discover.msec': <10.0>"
room Search $G
check 'a transport that nothing stands behind is no music' exits 1 'its audio does not come, or does not stay' \
	--echo --address $G
check 'a transport that nothing stands behind was there' event 'Echo late' orphan-gone
check 'an Echo whose transport nothing stands behind is not trusted' never 'Echo late' trusted
check 'an Echo whose transport nothing stands behind is not paired any more' gone_device hci1 $G

# What a kill leaves
killed() {
	mark_events
	"$TOOL" pair --echo --address $nowhere --adapter hci1 >"$T/out.txt" 2>&1 </dev/null &
	pid=$!
	event_since hci1 discoverable && kill -KILL $pid
	wait $pid || :
	cat "$T/out.txt"
	is /org/bluez/hci1 Adapter1 Discoverable true && is /org/bluez/hci1 Adapter1 PairableTimeout 'uint32 125'
}
check 'a command that is killed leaves the adapter as it is' killed
check 'the command after one that was killed puts the adapter back first' exits 1 'hci1 is as it was before a command that did not end by itself' \
	--speaker --address $nowhere --adapter hci0 --timeout 1
check 'the command after one that was killed puts back all of it' untouched
check 'a second command that is killed leaves the adapter as it is' killed
gdbus call --system --dest org.bluez --object-path /org/bluez/hci1 --method org.freedesktop.DBus.Properties.Set \
	org.bluez.Adapter1 DiscoverableTimeout '<uint32 0>' >/dev/null
check 'what somebody else has set since then stays' exits 1 'hci1 is as it was before' \
	--speaker --address $nowhere --adapter hci0 --timeout 1
check 'the mode that somebody else has set since then stays' is /org/bluez/hci1 Adapter1 Discoverable true
check 'the limit that somebody else has set since then stays' is /org/bluez/hci1 Adapter1 DiscoverableTimeout 'uint32 0'
check 'what nobody else has set since then is as before' is /org/bluez/hci1 Adapter1 PairableTimeout 'uint32 0'
for value in 'Discoverable <false>' 'DiscoverableTimeout <uint32 180>'; do
	gdbus call --system --dest org.bluez --object-path /org/bluez/hci1 --method org.freedesktop.DBus.Properties.Set \
		org.bluez.Adapter1 "${value%% *}" "${value#* }" >/dev/null
done
# It tells of a stranger while the adapter is open, and nobody reads that any more
unread() {
	room Search $X
	"$TOOL" pair --echo --address $nowhere --adapter hci1 --timeout 3 2>"$T/out.txt" | head -n 1
	cat "$T/out.txt"
	untouched
}
check 'a reader that has gone leaves nothing open' unread
two_at_a_time() {
	"$TOOL" pair --speaker --address $nowhere --adapter hci0 --timeout 60 >"$T/first.txt" 2>&1 </dev/null &
	pid=$!
	until_true grep -q 'Looking for' "$T/first.txt"
	good=true
	exits 1 'another pw-bluez-combine pair is running' --speaker --address $nowhere --adapter hci1 --timeout 1 || good=false
	kill -TERM $pid
	wait $pid || :
	$good
}
check 'two at a time would each restore what the other has changed' two_at_a_time
unwritable() {
	: >"$T/file"
	XDG_STATE_HOME="$T/file" exits 1 "can't be written" --speaker --address $nowhere --adapter hci0 --timeout 1
}
check 'without a place for its notes it works, and says so' unwritable
check 'a command without a place for its notes leaves nothing open' untouched

# The music, from all that was paired
room Play $E
check 'the Echo plays in the kitchen' event Kitchen playing
check 'the Echo plays in the bath' event Bath playing
check 'the Echo plays in the office' event Office playing

# The adapter
room Power hci1 off
check 'an adapter that is off is switched on' exits 1 'hci1 is off, switching it on' --speaker --address $nowhere \
	--adapter hci1 --timeout 1
check 'an adapter that was switched on stays on' is /org/bluez/hci1 Adapter1 Powered true
switched_off() {
	"$TOOL" pair --echo --address $nowhere --adapter hci1 --timeout 60 >"$T/out.txt" 2>&1 </dev/null &
	pid=$!
	until_true grep -q 'can be found' "$T/out.txt"
	room Power hci1 off
	status=0
	wait $pid || status=$?
	cat "$T/out.txt"
	[ $status = 1 ] && grep -q 'hci1 was switched off' "$T/out.txt"
}
check 'an adapter that is switched off meanwhile is not waited for' switched_off
room Power hci1 blocked
check 'an adapter that is blocked is named' exits 1 'rfkill unblock bluetooth' --speaker --address $nowhere --adapter hci1
room Power hci1 on

# BlueZ goes while it waits
gone() {
	"$TOOL" pair --speaker --address $nowhere --timeout 60 >"$T/out.txt" 2>&1 </dev/null &
	pid=$!
	until_true grep -q 'Looking for' "$T/out.txt"
	# at once, without finishing its files
	kill -KILL "$ROOMD"
	status=0
	wait $pid || status=$?
	cat "$T/out.txt"
	[ $status = 1 ] && grep -q 'BlueZ has ended' "$T/out.txt"
}
check 'pair ends when BlueZ does' gone
finish
