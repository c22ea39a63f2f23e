-- Settings that are checked where they are read
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber checks a setting against the schema when a program sets it, but not
-- when it comes from a configuration file or from its state. The schema in the
-- configuration is the only place where types, ranges and defaults are written.

local settings = {}
settings.__index = settings

settings.PREFIX = "bluez-combine."

-- The schema knows no choices: they are here, and in the descriptions.
settings.CHOICES = {
  ["bluez-combine.sink.lifetime"] = { "device", "stream", "always" },
  ["bluez-combine.unaligned"] = { "play", "mute" },
}

-- What a range does not say
settings.EXTRA = {
  ["bluez-combine.quantum"] = {
    words = "0, or a power of two from 64 to 8192",
    check = function (v) return v == 0 or (v >= 64 and v & (v - 1) == 0) end,
  },
  ["bluez-combine.rate"] = {
    words = "0, or 8000 to 192000",
    check = function (v) return v == 0 or v >= 8000 end,
  },
}

-- What must not be below another one, unless a third is true
settings.NOT_BELOW = {
  ["bluez-combine.max-delay.msec"] = { other = "headroom.msec", unless = "low-latency" },
}

local function quoted (value)
  return type (value) == "string" and '"' .. value .. '"' or tostring (value)
end

local function contains (list, value)
  for _, v in ipairs (list) do
    if v == value then
      return true
    end
  end
  return false
end

local function is_string_array (value)
  if type (value) ~= "table" then
    return false
  end
  for k, v in pairs (value) do
    if math.type (k) ~= "integer" or type (v) ~= "string" then
      return false
    end
  end
  return true
end

-- What a setting of this key may be, in words; and whether value is that
local function allowed (key, spec, value)
  local choices = settings.CHOICES [key]
  if choices then
    return '"' .. table.concat (choices, '", "') .. '"', contains (choices, value)
  elseif spec.type == "bool" then
    return "true, false", type (value) == "boolean"
  elseif spec.type == "int" then
    local extra = settings.EXTRA [key]
    local ok = math.type (value) == "integer" and value >= spec.min and value <= spec.max
    return extra and extra.words or string.format ("a whole number, %d to %d", spec.min, spec.max),
        ok and (not extra or extra.check (value))
  elseif spec.type == "float" then
    return string.format ("a number, %g to %g", spec.min, spec.max),
        type (value) == "number" and value >= spec.min and value <= spec.max
  elseif spec.type == "array" then
    return "an array of strings", is_string_array (value)
  end
  return "a string", type (value) == "string"
end

-- What is wrong with a setting: what it is, what it may be, and what is used instead
local function complaint_of (value, words, used)
  return {
    is = type (value) == "table" and "a table" or quoted (value),
    allowed = words,
    using = type (used) == "table" and "the default" or quoted (used),
  }
end

function settings.describe (key, complaint)
  return string.format ("setting '%s' is %s; allowed: %s; using %s", key, complaint.is, complaint.allowed,
      complaint.using)
end

-- Returns the value or, if it is none of the allowed ones, the default and the complaint.
function settings.check (key, spec, value)
  if value == nil then
    return spec.default
  end
  local words, ok = allowed (key, spec, value)
  if ok then
    return value
  end
  return spec.default, complaint_of (value, words, spec.default)
end

-- schema: the settings' specifications by key
-- read (key): the parsed value of a setting, nil if there is none
-- complain (name, complaint): what is wrong with it has changed; nil: nothing is
function settings.new (schema, read, complain)
  return setmetatable ({ schema = schema, read = read, complain = complain, complaints = {} }, settings)
end

local function same (a, b)
  return (a and b and a.is == b.is and a.using == b.using) or (not a and not b)
end

-- The value of a setting, named without the prefix; always one that is allowed.
-- A wrong value is complained of once, and again only when it has changed.
function settings:get (name)
  local key = settings.PREFIX .. name
  local spec = self.schema [key]
  if not spec then
    error ("setting '" .. key .. "' is not in the schema")
  end
  local value, complaint = settings.check (key, spec, self.read (key))
  local rule = settings.NOT_BELOW [key]
  if rule and not self:get (rule.unless) and value < self:get (rule.other) then
    complaint = complaint_of (value, "not below " .. rule.other, self:get (rule.other))
    value = self:get (rule.other)
  end
  if not same (complaint, self.complaints [key]) then
    self.complain (name, complaint)
  end
  self.complaints [key] = complaint
  return value
end

-- Complain of everything that is wrong now, and not only when it is needed.
function settings:check_all ()
  local names = {}
  for key in pairs (self.schema) do
    if key:sub (1, #settings.PREFIX) == settings.PREFIX then
      table.insert (names, key:sub (#settings.PREFIX + 1))
    end
  end
  table.sort (names)
  for _, name in ipairs (names) do
    self:get (name)
  end
end

return settings
