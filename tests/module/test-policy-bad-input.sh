#!/bin/sh
# Wrong settings, rules and members: what the policy says, and that audio goes on
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
start_pipewire pipewire

use_policy "$SOURCE_DIR/wireplumber"

# The sink is wanted always, so that every setting is read
cat >"$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d/20-wrong.conf" <<-'CONF'
wireplumber.settings = {
  bluez-combine.sink.lifetime = "always"
  bluez-combine.source.vendors = "bluetooth:0171"
  bluez-combine.match-by-name = "perhaps"
  bluez-combine.auto-add = 7
  bluez-combine.lower-member-priority = "yes, please"
  bluez-combine.make-default = 7
  bluez-combine.members.max = 0
  bluez-combine.members.exclude = "Kitchen"
  bluez-combine.sink.linger.msec = -1
  bluez-combine.sink.timeout.msec = 5
  bluez-combine.headroom.msec = 9999
  bluez-combine.max-delay.msec = "long"
  bluez-combine.unaligned = "shout"
  bluez-combine.quantum = 1000
  bluez-combine.rate = 5
}
bluez-combine.rules = [
  5
  { matches = [ { device.name = "a" } ] actions = { update-props = { bluez-combine.member = maybe } } }
  { matches = [ { device.name = "b" } ] actions = { update-props = { bluez-combine.sauce = true } } }
  { matches = [ { device.name = "c" } ] }
]
CONF
export WIREPLUMBER_DEBUG=2
start_wireplumber
spawn player "$BUILD_DIR/tests/module/tone" speaker_a
player=$PID
going_on() { kill -0 "$player" && "$AWAIT" link tone speaker_a; }

check 'the sink is there all the same' "$AWAIT" node bluez_combine.default
check 'and so is other audio' going_on

# setting NAME VALUE ALLOWED
setting() {
	check "setting $1 = $2 is named, with what is allowed" \
		logged wireplumber "setting 'bluez-combine.$1' is $2; allowed: $3"
}
setting source.vendors '"bluetooth:0171"' 'an array'
setting match-by-name '"perhaps"' 'true, false'
setting auto-add 7 'true, false'
setting lower-member-priority '"yes, please"' 'true, false'
setting make-default 7 'true, false'
setting members.max 0 'a whole number, 1 to 64'
setting members.exclude '"Kitchen"' 'an array'
setting sink.linger.msec -1 'a whole number, 0 to 3600000'
setting sink.timeout.msec 5 'a whole number, 100 to 30000'
setting headroom.msec 9999 'a whole number, 0 to 500'
setting max-delay.msec '"long"' 'a whole number, 0 to 4000'
setting unaligned '"shout"' '"play", "mute"'
setting quantum 1000 '0, or a power of two from 64 to 8192'
setting rate 5 '0, or 8000 to 192000'

rule() { check "a rule with $1" logged wireplumber "rule $2"; }
rule 'no object' "1: 'matches' must be an array of objects"
rule 'a member that is neither true nor false' '2: '"'bluez-combine.member'"' is "maybe"; allowed: true, false'
rule 'an unknown key' "3: unknown key 'bluez-combine.sauce'; allowed: bluez-combine.source"
rule 'no actions' "4: 'actions' must be { update-props"

# Members by address, as the policy takes them
meta() { pw-metadata -n bluez-combine 0 "$1" "$2" Spa:String:JSON >/dev/null; }
"$AWAIT" metadata bluez-combine status >/dev/null
address=AA:BB:CC:DD:EE:FF
member() {
	what=$1
	meta "member.$address" "$2"
	check "$what is named" logged wireplumber "$3"
	check "$what: other audio goes on" going_on
}
member 'a role that does not exist' '{ "role": "centre" }' 'centre'
member 'a gain above 0 dB' '{ "gain": 2 }' "'gain'"
member 'a trim that is no number' '{ "trim.msec": "much" }' 'much'
member 'a correction out of range' '{ "correction.msec": 99999 }' "'correction.msec'"
member 'an include that is neither true nor false' '{ "include": 3 }' "'include'"
member 'a field that does not exist' '{ "colour": "red" }' "'colour'"
member 'JSON that breaks off' '{ "role": "left"' 'no complete JSON object'

# Floods: the object is the policy's own here
flood() { "$BUILD_DIR/tests/module/flood" "$@"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$WIREPLUMBER/status"; }
lines() { wc -l <"$T/wireplumber.log"; }
# An answer to a write after all others says that they have been looked at
looked_at() {
	round=$((${round:-0} + 1))
	meta "member.$address" "{ \"gain\": 0.$round }"
	"$AWAIT" -t 60 metadata bluez-combine "member.$address" "\"gain\": 0.$round, \"include\"" >/dev/null
}
# few_lines COMMAND...: it makes less than 60 lines in WirePlumber's log
few_lines() {
	before=$(lines)
	"$@" && looked_at && going_on || return 1
	after=$(lines)
	echo "$((after - before)) lines"
	[ $((after - before)) -lt 60 ]
}
check '5000 wrong values make no 5000 lines' \
	few_lines flood bluez-combine 5000 member.AA:BB:CC:DD:0 '{ "gain": 7 }'
check 'nor do ever new fields of one speaker' few_lines flood bluez-combine 1000 member.00:00:00:00:00:0 '{ "a": 1 }'
huge="{ \"role\": \"left\", \"target\": \"$(printf '%030000d' 0)\" }"
check 'nor do huge values' few_lines flood bluez-combine 500 member.huge_ "$huge"
put_right() {
	meta "member.$address" "$huge"
	looked_at && ! pw-metadata -n bluez-combine 0 "member.$address" | grep -q 0000
}
check 'a huge value in an entry that is in use is put right' put_right

kept() { pw-metadata -n bluez-combine 2>/dev/null | grep -c "key:'$1"; }
junk() {
	before=$(rss)
	for prefix in junk_ member.junk_ status.junk_; do
		flood -k bluez-combine 2000 $prefix "$(printf '%01000d' 0)" && looked_at || return 1
	done
	after=$(rss)
	echo "kept $(kept junk_) others, $(kept member.) members, $(kept status) of status; resident memory $before -> $after kB"
	[ "$(kept junk_)" -le 256 ] && [ "$(kept member.)" -le 1024 ] && [ "$(kept status)" -le 768 ] &&
		[ $((after - before)) -lt 60000 ] && going_on
}
check 'of 6000 keys no more than 2048 are kept, and each kind has its own number' junk
sed 's/^/# /' "$T/check.log"
check 'which is said' logged wireplumber 'is taken out: allowed are 1024 keys'
check 'and a right value after all that is acted on' looked_at
saved() {
	size=$(wc -c <"$XDG_STATE_HOME/wireplumber/bluez-combine")
	echo "$size bytes"
	[ "$size" -lt 65536 ]
}
check 'the file of what is saved stays small' saved

finish
