#!/bin/sh
# pw-bluez-combine status: what it shows, of what is so and of what others make up
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tool.sh"
shows() {
	text=$1
	shift
	exits 0 "$text" status "$@"
}
hides() {
	text=$1
	shift
	"$TOOL" status "$@" >"$T/out" && cat "$T/out" && ! grep -F -q -e "$text" "$T/out"
}
# No byte that a terminal acts on, the ends of lines apart
harmless() {
	"$TOOL" status "$@" >"$T/out" && cat -v "$T/out" && ! tr -d '\n' <"$T/out" | grep -q '[[:cntrl:]]'
}
# json CONDITION ARGUMENT...: strict JSON on one line, of which the condition is true
json() {
	condition=$1
	shift
	"$TOOL" status --json "$@" >"$T/out" || return 1
	cat "$T/out"
	[ "$(wc -l <"$T/out")" = 1 ] && python3 -c '
import json, sys
def refuse(word): raise ValueError(word)
with open(sys.argv[1], encoding="utf-8") as file:
    o = json.load(file, parse_constant=refuse)
s = {speaker["address"]: speaker for speaker in o["speakers"]}
sys.exit(0 if eval(sys.argv[2]) else 1)' "$T/out" "$condition"
}
meta() { pw-metadata -n bluez-combine 0 "$@" >/dev/null; }
forge() { meta "$1" "$2" Spa:String:JSON; }

check 'its help names the commands' exits 0 'status ' --help
check 'its version is told' exits 0 'libpipewire' --version
check 'no command is an error' exits 2 'usage: pw-bluez-combine'
check 'an unknown command is named' exits 2 "'stat' is no command; there are: status" stat
check 'with what is like it' exits 2 'did you mean pw-bluez-combine status?' stat
check 'slips are understood' exits 2 'did you mean pw-bluez-combine speaker?' spekaer kitchen --role left
unlike() { exits 2 'is no command' xylophone && ! grep -q 'did you mean' "$T/out"; }
check 'and nothing is guessed of what is like nothing' unlike
check 'help is a command, too' exits 0 'Commands:' help
check 'and takes another one' exits 0 'usage: pw-bluez-combine status' help status
check 'or says that it is none' exits 2 "'stats' is no command" help stats
check 'the help of a command names its options' exits 0 '--group NAME' status --help
check 'an unknown option is named' exits 2 "'--loud' is no option" status --loud
check 'with an option that is like it' exits 2 'did you mean --watch?' status --wach
check 'an option of another command is not' exits 2 "'--role=left' is no option" status --role=left
check 'an unknown letter is named' exits 2 "'-x' is no option" status -jx
check 'an option without its value is named' exits 2 "'--group' needs a value" status --group
check 'an option with a value too many is named' exits 2 "'--json=3' takes no value" status --json=3
check 'a group that can be none is named with what is allowed' exits 2 \
	"'--group' = 'a b' is not valid: expected letters, digits, '_' and '-'" status --group 'a b'
check 'an empty remote is refused' exits 2 "'--remote' = ''" status --remote=
check 'an argument too many is named' exits 2 "'now' is not expected" status now
check 'without a daemon it says so' exits 3 "can't connect to PipeWire at 'pipewire-0'" status
check 'and so when it is to watch' exits 3 "can't connect" status --watch

two_sinks
start_pipewire pipewire
start_wireplumber
"$AWAIT" node speaker_b
check 'without a group it says so' exits 4 "no group 'default'" status
check 'a daemon of another name is not there' exits 3 "at 'elsewhere'" status --remote elsewhere
other_remote() { PIPEWIRE_REMOTE=elsewhere exits 4 "no group 'default'" status --remote pipewire-0; }
check 'the named daemon counts, not that of the environment' other_remote

spawn watch "$TOOL" status --watch
watch=$PID
check 'a group that is not there is waited for' logged watch 'group default: not there'
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
"$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
# Whoever asks for the metadata meanwhile would keep PipeWire from telling those that watch: so these first, each time
check 'it appears when it comes' logged watch 'bluez_combine.default: idle'
spawn watch-json "$TOOL" status --watch --json
watch_json=$PID
check 'and to who watches for JSON' logged watch-json '"state": "idle"'
"$AWAIT" metadata bluez-combine status '"state": "idle"' >/dev/null
spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
check 'a change is seen by who watches' logged watch 'bluez_combine.default: playing'
check 'and by who watches as JSON' logged watch-json '"state": "playing"'
"$AWAIT" metadata bluez-combine status '"state": "playing", "latency.nsec": 30' >/dev/null
"$AWAIT" metadata bluez-combine status '"playing": 2' >/dev/null
check 'the group has a line' shows 'bluez_combine.default: playing, 2 of 2 speakers, latency '
check 'a speaker has its name, its address and its state' shows 'Speaker A  speaker_a  playing'
check 'a second speaker has a line too' shows 'Speaker B  speaker_b  playing'
check 'it says who plays there' shows '  plays: tone'
check 'and so does the JSON' json '[s["name"] for s in o["sources"]] == ["tone"]'
check 'a gain that is the same for all is not shown' hides GAIN
check 'nor is the codec that all can' hides CODEC
check 'what is usual is not explained' hides 'reports no latency'

