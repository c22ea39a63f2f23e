-- Whoever owns the metadata object bounds it by the same numbers: the module, the policy, and what the reference says
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-bounds.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.read

local bounds = dofile (arg [1] .. "/wireplumber/scripts/lib/bluez-combine-bounds.lua")
local guard = read ("modules/bluez-combine/graph/metadata-guard.h")
local reference = read ("docs/reference.md")

for name, value in pairs {
  METADATA_MEMBER_MAX = bounds.KEYS.member,
  METADATA_STATUS_MAX = bounds.KEYS.status,
  METADATA_CALIBRATION_MAX = bounds.KEYS.calibration,
  METADATA_OTHER_MAX = bounds.KEYS.other,
  METADATA_KEY_LEN_MAX = bounds.KEY_LEN,
  METADATA_VALUE_LEN_MAX = bounds.VALUE_LEN,
} do
  local is = tonumber (guard:match ("#define " .. name .. "%s+(%d+)u\n"))
  docs.check (is == value, string.format ("%s is %s, and %s in the policy", name, is, value))
end

local said = string.format ("at most %d keys `member.`, %d `status.`, %d `calibration.` and %d others, of %d bytes with values of %d",
  bounds.KEYS.member, bounds.KEYS.status, bounds.KEYS.calibration, bounds.KEYS.other, bounds.KEY_LEN, bounds.VALUE_LEN)
docs.check (reference:find (said, 1, true), "docs/reference.md does not say '" .. said .. "'")

docs.finish ("the bounds are the same")
