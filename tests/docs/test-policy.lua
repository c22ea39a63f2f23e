-- docs/policy.md: what is said to show a rule is there, and each setting has a rule
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-policy.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.find
local check = docs.check

local scene_names, scenes = docs.scenes ()

-- A test is a file, whose name says where: module-churn, room-impostor, policy-group, unit-tap
local kinds = {
  module = "module/test-%s.sh",
  room = "room/product/test-%s.sh",
  policy = "policy/test-%s.lua",
  unit = "unit/test-%s.c",
}

local function text_of (name)
  if scene_names [name] then
    return scenes
  end
  local kind, rest = name:match ("^(%l+)%-(.+)$")
  return kinds [kind] and read ("tests/" .. string.format (kinds [kind], rest))
end

local text = assert (read ("docs/policy.md"))
local rules, cases = 0, 0

for line in text:gmatch ("[^\n]+") do
  local rule, shown = line:match ("^| (.-) |.*| ([^|]+) |$")
  if not rule or rule == "rule" or rule:match ("^%-+$") then
    goto continue
  end
  rules = rules + 1
  check (shown:find ("`"), "nothing shows the rule: " .. rule)
  for name, rest in shown:gmatch ("`([^`]+)`([^`]*)") do
    local where = text_of (name)
    check (where, "there is no scene and no test " .. name)
    for case in rest:gmatch ("\"([^\"]+)\"") do
      cases = cases + 1
      check (where and where:find (case, 1, true), name .. " has no case '" .. case .. "'")
    end
  end
  ::continue::
end
check (rules > 0 and cases > 0, "the table of rules was not found")

for name in read ("wireplumber/wireplumber.conf.d/60-bluez-combine.conf")
    :gmatch ("\n  bluez%-combine%.([%w.-]+) = {") do
  check (text:find ("`" .. name .. "`", 1, true) or text:find ("`" .. name .. " = ", 1, true),
         "no rule for the setting " .. name)
end

docs.finish (string.format ("%d rules, %d cases", rules, cases))
