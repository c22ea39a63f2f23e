#!/bin/sh
# A lease: what one client may say of a group for as long as it is there
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/module/impostor.sh
. "$(dirname "$0")/impostor.sh"

CLIENT="$BUILD_DIR/tests/module/client"
META=bluez-combine

two_sinks
start_pipewire pipewire
start_wireplumber
no_group() { status=0; "$CLIENT" lease default solo || status=$?; [ $status = 2 ]; }
check 'without a group an error is returned' no_group
# An object that no module looks at
start_impostor
impostor "metadata metadata.name=bluez-combine.empty"
spawn empty "$CLIENT" lease empty solo
unanswered=$PID
# How a lease ends it tells in its log
start_host host env PIPEWIRE_DEBUG=2,mod.bluez-combine:3
out=bluez_combine.default.output
"$AWAIT" link $out.speaker_a speaker_a
"$AWAIT" link $out.speaker_b speaker_b
spawn tone "$BUILD_DIR/tests/module/tone" bluez_combine.default

# state SPEAKER STATE, delay SPEAKER NSEC
state() { "$AWAIT" metadata $META "status.$1" "\"state\": \"$2\""; }
delay() { "$AWAIT" metadata $META "status.$1" "\"delay.nsec\": $2,"; }
# begin NAME SAID..., begin_track NAME SAID...: a client asks for a lease; its process is $HOLDER
begin_as() {
	how=$1
	holder=$2
	shift 2
	spawn "$holder" "$CLIENT" "$how" default "$@"
	HOLDER=$PID
}
begin() { begin_as lease "$@"; }
begin_track() { begin_as track "$@"; }
id() { sed -n 's/^taken by \([0-9]*\),.*/\1/p' "$T/$1.log" | head -n 1; }
# there is no lease
nobody() {
	tries=0
	while pw-metadata -n $META 0 lease.taken 2>/dev/null | grep -q client ||
		pw-metadata -n $META 0 status 2>/dev/null | grep -q '"lease"'; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}
state speaker_a playing >/dev/null
state speaker_b playing >/dev/null
now_ms() { date +%s%3N; }

# What takes time goes on beside all the rest, in groups of their own. A client that stands still:
still_sink() {
	exec pw-cli -m create-node adapter '{ factory.name = support.null-audio-sink node.name = still_a
		media.class = Audio/Sink audio.position = [ FL FR ] }'
}
spawn still-sink still_sink
spawn still-host env PIPEWIRE_DEBUG=2,mod.bluez-combine:3 pw-cli -m load-module "$MODULE" '{ combine.group = still
	stream.rules = [ { matches = [ { node.name = still_a } ] actions = { create-stream = { } } } ] }'
"$AWAIT" link bluez_combine.still.output.still_a still_a
spawn still-tone "$BUILD_DIR/tests/module/tone" bluez_combine.still
still() { "$AWAIT" metadata $META.still status.still_a "$@"; }
still '"state": "playing"' >/dev/null
spawn still "$CLIENT" lease still solo still_a=10
STILL=$PID
still '"state": "muted"' >/dev/null
stood=$(now_ms)
kill -STOP "$STILL"
went_on() {
	still '"state": "playing"'
	now_ms
}
spawn went-on went_on
WENT_ON=$PID
# and one that goes on
spawn kept-host pw-cli -m load-module "$MODULE" '{ combine.group = kept stream.rules = [ ] }'
"$AWAIT" metadata $META.kept status >/dev/null
spawn kept "$CLIENT" lease kept solo
logged kept 'taken by' >/dev/null
kept=$(now_ms)

# Who is heard
begin solo solo +speaker_a
solo=$HOLDER
check 'a lease is taken' logged solo 'taken by'
solo_id=$(id solo)
check 'the status says whose it is' "$AWAIT" metadata $META status "\"lease\": $solo_id,"
check 'who is not named is silent' state speaker_b muted
check 'and who is named plays' state speaker_a playing
check 'and that is one of two' "$AWAIT" metadata $META status '"members": 2, "playing": 1,'
spawn late pw-cli -m create-node adapter '{ factory.name = support.null-audio-sink node.name = speaker_c
	media.class = Audio/Sink audio.position = [ FL FR ] }'
check 'who comes meanwhile is silent, too' state speaker_c muted
stop "$PID"

# Who else wants one
begin second solo +speaker_b
check 'a second client is refused, and told why' logged second "refused: the client $solo_id has the lease"
check 'and nothing is changed by it' state speaker_b muted
stop "$HOLDER"
refused() {
	pw-metadata -n $META "$1" lease "$2" Spa:String:JSON >/dev/null
	"$AWAIT" metadata $META lease.refused "$3"
}
check 'nonsense is refused with key, value and what is allowed' refused "$solo_id" '{ "count": 7, "solo": 3 }' \
	"\"count\": 7, \"refused\": \"'solo' = '3' is not valid: expected an array of addresses, or null\""
