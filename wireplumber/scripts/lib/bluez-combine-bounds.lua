-- Bounds for what others write
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Every program of the user may set any number of keys in the metadata object, of any
-- length, and as often as it likes. It must fill neither the memory nor the log nor the
-- file of what is saved, and must not crowd out what is in use.

local bounds = {}

bounds.KEY_LEN = 256
-- A status with three names of 255 characters has up to 7 kB.
bounds.VALUE_LEN = 8192
-- By the first word of the key: who fills one of these leaves the others alone.
-- PipeWire looks through all keys at each change.
bounds.KEYS = { member = 1024, status = 768, calibration = 128, other = 256 }

-- The first characters of a text that somebody else has written, fit for a line of the log
function bounds.excerpt (text, length)
  return (text:sub (1, length):gsub ("%c", "?"))
end

local keys = {}
keys.__index = keys

-- Which keys may stay in the object. in_use (key): whether it is one of a speaker that is
-- connected, or the group's, which always may
function bounds.keys (in_use)
  local self = setmetatable ({ in_use = in_use }, keys)
  self:cleared ()
  return self
end

function keys:cleared ()
  self.known = {}   -- key -> its kind
  self.count = {}   -- by kind
  for kind in pairs (bounds.KEYS) do
    self.count [kind] = 0
  end
end

local function kind_of (key)
  local word = key:match ("^[^.]*")
  return bounds.KEYS [word] and word or "other"
end

-- A key has changed. text: its value; nil if it was cleared. Returns whether it may stay.
function keys:changed (key, text)
  local kind = self.known [key]

  if text == nil then
    if kind then
      self.known [key] = nil
      self.count [kind] = self.count [kind] - 1
    end
    return true
  elseif #key > bounds.KEY_LEN or #text > bounds.VALUE_LEN then
    return false
  elseif kind then
    return true
  end
  kind = kind_of (key)
  if self.count [kind] >= bounds.KEYS [kind] and not self.in_use (key) then
    return false
  end
  self.known [key] = kind
  self.count [kind] = self.count [kind] + 1
  return true
end

local BURST = 20
local INTERVAL_MS = 10000

-- A function that warns BURST times in INTERVAL_MS, and then how many more there were.
-- backend: warn (text), after (ms, f)
function bounds.rate (backend)
  local given, missed = nil, 0

  local function is_over ()
    if missed > 0 then
      backend.warn (string.format ("metadata 'bluez-combine': %d more warnings in %d s", missed,
          INTERVAL_MS // 1000))
    end
    given, missed = nil, 0
  end

  return function (text)
    if not given then
      given = 0
      backend.after (INTERVAL_MS, is_over)
    end
    if given < BURST then
      given = given + 1
      backend.warn (text)
    else
      missed = missed + 1
    end
  end
end

return bounds
