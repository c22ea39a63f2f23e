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

test ("an_object_is_read_as_people_write_it", function ()
  local expected = { a = 1, b = "x y", c = true, d = -0.5, e = "word" }
  equal (json.decode_object ('{"a":1,"b":"x y","c":true,"d":-0.5,"e":"word"}'), expected)
  equal (json.decode_object (" { a = 1 b = \"x y\" c = true d = -.5\n e = word } "), expected)
  equal (json.decode_object ('{ "a": 1, "b": "x y", "c": true, "d": -0.5, "e": "word", f: null, }'), expected)
  equal (json.decode_object ("{}"), {})
end)

test ("what_was_written_is_read", function ()
  local value = { ["a\"\\\n\t{}[]:"] = "\"\\\n\1é{}", b = 0.1, c = -12, d = false }
  equal (json.decode_object (json.encode (value)), value)
end)

test ("containers_in_an_object_are_passed_over", function ()
  equal (json.decode_object ('{ "a": [ 1, "]", { "b": 2 } ], "c": { "d": "}" }, "e": 1 }'),
      { a = {}, c = {}, e = 1 })
end)

test ("half_an_object_is_none", function ()
  local whole = '{ "a": [ 1 ], "b": "x", c: 1 }'
  equal (json.decode_object (whole), { a = {}, b = "x", c = 1 })
  for n = 0, #whole - 1 do
    equal (json.decode_object (whole:sub (1, n)), nil)
  end
  for _, text in ipairs { "[]", "1", "x", "{ a }", "{ a = 1 } b", "{ { } = 1 }", "{]}", '{ "a" "' } do
    equal (json.decode_object (text), nil)
  end
end)

test ("any_bytes_are_read_without_an_error", function ()
  math.randomseed (1)
  local alphabet = '{}[]":=,\\ \nab1-.u\0\xff'
  for _ = 1, 20000 do
    local bytes = { "{" }
    for i = 1, math.random (0, 20) do
      local n = math.random (#alphabet)
      bytes [i + 1] = alphabet:sub (n, n)
    end
    json.decode_object (table.concat (bytes))
    json.decode_object (table.concat (bytes) .. "}")
  end
end)

test ("a_deep_text_does_not_take_the_stack", function ()
  equal (json.decode_object ("{ a = " .. ("["):rep (100000)), nil)
  equal (json.decode_object ("{ a = " .. ("["):rep (100000) .. ("]"):rep (100000) .. "}"), { a = {} })
end)

check.finish ()
