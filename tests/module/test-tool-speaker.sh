#!/bin/sh
# pw-bluez-combine speaker: what it shows and changes of one speaker
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tool.sh"
# shellcheck disable=SC2034 # tool.sh uses it
COMMAND=speaker
meta() { pw-metadata -n bluez-combine 0 "$@" >/dev/null; }
status_has() { "$AWAIT" metadata bluez-combine "status.$1" "$2" >/dev/null; }
member_has() { pw-metadata -n bluez-combine 0 "member.$1" | grep -F -e "$2"; }

check 'a name is needed' tells 2 'a name is missing'
check 'a role that is none is named with what is allowed' tells 2 \
	"'--role' = 'both' is not valid: expected stereo, left, right, mono, default" speaker_a --role both
for bad in 1.1 -0.1 nan inf 3dB -61dB dB '' 1e400; do
	check "a gain that is none is named ('$bad')" tells 2 "'--gain' = '$bad' is not valid" a --gain "$bad"
done
check 'a trim out of range is named' tells 2 "'--trim' = '1001'" a --trim 1001
check 'an offset out of range is named' tells 2 "'--offset' = '-2001'" a --offset -2001
check 'include and exclude do not go together' tells 2 'do not go together' a --include --exclude
check 'a second name is not expected' tells 2 "'b' is not expected" a b
check 'without a daemon it says so' tells 3 "can't connect" a

two_sinks
start_pipewire pipewire
start_wireplumber
"$AWAIT" node speaker_b
check 'without a group it says so' tells 4 "no group 'default'" speaker_a
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
"$AWAIT" link bluez_combine.default.output.speaker_a speaker_a
"$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
status_has speaker_a '"state"'
status_has speaker_b '"state"'

check 'it is found by its address' tells 0 'Speaker A (speaker_a)' speaker_a
check 'it is found by its name, capitals or not' tells 0 'Speaker A (speaker_a)' 'speaker a'
check 'it is found by a part of its name' tells 0 'Speaker B (speaker_b)' 'r b'
check 'a part that two have is not enough' tells 5 "'speaker' can be more than one" speaker
check 'both are listed then' grep -F 'speaker_b  Speaker B' "$T/out"
check 'a part of an address is one with a colon' tells 5 "no speaker 'ker_'" ker_
check 'a name that nobody has is told with those that there are' tells 5 "no speaker 'attic'; there are" attic

check 'a role and a gain are changed' tells 0 'stereo -> left' 'speaker a' --role left --gain -6dB
check 'it is told what was before' grep -F -- '0.0 dB -> -6.0 dB' "$T/out"
once() { [ "$(grep -c '(speaker_a)' "$T/out")" = 1 ] && [ "$(wc -l <"$T/out")" -ge 4 ]; }
check 'once' once
check 'the module plays it so' status_has speaker_a '"role": "left", "gain": 0.501187'
check 'and it is shown so' tells 0 'left' speaker_a
check 'in dB' grep -F -- '-6.0 dB' "$T/out"
check 'a trim is changed' tells 0 '(speaker' speaker_a --trim 12.5
check 'the module knows' status_has speaker_a '"trim.nsec": 12500000'
check 'the role is as before' status_has speaker_a '"role": "left"'
check 'it is shown with its direction' tells 0 '12.5 ms, it plays later' speaker_a
check 'a trim can be negative' tells 0 '(speaker' speaker_a --trim=-3
check 'the other direction is told' tells 0 '-3.0 ms, it plays earlier' speaker_a
check 'the same once more is no error' tells 0 '(speaker' speaker_a --trim -3
unchanged() { ! grep -F -e '->' "$T/out"; }
check 'and no change' unchanged
check 'a linear gain will do' tells 0 '(speaker' speaker_a --gain 0
check 'none is called silent' tells 0 'silent' speaker_a
meta member.speaker_a '{ "correction.msec": 7, "role": "right" }' Spa:String:JSON
check 'what others have written stays' tells 0 '(speaker' speaker_a --gain 1
check 'the correction, for one' member_has speaker_a '"correction.msec": 7'
check 'a reset forgets all of it' tells 0 'right -> stereo' speaker_a --reset
check 'the module, too' status_has speaker_a '"role": "stereo", "gain": 1.000000, "trim.nsec": 0, "correction.nsec": 0'
check 'a speaker is excluded' tells 0 '-> left out' speaker_b --exclude
check 'and goes' "$AWAIT" gone bluez_combine.default.output.speaker_b
check 'it is still known' tells 0 'left out' 'speaker b'
check 'a speaker is included' tells 0 'left out -> ' speaker_b --include
check 'and comes back' "$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
check 'who is no Bluetooth speaker has no offset' tells 1 'speaker_a is not connected' speaker_a --offset 10

meta member.speaker_a 'loud'
check 'a broken entry is replaced' tells 0 '(speaker' speaker_a --role mono
check 'and has only what was wanted' member_has speaker_a '{ "version": 1, "role": "mono" }'

# A rule's role, and the user's gain
spawn pair pw-cli -m load-module "$MODULE" '{ combine.group = pair stream.rules = [ {
	matches = [ { node.name = speaker_b } ]
	actions = { create-stream = { combine.role = left combine.trim.msec = 3 } } } ] }'
"$AWAIT" link bluez_combine.pair.output.speaker_b speaker_b
pair_has() { "$AWAIT" metadata bluez-combine.pair status.speaker_b "$1" >/dev/null; }
check 'what a rule says of a member counts' pair_has '"role": "left", "gain": 1.000000, "trim.nsec": 3000000'
check 'a gain is changed' tells 0 '0.0 dB -> -6.0 dB' speaker_b --group pair --gain -6dB
check 'and the role is the one of the rule' pair_has '"role": "left", "gain": 0.501187, "trim.nsec": 3000000'
check 'a role is changed' tells 0 'left -> mono' speaker_b --group pair --role mono
check 'which comes before the one of the rule' pair_has '"role": "mono", "gain": 0.501187'
check 'a field is forgotten' tells 0 'mono -> left' speaker_b --group pair --role default
check 'and the rule counts, the rest is as it was' pair_has '"role": "left", "gain": 0.501187, "trim.nsec": 3000000'
entry_is() { pw-metadata -n bluez-combine.pair 0 member.speaker_b | grep -F "value:'$1'"; }
check 'no more of it stands in the entry' entry_is '{ "version": 1, "gain": 0.501187 }'
check 'of two the last one counts' tells 0 '(speaker' speaker_b --group pair --gain default --gain 0.5 --trim 1 --trim default
check 'also in the entry' entry_is '{ "version": 1, "gain": 0.500000 }'

finish
