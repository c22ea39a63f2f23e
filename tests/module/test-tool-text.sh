#!/bin/sh
# pw-bluez-combine: whatever others have written into PipeWire, no command passes it on to the terminal
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tool.sh"

# ESC and CSI sequences, a window's title, C1 as characters and as bytes that are no UTF-8, DEL, marks that turn the direction
# and an end of a line: once as JSON has it, once as bytes
JSON='X\u001b[31m\u001b]0;T\u0007\u009b2J\u0090\u0085\u007f\u202e\u2066\u200f\u2028\ufeff\b\r\n  FORGED\t'
BYTES=$(printf 'X\033[31m\033]0;T\007\302\2332J\302\220\302\205\233\377\355\240\200\300\257\177\342\200\256\342\201\246\342\200\217\r\n  FORGED\t|')
# The same for words, which are short
WORD='\u001b[1m\u009b\u202e\n'

harmless() { "$SOURCE_DIR/tests/module/harmless.py" --one-line FORGED "$@"; }
# prints TEXT ARGUMENT...: what the tool prints has TEXT, and is harmless
prints() {
	text=$1
	shift
	timeout 20 "$TOOL" "$@" >"$T/out" 2>&1 </dev/null || :
	cat -v "$T/out"
	grep -F -q -e "$text" "$T/out" && harmless "$T/out"
}

# Without our policy: the metadata is the daemon's, which changes nothing of it.
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-objects.conf" <<CONF
context.objects = [
  { factory = metadata args = { metadata.name = bluez-combine } }
  { factory = metadata args = { metadata.name = "bluez-combine.other$JSON" } }
  { factory = adapter args = { factory.name = support.null-audio-sink media.class = Audio/Sink
      node.name = bluez_combine.default audio.position = [ FL FR ] } }
  { factory = adapter args = { factory.name = support.null-audio-sink media.class = Audio/Sink
      node.name = "node$JSON" node.description = "Node $JSON" audio.position = [ FL FR ] } }
  { factory = adapter args = { factory.name = support.null-audio-sink media.class = Audio/Sink
      node.name = unplayed node.description = "Unplayed $JSON" audio.position = [ FL FR ] } }
  { factory = adapter args = { factory.name = support.null-audio-sink media.class = Audio/Sink
      node.name = source node.description = "Source $JSON" media.name = "$JSON" audio.position = [ FL FR ] } }
]
CONF
start_pipewire pipewire
start_wireplumber
until pw-metadata -n bluez-combine >/dev/null 2>&1; do sleep 0.02; done
forge() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
id() { pw-cli ls Node | awk -v name="$1" '/^\tid / { id = $2 } index($0, "node.name = \"" name) { sub(",", "", id); print id; exit }'; }
"$AWAIT" node source && "$AWAIT" node bluez_combine.default
tries=0
until pw-link source:monitor_FL bluez_combine.default:playback_FL >"$T/link.log" 2>&1; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || { cat "$T/link.log"; exit 1; }
	sleep 0.05
done
sink=$(id bluez_combine.default)

# Every field that there is of a group and of a speaker, and values that are of no kind
forge status "{ \"version\": 1, \"sink\": \"Sink $JSON\", \"sink.id\": $sink, \"state\": \"$WORD\", \"quantum\": 1024, \"rate\": 48000,
	\"quantum.basis\": \"$WORD\", \"quantum.wanted\": 256, \"rate.wanted\": 44100, \"packet.nsec\": 1, \"latency.nsec\": 1,
	\"members\": 3, \"playing\": 1, \"restarts\": 2, \"new\": \"$JSON\" }"
fields="\"state\": \"$WORD\", \"basis\": \"$WORD\", \"codec\": \"$WORD\", \"role\": \"$WORD\", \"target\": \"$JSON\", \"adapter\": \"$JSON\",
	\"latency.nsec\": \"$JSON\", \"delay.nsec\": \"$JSON\", \"gain\": \"$JSON\", \"trim.nsec\": \"$JSON\", \"correction.nsec\": \"$JSON\", \"$JSON\": \"$JSON\""
