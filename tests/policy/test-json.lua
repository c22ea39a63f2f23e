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

test ("containers_in_an_object_are_written_again_as_they_were", function ()
  local text = [[{ "a": [ 1, "]\"", { "b": 2e3 } ], "c": {"d":"}", "n": null, "x": -0.12345678901}, ]] ..
      [["e": 1, "f": [] }]]
  equal (json.encode (json.decode_object (text)), text)
end)

test ("and_those_that_would_break_what_they_stand_in_are_empty", function ()
  for _, bad in ipairs { "{ ]", "[ }", "{ a = 1 }", "[ 1 2 ]", "[ 1, ]", '{ "a" 1 }',
                         '{ "a": 1, }', "[ 01 ]", "[ 1. ]", '[ "\\x" ]', '[ "\n" ]', '[ "\xff" ]',
                         ("["):rep (17) .. ("]"):rep (17), "[ nan ]", "[ # ]" } do
    local value = json.decode_object ('{ "a": ' .. bad .. ', "b": 1 }')
    if value then
      equal (json.encode (value), '{ "a": {}, "b": 1 }')
    end
  end
end)

test ("and_can_be_looked_into", function ()
  local value = json.decode_object ('{ "a": [ 1, "x", { "b": [ 2 ] }, { c = 3 } ], "d": { e = 4 }, "f": 5 }')
  local elements = json.elements (value.a)
  equal ({ #elements, elements [1], elements [2] }, { 4, 1, "x" })
  equal (json.elements (json.fields (elements [3]).b), { 2 })
  equal (json.fields (elements [4]), { c = 3 })
  equal (json.fields (value.d), { e = 4 })
  equal ({ json.elements (value.d), json.elements (value.f), json.elements (nil) }, {})
  equal ({ json.fields (value.a), json.fields (value.f), json.fields ({}) }, {})
  equal (json.encode (value.a), "{}")
end)

test ("a_number_comes_back_as_it_was", function ()
  for _, n in ipairs { "0.1", "0.7", "0.501187", "12345678.9", "0.12345678901234",
                       "1e+30", "-2.5", "123456789012" } do
    equal (json.encode (json.decode_object ('{ "a": ' .. n .. ' }')), '{ "a": ' .. n .. ' }')
  end
  equal (json.encode (string.unpack ("f", string.pack ("f", 0.1))), "0.1")
end)

test ("half_an_object_is_none", function ()
  local whole = '{ "a": [ 1 ], "b": "x", c: 1 }'
  equal (json.decode_object (whole), { a = { text = "[ 1 ]" }, b = "x", c = 1 })
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
    bytes [1] = "["
    local value = json.decode_object ("{ a = " .. table.concat (bytes) .. "] }")
    for _, element in ipairs (value and json.elements (value.a) or {}) do
      json.fields (element)
    end
  end
end)

test ("a_deep_text_does_not_take_the_stack", function ()
  equal (json.decode_object ("{ a = " .. ("["):rep (100000)), nil)
  equal (json.decode_object ("{ a = " .. ("["):rep (100000) .. ("]"):rep (100000) .. "}"), { a = {} })
end)

check.finish ()