# draws COLUMNS ROWS TEXT: a view of that size fits, also when the window gets half as wide
draws() { TERM=xterm "$SOURCE_DIR/tests/module/terminal.py" "$@" "$TOOL" status --watch; }
check 'on a terminal each speaker that plays has a bar for its level' draws 120 50 "$(printf 'Speaker B             \342\226\210')"
check 'a speaker that is in time has no bar to a side' draws 80 24 '│░░░░░░░░ +0.0 ms'
check 'a small window has small bars' draws 60 24 '│░░░░ +0.0 ms'
check 'a smaller one has less' draws 40 24 'dB   +0.0 ms'
check 'one that is too low says that there is more' draws 80 6 'more lines: enlarge the window'
spawn view env TERM=xterm "$SOURCE_DIR/tests/module/terminal.py" 80 24 'nobody says this' "$TOOL" status --watch
view=$PID
check 'the meter of a speaker listens to it' "$AWAIT" link speaker_b pw-bluez-combine.meter.speaker_b
stop "$view"
check 'the meters go with it' "$AWAIT" gone pw-bluez-combine.meter.speaker_b

lines_of_b() { grep -c 'Speaker B' "$T/watch.log"; }
before=$(lines_of_b)
forge member.speaker_a '{ "role": "left", "gain": 0.5, "trim.msec": 5 }'
check 'the changed line is printed to who watches' logged watch '-6.0 dB'
"$AWAIT" metadata bluez-combine status.speaker_a '"gain": 0.5' >/dev/null
check 'a gain of one speaker is shown in dB' shows '-6.0 dB'
check 'and that of the other is full' shows 'full'
check 'a role of one speaker is shown' shows 'left'
check 'a trim of one speaker is shown' shows '5.0'
check 'a correction that nobody has is not shown' hides CORRECTION
check 'and the line that is as it was is not printed again' [ "$(lines_of_b)" = "$before" ]

pw-metadata -n settings 0 clock.force-quantum 512 >/dev/null
"$AWAIT" metadata bluez-combine status '"quantum.wanted": 1024' >/dev/null
check 'a forced quantum is explained' shows 'another client forces a quantum of 512 instead of 1024'
pw-metadata -n settings 0 clock.force-quantum 0 >/dev/null

forge member.speaker_b '{ "include": false }'
check 'a member that goes is told to who watches' logged watch 'left out'
"$AWAIT" metadata bluez-combine status.speaker_b '"state": "gone"' >/dev/null
check 'a speaker that is left out is counted' shows '1 more is not here; --all shows it'
check 'and not listed' hides 'Speaker B'
check 'and listed by --all' shows 'Speaker B  speaker_b  left out' --all
meta -d member.speaker_b
"$AWAIT" metadata bluez-combine status.speaker_b '"state": "playing"' >/dev/null

check 'its JSON has the group' json \
	'o["version"] == 1 and o["group"] == "default" and o["status"]["sink"] == "bluez_combine.default"'
check 'its JSON has the speakers' json \
	's["speaker_a"]["gain"] == 0.5 and s["speaker_a"]["role"] == "left" and s["speaker_b"]["name"] == "Speaker B"'
check 'its JSON has what is wished of a speaker' json \
	's["speaker_a"]["member"]["trim.msec"] == 5 and "member" not in s["speaker_b"]'
check 'its JSON names nothing invalid' json '"invalid" not in o'

# Somebody else's writes
evil='{ "name": "\u001b[31mRed\u202e\u009b\u0007\nnext \"line\" \\ é", "state": "unaligned", "basis": "assumed",
	"gain": -1e999, "latency.nsec": "x", "delay.nsec": 99999999999999999999, "member": 3, "address": 4, "new": [ .5 { a = b } 0x10 inf null ] }'
forge status.evil "$evil"
"$AWAIT" metadata bluez-combine status.evil >/dev/null
check 'what a terminal would act on is not shown' harmless
check 'but shown as question marks' shows '?[31mRed???'
check 'nor is it in the JSON' harmless --json
forge status.wide '{ "name": "A speaker whose name does not come to an end soon", "state": "idle" }'
check 'a wide name is cut' shows 'A speaker whose name does not...  wide'
forge status '{ "sink": "x", "state": "playing", "restarts": 3 }'
check 'what stalls have cost is told' shows 'started anew after stalls of this computer: 3 times'
forge status '{ "sink": "x", "state": "warm", "keep-warm.nsec": -1 }'
check 'that speakers are kept awake without end is told' shows 'kept awake without end'
check 'a machine that does not stutter is not said to' hides 'this computer stutters'
forge status '{ "sink": "x", "state": "playing", "stalls": 7, "stalls.nsec": 630000000, "stalls.longest.nsec": 90400000, "stutter": true }'
check 'that it stutters is told, how often and for how long' \
	shows 'this computer stutters: it stood still 7 times within a minute, for 630 ms in all and 90 ms at most'
