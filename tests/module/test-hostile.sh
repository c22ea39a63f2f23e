#!/bin/sh
# What others may do to a group that plays: names, floods, huge values, who may write
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

two_sinks
# Names that break what is not quoted
evil="$(printf 'a\\"b } ] \\n\\t\\u0001 \303\244')"
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/20-evil.conf" <<CONF
context.objects = [
  { factory = adapter args = { factory.name = support.null-audio-sink node.name = "speaker_$evil$(printf '%0150d' 0)"
      node.description = "Kitchen $evil" media.class = Audio/Sink object.linger = true
      audio.position = [ FL FR ] x.huge = "$(printf '%065536d' 0)" } }
]
CONF
start_pipewire pipewire
start_wireplumber
start_host host
out=bluez_combine.default.output
spawn player "$BUILD_DIR/tests/module/tone" bluez_combine.default
"$AWAIT" metadata bluez-combine status '"members": 3, "playing": 3' >/dev/null

playing() { kill -0 "$HOST" && "$AWAIT" metadata bluez-combine status '"state": "playing"' >/dev/null; }
check 'a speaker with any name plays' playing
whole() {
	pw-metadata -n bluez-combine 0 >"$T/all" &&
		python3 - "$T/all" <<'PY'
import json, re, sys
text = open(sys.argv[1]).read()
found = [json.loads(v) for v in re.findall(r"key:'status\..*? value:'(\{.*?\})' type:", text, re.S)]
assert re.search("key:'status[.]speaker_a.*?0{150}'", text, re.S), 'the key is cut'
assert len(found) == 3, found
assert sum('Kitchen' in f['name'] for f in found) == 1, found
PY
}
check 'and its status is JSON' whole

flood() { "$BUILD_DIR/tests/module/flood" "$@"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$HOST/status"; }
lines() { wc -l <"$T/host.log"; }
# few_lines COMMAND...: it makes less than 100 lines in the host's log
few_lines() {
	before=$(lines)
	"$@" || return 1
	playing || return 1
	after=$(lines)
	echo "$((after - before)) lines"
	[ $((after - before)) -lt 100 ]
}
check '10000 wrong values make no 10000 lines' few_lines flood bluez-combine 10000 member.speaker_ '{ "gain": 7 }'
more() { logged host 'more values were not valid' || logged host 'more keys were taken out'; }
check 'right values of 10000 speakers make none' few_lines \
	flood bluez-combine 10000 member.AA:00: '{ "gain": 0.5, "role": "left" }'
huge="{ \"target\": \"$(printf '%030000d' 0)\" }"
check 'nor do huge ones' few_lines flood bluez-combine 500 member.huge_ "$huge"

kept() { pw-metadata -n bluez-combine 0 2>/dev/null | grep -c "key:'junk_"; }
# Set, and not cleared: what is kept of them is bounded
junk() {
	before=$(rss)
	flood -k bluez-combine 4000 junk_ "$(printf '%01000d' 0)" || return 1
	until_bounded || return 1
	after=$(rss)
	echo "kept $(kept) keys; resident memory $before -> $after kB"
	[ "$(kept)" -le 256 ] && [ $((after - before)) -lt 30000 ]
}
until_bounded() {
	tries=0
	until [ "$(kept)" -le 256 ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.1
	done
}
check 'of 4000 keys that nobody knows no more than 256 are kept' junk
sed 's/^/# /' "$T/check.log"
check 'which is said' logged host 'is taken out: allowed are 1024 keys'
newcomer() {
	spawn newcomer pw-cli -m create-node adapter '{ factory.name = support.null-audio-sink node.name = speaker_new
		media.class = Audio/Sink audio.position = [ FL FR ] }'
	"$AWAIT" metadata bluez-combine status.speaker_new '"state": "playing"'
}
check 'a speaker that comes now has its line all the same' newcomer
stop "$PID"
pw-metadata -n bluez-combine -d >/dev/null
"$BUILD_DIR/tests/module/flood" bluez-combine 1 member.speaker_x '{ }'
pw-metadata -n bluez-combine 0 member.speaker_b '{ "gain": 0.25 }' Spa:String:JSON >/dev/null
check 'and a right value after all that is acted on' \
	"$AWAIT" metadata bluez-combine status.speaker_b '"gain": 0.250000'

# Props: of any type, not finite, huge
id_of() { pw-dump | python3 -c '
import json, sys
for o in json.load(sys.stdin):
    p = (o.get("info") or {}).get("props") or {}
    if o["type"].endswith("Node") and p.get("node.name") == sys.argv[1]: print(o["id"])' "$1"; }
params() {
	for node in bluez_combine.default $out.speaker_a; do
		id=$(id_of "$node")
		for value in '{ volume: nan }' '{ volume: -1 }' '{ volume: inf }' '{ volume: "loud" }' '{ mute: [ 1 2 ] }' \
			"{ channelVolumes: [ $(yes 0.5 | head -n 5000 | tr '\n' ' ')] }" \
			'{ channelVolumes: [ nan inf -1 1e30 ] }' '{ params: [ 1 2 3 ] }' \
			'{ params: [ "output.0.delay.nsec" -5 ] }' '{ latencyOffsetNsec: 9223372036854775807 }' '[ ]' '7'; do
			pw-cli set-param "$id" Props "$value" >/dev/null 2>&1 || :
		done
		for param in Format Latency ProcessLatency PortConfig Buffers Tag; do
			pw-cli set-param "$id" $param '{ rate: -1 ns: 9223372036854775807 minNs: -5 quantum: nan }' >/dev/null 2>&1 || :
			pw-cli set-param "$id" $param '[ ]' >/dev/null 2>&1 || :
		done
	done
	playing
}
check 'params of the wrong kind do no harm' params
for node in bluez_combine.default $out.speaker_a; do
	pw-cli set-param "$(id_of "$node")" Props '{ volume: 1.0 channelVolumes: [ 1.0 1.0 ] mute: false }' >/dev/null
done
check 'and the group plays on' playing

# A client with the rights of a Flatpak's
untrusted() { "$BUILD_DIR/tests/module/flood" -u "$@"; }
denied() {
	untrusted bluez-combine 3 member.untrusted_ '{ "include": false }' 2>"$T/untrusted" && return 1
	cat "$T/untrusted"
	grep -qi 'permi' "$T/untrusted" && ! pw-metadata -n bluez-combine 0 | grep -q untrusted_
}
check 'a client like a Flatpak cannot write the metadata' denied
denied_props() {
	untrusted -p "$(id_of bluez_combine.default)" bluez-combine 1 x y 2>"$T/untrusted" && return 1
	cat "$T/untrusted"
	grep -qi 'permi' "$T/untrusted"
}
check 'nor set the Props of the sink' denied_props
allowed() {
	flood -k bluez-combine 1 member.trusted_ '{ "include": false }' &&
		"$AWAIT" metadata bluez-combine member.trusted_0 include
}
check 'an ordinary client of the user can write' allowed
allowed_props() { flood -p "$(id_of bluez_combine.default)" bluez-combine 1 x y; }
check 'and set Props' allowed_props

stop "$HOST"
finish
