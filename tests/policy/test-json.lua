-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local json = require ("bluez-combine-json")
local test, equal = check.test, check.equal

test ("the_same_table_gives_the_same_text", function ()
  local expected = '{ "a": 1, "b": true, "c": "x" }'
  equal (json.encode { c = "x", a = 1, b = true }, expected)
  equal (json.encode { b = true, c = "x", a = 1 }, expected)
end)

test ("quotes_newlines_and_backslashes_are_escaped", function ()
  equal (json.encode ('a"b\\c\nd\0'), '"a\\"b\\\\c\\u000ad\\u0000"')
end)

test ("bytes_that_are_no_utf8_do_not_reach_the_text", function ()
  equal (json.encode ("caf\xe9"), '"caf?"')
  equal (json.encode ("café"), '"café"')
end)

test ("an_empty_array_is_an_array", function ()
  equal (json.encode (json.array {}), "[]")
  equal (json.encode {}, "{}")
  equal (json.encode { 1, "b" }, '[ 1, "b" ]')
end)

test ("numbers_come_back_as_they_were_written", function ()
  -- 0.1 as a 32-bit float, which is how WirePlumber reads it
  equal (json.encode (0.10000000149011612), "0.1")
  equal (json.encode (3.0), "3")
  equal (json.encode (-12.5), "-12.5")
end)

test ("a_number_that_json_does_not_have_is_an_error", function ()
  equal (pcall (json.encode, 0 / 0), false)
  equal (pcall (json.encode, math.huge), false)
end)

check.finish ()
