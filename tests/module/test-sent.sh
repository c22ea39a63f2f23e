#!/bin/sh
# What each speaker is sent can be had to the sample, and who listens is never heard
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

SENT="$BUILD_DIR/tests/module/sent"
META=bluez-combine

two_sinks
start_pipewire pipewire
start_wireplumber
start_host host
out=bluez_combine.default.output
"$AWAIT" link $out.speaker_a speaker_a
"$AWAIT" link $out.speaker_b speaker_b
spawn play "$SENT" play
state() { "$AWAIT" -t 60 metadata $META "status.$1" "\"state\": \"$2\""; }
state speaker_a playing >/dev/null
state speaker_b playing >/dev/null

# speaker NAME: what a speaker gets
speaker() {
	spawn "$1" "$SENT" speaker "got_$1"
	tries=0
	until pw-link "$1:monitor_FL" "got_$1:in" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.05
	done
	pw-link "$1:monitor_FR" "got_$1:in"
}
speaker speaker_a
speaker_a=$PID
speaker speaker_b
speaker_b=$PID
sleep 1

spawn listen "$SENT" listen
listener=$PID
sleep 3
# Else an output would take the mean of ours, 0, and its speaker's for its speaker's
no_latency() {
	pw-dump | awk '/"port.name": "speaker_1"/ { found = 1 } /"port.ignore-latency": true/ { ignored = 1 }
		END { exit !(found && ignored) }'
}
check 'who listens tells no output a latency' no_latency

# One that stands still, and goes on
kill -STOP "$listener"
sleep 4
kill -CONT "$listener"
sleep 2
# One that is killed while it listens
spawn killed "$SENT" listen
sleep 2
kill -STOP "$PID"
sleep 1
kill -9 "$PID"
sleep 1
stop "$listener"
stop "$speaker_a"
stop "$speaker_b"

# same NAME: how many cycles both got, of which none differs
same() {
	awk -v who="$1" '
		FNR == NR { got[$2] = $3; next }
		$1 == who && $2 in got { n++; if ($3 != got[$2] || $4) { bad++; print "frame", $2, "is", $3, "not", got[$2], $4 } }
		END { print n + 0, "cycles"; exit n < 100 || bad }' "$T/$1.log" "$T/listen.log"
}
check 'what a listener gets of an output is what the speaker gets' same speaker_a
check 'and so it is of the other one' same speaker_b

# missed: of the time that it stood still it has nothing
missed() {
	awk '$1 == "speaker_a" { if (last && $2 > last + 48000) n++; last = $2 } END { exit !n }' "$T/listen.log"
}
check 'what it did not hear is missing' missed

# whole NAME: every sample follows the one before. The first cycles may be those of the links themselves
whole() {
	awk '{ sample = ($3 - $2) % 4194304; if (sample < 0) sample += 4194304 }
		NR > 20 && (sample != before || $4) { bad++; print "frame", $2, "sample", $3, "wrong", $4 }
		{ before = sample; n++ }
		END { print n, "cycles"; exit n < 300 || bad }' "$T/$1.log"
}
check 'no speaker misses or repeats a sample while a listener comes, stands still and is killed' whole speaker_a
check 'nor does the other one' whole speaker_b

finish