check 'and nothing is changed by that' state speaker_b muted
check 'where no module answers that is told in the end' logged empty 'no lease any more: Connection timed out'
stop "$unanswered"
stop_impostor
start_restricted
impostor "node node.name=nothing"
restricted=$(pw-cli ls Client | awk -v pid="$IMPOSTOR" '
	/^\tid/ { id = $2; sub(",", "", id) }
	/pipewire.sec.pid/ { gsub("\"", "", $3); if ($3 == pid) print id }')
check 'nor does a restricted client get one' refused "$restricted" '{ "count": 8 }' \
	"\"client\": $restricted, \"count\": 8, \"refused\": \"$restricted is no client that is there, or a restricted one"
stop_impostor
stays() { pw-metadata -n $META "$1" | grep -q "key:'$2'"; }
other_key() {
	pw-metadata -n $META "$1" "$2" '{ }' Spa:String:JSON >/dev/null
	# That is told in the log, but not of each
	tries=0
	while stays "$1" "$2"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
}
check 'who is no client can say nothing' other_key 999 lease
check 'and a client nothing else' other_key "$solo_id" member.speaker_a

# How it ends
kill -9 "$solo"
ends_at_once() {
	state speaker_b playing && nobody &&
		logged host 'the lease of the group default has ended: its client' && ! grep -F 'not renewed' "$T/host.log"
}
check 'when its client is killed all is as before, at once' ends_at_once
check 'and nothing of it is left' stays 0 status
left() { ! stays "$solo_id" lease; }
check 'nor is what it wrote' left

# Where somebody is
delay speaker_a 30000000 >/dev/null
delay speaker_b 30000000 >/dev/null
pw-metadata -n $META 0 member.speaker_b '{ "correction.msec": 5 }' Spa:String:JSON >/dev/null
check 'the correction that a member has' delay speaker_b 25000000
begin placed speaker_b=-12.5
check 'and that of a lease are added' delay speaker_b 37500000
check 'others stay where they are' delay speaker_a 30000000
stop "$HOLDER"
check 'at its end that of the lease goes, and the other one stays' delay speaker_b 25000000

# What is tracked, on top of the correction of 5 ms that speaker_b has
status_has() { "$AWAIT" metadata $META "status.$1" "$2"; }
begin_track tracker speaker_b=-12.5
check 'what is tracked is added, too' delay speaker_b 37500000
check 'and who tracks is told in the status' status_has speaker_b '"basis": "tracking"'
check 'with how much of the correction that is' status_has speaker_b '"correction.nsec": -7500000, "tracked.nsec": -12500000,'
untracked() { pw-metadata -n $META 0 "status.$1" | grep -q '"basis": "reported"'; }
check 'who is not named is not tracked' untracked speaker_a
begin_track other speaker_b=1
check 'a second one that tracks is refused' logged other 'has the lease'
stop "$HOLDER"
begin solo solo +speaker_a
check 'who has one speaker heard alone gets the lease of who tracks' logged solo 'taken by'
check 'and it is so' state speaker_b muted
check 'which is told' logged tracker 'no lease any more'
check 'what was tracked stays' delay speaker_b 37500000
stop "$HOLDER"
nobody
check 'also when nobody tracks' status_has speaker_b '"tracked.nsec": -12500000,'
begin_track again speaker_a=2
delay speaker_a 28000000 >/dev/null
check 'and when somebody tracks another one' status_has speaker_b '"tracked.nsec": -12500000,'
kill -9 "$HOLDER"
nobody
check 'when its client is killed it stays' delay speaker_a 28000000
begin_track gone speaker_a=nan speaker_b=nan
check 'until it is taken away' delay speaker_b 25000000
check 'of each' delay speaker_a 30000000
stop "$HOLDER"

# When it has been said long ago
wait "$WENT_ON" || :
check 'a lease of a client that stands still ends' grep -F -q '"state": "playing"' "$T/went-on.log"
# It is given up 10 s after it was written last, which is every 2 s
for_a_while() { took=$(($(tail -n 1 "$T/went-on.log") - stood)); echo "$took ms"; [ $took -ge 6000 ]; }
check 'which it has for a while' for_a_while
check 'and which is why' logged still-host 'the lease of the group still has ended: it was not renewed'
check 'its speaker is where it was' still '"delay.nsec": 30000000,'
kill -CONT "$STILL"
check 'it learns that when it goes on' logged still 'no lease any more: Timer expired'
while [ $(($(now_ms) - kept)) -lt 12000 ]; do sleep 0.1; done
is_kept() { "$AWAIT" metadata $META.kept lease.taken "\"client\": $(id kept)," && ! grep -F 'no lease any more' "$T/kept.log"; }
check 'a client that goes on keeps it' is_kept

begin last solo +speaker_b
logged last 'taken by' >/dev/null
state speaker_a muted >/dev/null
stop "$HOST"
check 'when the module goes, its client is told' logged last 'no lease any more'
start_host again
check 'and another module knows nothing of it' state speaker_a playing
stop "$HOLDER"

finish
