#!/bin/sh
# What is used is included: which header of PipeWire includes which other one changes with its versions
# SPDX-License-Identifier: MIT
#
# test-headers.sh SOURCE_DIR
set -eu

cd "$1"
# PipeWire 1.6's builder and parser do not bring spa/pod/iter.h any more
used='\b(spa_pod_(object_)?(find_prop|fixate|is_fixated|has_props)|spa_pod_get_[a-z]+|spa_pod_copy_(array|string)|spa_pod_is_object_(id|type)|SPA_POD_[A-Z]+_FOREACH)\b'
status=0
files=$(grep -rlE "$used" spa modules tools tests --include='*.c' --include='*.h')
lacking=$(echo "$files" | xargs grep -LxF '#include <spa/pod/iter.h>' || :)
[ -z "$lacking" ] || { echo "not ok these walk through PODs and do not include <spa/pod/iter.h>:"; echo "$lacking"; status=1; }
n=$(echo "$files" | wc -l)
[ "$n" -ge 5 ] || { echo "not ok only $n files were found"; status=1; }
echo "$n files walk through PODs"
exit $status
