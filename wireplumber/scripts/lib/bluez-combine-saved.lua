-- What is kept over restarts
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Texts by key: member.<address> are the user's words about a speaker, calibration.<address> what its
-- latency offset was found to be, source.<address> the sources that were ever seen, follow.<address> those
-- whose stream goes wherever the default is. Any program can make nodes that look like sources and
-- speakers of ever new addresses: there is an end to what is kept of them.

local saved = {}
saved.__index = saved

local MAX = { member = 512, calibration = 128, source = 64, follow = 64 }
local VALUE_LEN = 1024   -- but for calibrations, which keep to their own

-- Soon enough for a user who restarts WirePlumber next; many changes at once are one.
local SAVE_MS = 200

local function kind_of (key)
  return key:match ("^[^.]*")
end

-- backend, all functions:
--   write (texts)    writes the file; true, or false and why not
--   after (ms, f)    calls f once
--   warn (text)
-- texts: what the file has
function saved.new (texts, backend)
  local self = setmetatable ({ texts = texts, backend = backend, count = {}, full = {} }, saved)
  for key in pairs (texts) do
    local kind = kind_of (key)
    self.count [kind] = (self.count [kind] or 0) + 1
  end
  return self
end

local function write_soon (self)
  if self.waiting then
    return
  end
  self.waiting = true
  self.backend.after (SAVE_MS, function ()
    self.waiting = false
    local ok, why = self.backend.write (self.texts)
    if not ok then
      self.backend.warn ("the state could not be saved: " .. tostring (why))
    end
  end)
end

-- text nil: forget it. Returns whether it is kept now.
function saved:set (key, text)
  local kind = kind_of (key)
  local count = self.count [kind] or 0
  local old = self.texts [key]

  text = text and kind ~= "calibration" and text:sub (1, VALUE_LEN) or text
  if old == text then
    return true
  elseif old == nil and count >= (MAX [kind] or 0) then
    if not self.full [kind] then
      self.full [kind] = true
      self.backend.warn (string.format ("more than %d saved entries '%s.': '%s' and further " ..
          "ones are not kept over a restart", MAX [kind] or 0, kind, key))
    end
    return false
  end
  self.texts [key] = text
  self.count [kind] = count + (text and 1 or 0) - (old and 1 or 0)
  if not text then
    self.full [kind] = false
  end
  write_soon (self)
  return true
end

function saved:get (key)
  return self.texts [key]
end

-- Texts of all keys with this prefix, by the rest of the key
function saved:all (prefix)
  local found = {}
  for key, text in pairs (self.texts) do
    if key:sub (1, #prefix) == prefix then
      found [key:sub (#prefix + 1)] = text
    end
  end
  return found
end

return saved
