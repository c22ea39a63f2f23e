-- Whoever owns the metadata object bounds it by the same numbers: the module, the policy, and what the reference says
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-bounds.lua SOURCE_DIR

local source = arg [1]
local failed = 0

local function read (path)
  local file = assert (io.open (source .. "/" .. path))
  local text = file:read ("a")
  file:close ()
  return text
end

local bounds = dofile (source .. "/wireplumber/scripts/lib/bluez-combine-bounds.lua")
local guard = read ("modules/bluez-combine/graph/metadata-guard.h")
local reference = read ("docs/reference.md")

for name, value in pairs {
  METADATA_MEMBER_MAX = bounds.KEYS.member,
  METADATA_STATUS_MAX = bounds.KEYS.status,
  METADATA_OTHER_MAX = bounds.KEYS.other,
  METADATA_KEY_LEN_MAX = bounds.KEY_LEN,
  METADATA_VALUE_LEN_MAX = bounds.VALUE_LEN,
} do
  local is = tonumber (guard:match ("#define " .. name .. "%s+(%d+)u\n"))
  if is ~= value then
    failed = failed + 1
    print (string.format ("not ok %s is %s, and %s in the policy", name, is, value))
  end
end

local said = string.format ("at most %d keys `member.`, %d `status.` and %d others, of %d bytes with values of %d",
  bounds.KEYS.member, bounds.KEYS.status, bounds.KEYS.other, bounds.KEY_LEN, bounds.VALUE_LEN)
if not reference:find (said, 1, true) then
  failed = failed + 1
  print ("not ok docs/reference.md does not say '" .. said .. "'")
end

os.exit (failed == 0)
