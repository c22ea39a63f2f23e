-- JSON: text with keys in a fixed order, and objects from text
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber's Json.Object writes the keys in the order of a hash table: the
-- same table gives different texts, and a text could not be compared with what
-- is already there. And its Json.parse takes the first half of an object for
-- all of it, and numbers as 32-bit floats.

local json = {}

-- A table that is an array even when it is empty
function json.array (t)
  return setmetatable (t or {}, { __name = "json-array" })
end

local RAW = { __name = "json-raw" }

local function is_raw (t)
  return getmetatable (t) == RAW
end

local function is_array (t)
  local mt = getmetatable (t)
  return t [1] ~= nil or (type (mt) == "table" and mt.__name == "json-array")
end

-- Bytes that are no UTF-8 would make the whole text unreadable for others.
local function clean (s)
  if not utf8.len (s) then
    s = s:gsub ("[\128-\255]", "?")
  end
  return s
end

local function encode_string (s)
  s = clean (s):gsub ('[%c"\\]', function (c)
    if c == '"' or c == "\\" then
      return "\\" .. c
    end
    return string.format ("\\u%04x", c:byte ())
  end)
  return '"' .. s .. '"'
end

local function encode_number (n)
  if math.type (n) == "integer" then
    return string.format ("%d", n)
  elseif n ~= n or n == math.huge or n == -math.huge then
    error ("JSON has no number for " .. tostring (n))
  elseif n == math.floor (n) and math.abs (n) < 1e15 then
    return string.format ("%d", math.tointeger (n))
  end
  -- What other programs have read as 32-bit floats comes back as it was written.
  local is_float = string.unpack ("f", string.pack ("f", n)) == n
  for digits = is_float and 7 or 15, 17 do
    local text = string.format ("%." .. digits .. "g", n)
    if is_float or tonumber (text) == n then
      return text
    end
  end
end

-- The text for nil, booleans, numbers, strings, arrays and tables of these
function json.encode (value)
  local kind = type (value)

  if kind == "nil" then
    return "null"
  elseif kind == "boolean" then
    return tostring (value)
  elseif kind == "number" then
    return encode_number (value)
  elseif kind == "string" then
    return encode_string (value)
  elseif kind ~= "table" then
    error ("JSON has no " .. kind)
  end

  local parts = {}
  if is_raw (value) then
    return value.text
  elseif is_array (value) then
    for _, v in ipairs (value) do
      table.insert (parts, json.encode (v))
    end
    return #parts == 0 and "[]" or "[ " .. table.concat (parts, ", ") .. " ]"
  end

  local keys = {}
  for k in pairs (value) do
    table.insert (keys, tostring (k))
  end
  table.sort (keys)
  for _, k in ipairs (keys) do
    table.insert (parts, encode_string (k) .. ": " .. json.encode (value [k]))
  end
  return #parts == 0 and "{}" or "{ " .. table.concat (parts, ", ") .. " }"
end

-- Reading

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function unescape (s)
  s = s:gsub ("\\u(%x%x%x%x)", function (hex)
    local code = tonumber (hex, 16)
    -- Half a surrogate pair is no character.
    return code >= 0xd800 and code <= 0xdfff and "?" or utf8.char (code)
  end)
  return (s:gsub ("\\(.)", function (c) return ESCAPES [c] or c end))
end

-- The end of the quoted string that begins at this position, nil if it has none
local function string_end (text, from)
  local at = from + 1
  while true do
    local c = text:match ('^[^"\\]*()', at)
    -- A backslash may have been the last character.
    local found = c and text:sub (c, c)
    if found == '"' then
      return c
    elseif not found or found == "" then
      return nil
    end
    at = c + 2
  end
end

-- The end of the container that begins at this position, nil if it has none
local function container_end (text, from)
  local depth, at = 0, from
  while at do
    at = text:find ('["{}%[%]]', at)
    local c = at and text:sub (at, at)
    if c == '"' then
      at = string_end (text, at)
    elseif c == "{" or c == "[" then
      depth = depth + 1
    elseif c then
      depth = depth - 1
      if depth == 0 then
        return at
      end
    end
    at = at and at + 1
  end
  return nil
end

-- A container in an object is not looked into: whoever knows it shall find it again as it was. So
-- that nobody else stumbles over it, it has to be JSON, and not the relaxed form.
local DEPTH = 16
local strict_end