forge status '{ "sink": "x", "state": "playing", "lease": 4000000000 }'
check 'that a program listens is told' shows 'a program listens to the speakers'
forge status.tracked '{ "name": "Tracked", "state": "playing", "basis": "tracking" }'
check 'and not of one that only tracks: it mutes nobody' hides 'a program listens to the speakers'
meta -d status.tracked
check 'nothing that a name has in it spoils a terminal' draws 80 24 'A speaker whose n'
check 'an assumed latency is explained' shows 'assumed: it reports no latency'
check 'an unaligned speaker is explained' shows 'unaligned: plays, but'
forge status.rests '{ "name": "Rests", "state": "warm" }'
check 'one that is kept awake is explained' shows 'warm: gets silence'
meta -d status.rests
check 'relaxed JSON becomes strict' json \
	's["evil"]["new"] == [".5", {"a": "b"}, "0x10", "inf", None] and s["evil"]["name"].startswith("\x1b[31mRed")'
check 'fields of ours are not overwritten' json 's["evil"]["address"] == "evil" and "member" not in s["evil"]'
forge "status.$(printf '\033[2Jkey')" '{ }'
forge "member.$(printf '\377\376')" '[ ]'
check 'a key is as harmless as a value' harmless --all
check 'and in the JSON' harmless --json
n=0
for bad in '{' '{ "state": ' '{ "state" }' '}' '[ ]' '{ } { }' '{ "a": [ }' 'true' '"' '{ "name": "x' '{ [ ] = 1 }' \
	"$(printf '{ "a": %s }' "$(printf '%0400d' 0 | sed 's/0/[ /g')")"; do
	n=$((n + 1))
	forge status.bad "$bad"
	check "a broken status ($n) is named" shows 'status.bad is not readable'
	check "and in the JSON ($n)" json '"status.bad" in o["invalid"] and "state" not in s["bad"]'
done
forge member.speaker_a 'loud'
check 'a member entry that is no object is named' shows 'member.speaker_a is not valid'
meta -d status
check 'a group without a sink says so' shows 'group default: no sink'
check 'and none of its speakers plays' hides playing --all
forge member.speaker_b '{ "target": "speaker_b" }'
meta -d status.speaker_b
check 'a speaker without a status has the name of its device' shows 'Speaker B  speaker_b  idle'
check 'a connected speaker is idle then' shows 'Speaker B  speaker_b  idle'
forge member.speaker_b '{ "target": "speaker_b", "include": false }'
check 'and one that is left out stays so' hides 'Speaker B'
forge status 'nonsense'
check 'the status of the group may be broken too' shows 'another program has written it'
check 'and is null in the JSON' json 'o["status"] is None and "status" in o["invalid"]'
forge status '{ "state": "playing", "latency.nsec": -9223372036854775808, "quantum": 1e9, "version": 2 }'
check 'a newer version is told' shows 'a newer version has written this'

full() { status=0; "$TOOL" status >/dev/full 2>"$T/out" || status=$?; [ "$status" = 1 ] && grep "can't write" "$T/out"; }
check 'output that goes nowhere is an error' full

lines() { python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$T/watch-json.log"; }
check 'each line of the watched JSON is an object' lines

spawn kitchen pw-cli -m load-module "$MODULE" "{ combine.group = kitchen stream.rules = [ ] }"
"$AWAIT" metadata bluez-combine.kitchen status >/dev/null
check 'another group has a status of its own' shows 'bluez_combine.kitchen: idle, 0 of 0 speakers' --group kitchen
check 'the groups that there are are named' exits 4 "there are: default, kitchen" status --group attic

# shellcheck disable=SC2016 # sh expands it
closed() { timeout 20 sh -c '"$1" status --watch --group kitchen | head -n 1' sh "$TOOL"; }
check 'who watches ends when nobody reads' closed

kitchen() { TERM=xterm "$SOURCE_DIR/tests/module/terminal.py" 80 24 "$1" "$TOOL" status --watch --group kitchen; }
check 'a group without speakers is drawn as well' kitchen 'bluez_combine.kitchen: idle, 0 of 0'

stop "$PIPEWIRE"
status=0
wait "$watch" || status=$?
check 'who watches is told that the daemon has ended' logged watch 'the connection to PipeWire was lost'
check 'by the exit status as well' [ "$status" = 3 ]
wait "$watch_json" || :
finish