wishes="\"role\": \"$WORD\", \"gain\": \"$JSON\", \"trim.msec\": \"$JSON\", \"correction.msec\": \"$JSON\", \"include\": \"$WORD\",
	\"target\": \"$JSON\", \"$JSON\": \"$JSON\""
plain="AA:BB:CC:00:00:01"
forge "status.$plain" "{ \"name\": \"Plain $JSON\", $fields }"
forge "member.$plain" "{ $wishes }"
# Numbers that are some, so that all columns are there
forge "status.$BYTES" "{ \"name\": \"Odd $JSON\", \"state\": \"playing\", \"target\": \"unplayed\", \"basis\": \"$WORD\", \"codec\": \"$WORD\", \"role\": \"$WORD\",
	\"latency.nsec\": 1, \"delay.nsec\": 1, \"gain\": 0.5, \"trim.nsec\": 1, \"correction.nsec\": 1 }"
forge "member.$BYTES" "{ $wishes }"
# Neither name nor state: the node has one
forge "status.node$(printf 'X')" "{ }"
forge status.unplayed "{ \"state\": \"playing\", \"basis\": \"reported\" }"
forge "status.raw" "{ \"name\": \"Raw $BYTES\", \"state\": \"$BYTES\" }"
forge "status.bad$BYTES" "$BYTES"
forge "member.bad$BYTES" "$BYTES"

check 'status' prints 'Plain X?[31m' status
check 'with who plays' prints 'Source X?[31m' status
check 'all of it' prints 'bad' status --all
check 'status as JSON' prints '"Plain X\u001b[31m' status --all --json
check 'a name that only the node has' prints 'Unplayed X?[31m' status --all
watched() { timeout 2 "$TOOL" status --watch "$@" >"$T/out" 2>&1 || :; cat -v "$T/out"; grep -q Plain "$T/out" && harmless "$T/out"; }
check 'status --watch into a file' watched
check 'and as JSON' watched --json
# terminal.py looks at what is drawn
draws() { TERM=xterm "$SOURCE_DIR/tests/module/terminal.py" 100 30 "$1" "$TOOL" status --watch; }
check 'status --watch on a terminal' draws 'Odd X?[31m'
check 'a group that is not there' prints 'otherX?[31m' status --group elsewhere

check 'a speaker' prints 'Plain X?[31m' speaker "$plain"
check 'one with an address that is none' prints 'Odd X?[31m' speaker Odd
check 'its address is there' prints '(X?[31m' speaker Odd
check 'a change of it' prints '-> left' speaker Odd --role left
check 'an offset of one that is not connected' prints 'is not connected' speaker Odd --offset 5
check 'those that there are' prints 'no speaker' speaker "nobody$BYTES"
check 'those that it can be' prints 'can be more than one' speaker X
check 'a role that is none' prints 'is not valid' speaker Odd --role "$BYTES"

forge "status.$BYTES" '{ "state": "gone" }'
check 'by an address that is none' prints 'is not connected' test "$BYTES"
forge "status.$BYTES" "{ \"name\": \"Odd $JSON\", \"state\": \"playing\", \"target\": \"unplayed\" }"
test_fails() {
	"$BUILD_DIR/tests/module/accuse" pw-bluez-combine "$BYTES" &
	accuse=$!
	PIDS="$PIDS $accuse"
	prints "can't play" test Odd && wait $accuse && grep -F 'Odd X?[31m' "$T/out"
}
check 'an error that somebody else sends, while the test plays' test_fails

check 'a remote' prints "at 'X?[31m" status --remote "$BYTES"
of_environment() { PIPEWIRE_REMOTE=$BYTES prints "at 'X?[31m" speaker Odd; }
check 'one of the environment' of_environment
for command in status speaker test doctor pair; do
	check "an argument of $command" prints 'X?[31m' "$command" "$BYTES" "$BYTES"
	check "an option of $command" prints 'is no option' "$command" "--$BYTES"
done
check 'a command' prints 'X?[31m' "$BYTES"
for option in --name --address --adapter --timeout; do
	check "$option of pair" prints '' pair --speaker "$option" "$BYTES"
done
finish
