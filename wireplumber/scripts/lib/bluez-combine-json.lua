-- JSON text with keys in a fixed order
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber's Json.Object writes the keys in the order of a hash table: the
-- same table gives different texts, and a text could not be compared with what
-- is already there. Reading is left to WirePlumber, which takes the relaxed
-- form that people write.

local json = {}

-- A table that is an array even when it is empty
function json.array (t)
  return setmetatable (t or {}, { __name = "json-array" })
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
  -- WirePlumber reads numbers as 32-bit floats: 7 digits give back what was written.
  return string.format ("%.7g", n)
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
  if is_array (value) then
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

return json