local function strict_string_end (text, at)
  local last = string_end (text, at)
  local s = last and text:sub (at + 1, last - 1)
  if s and utf8.len (s) and not s:find ("%c") and
      not s:gsub ('\\["\\/bfnrt]', ""):gsub ("\\u%x%x%x%x", ""):find ("\\", 1, true) then
    return last + 1
  end
end

local function strict_number_end (text, at)
  local word, after = text:match ("^(%-?%d[%d.eE+-]*)()", at)
  local mantissa = word and (word:match ("^(.*)[eE][+-]?%d+$") or word)
  if mantissa and (mantissa:match ("^%-?%d+$") or mantissa:match ("^%-?%d+%.%d+$")) and
      not mantissa:match ("^%-?0%d") then
    return after
  end
end

local function strict_container_end (text, at, depth)
  local last = text:sub (at, at) == "{" and "}" or "]"
  local after = text:match ("^%s*" .. last .. "()", at + 1)
  at = at + 1
  while not after do
    if last == "}" then
      at = text:match ('^%s*()"', at)
      at = at and strict_string_end (text, at)
      at = at and text:match ("^%s*:()", at)
    end
    at = at and strict_end (text, at, depth - 1)
    if not at then
      return nil
    end
    after = text:match ("^%s*" .. last .. "()", at)
    at = after or text:match ("^%s*,()", at)
  end
  return after
end

-- The position after a value of JSON as it is written down (RFC 8259), nil if this is none
function strict_end (text, from, depth)
  local at = text:match ("^%s*()", from)
  local c = text:sub (at, at)
  if c == '"' then
    return strict_string_end (text, at)
  elseif c == "{" or c == "[" then
    return depth > 0 and strict_container_end (text, at, depth) or nil
  end
  return strict_number_end (text, at) or text:match ("^true()", at) or text:match ("^false()", at) or
      text:match ("^null()", at)
end

-- The text of each container that was read, for who looks into it
local texts = setmetatable ({}, { __mode = "k" })

-- What is to be written again of a container; a table that is empty if it is not fit for that
local function keep_container (text)
  local kept = strict_end (text, 1, DEPTH) == #text + 1 and setmetatable ({ text = text }, RAW) or {}
  texts [kept] = text
  return kept
end

local WORDS = { ["true"] = true, ["false"] = false }

-- One value and the position after it; nil at the end or where there is none.
local function next_value (text, from)
  local at = text:match ("^[%s,:=]*()", from)
  local c = text:sub (at, at)

  if c == '"' then
    local last = string_end (text, at)
    if last then
      return unescape (text:sub (at + 1, last - 1)), last + 1
    end
  elseif c == "{" or c == "[" then
    local last = container_end (text, at)
    if last then
      return keep_container (text:sub (at, last)), last + 1
    end
  else
    local word, after = text:match ('^([^%s,:=%[%]{}"#]+)()', at)
    if word then
      local value = WORDS [word]
      if value == nil then
        value = word:match ("^[-+%d.]") and tonumber (word) or word
      end
      return value, after
    end
  end
  return nil, at
end

-- A table of the values in the text of an object; containers in it only
-- come to be written again. Takes the relaxed form that PipeWire does: quotes, colons and
-- commas may be left out. Returns nil if this is no complete object.
function json.decode_object (text)
  local at = text:match ("^%s*{()")
  local object = {}
  if not at then
    return nil
  end
  while true do
    local last = text:match ("^[%s,]*}()", at)
    if last then
      return text:match ("^%s*$", last) and object or nil
    end
    local key, value
    key, at = next_value (text, at)
    if key == nil or type (key) == "table" then
      return nil
    end
    value, at = next_value (text, at)
    if value == nil then
      return nil
    end
    if value ~= "null" then
      object [tostring (key)] = value
    end
  end
end

-- The values in an array that stood in an object, containers as they are there; nil if it is no
-- complete array
function json.elements (container)
  local text = texts [container]
  local at = text and text:match ("^%[()")
  local array = {}
  while at do
    if text:match ("^[%s,]*%]", at) then
      return array
    end
    local value
    value, at = next_value (text, at)
    if value == nil then
      return nil
    end
    table.insert (array, value)
  end
  return nil
end

-- The table of an object that stood in another or in an array; nil if it is none
function json.fields (container)
  return texts [container] and json.decode_object (texts [container])
end

return json
