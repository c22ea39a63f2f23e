-- What the policy itself has to tell, in the metadata object
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The object may not be there yet, is another one when its process ends, and any program
-- may clear what stands there: then it is written again. Several may tell the same, as a
-- device that is connected by two adapters does: its line stays until the last has gone.

local bounds = require ("bluez-combine-bounds")

local told = {}
told.__index = told

-- backend: read (key), write (key, text)
function told.new (backend)
  return setmetatable ({
    backend = backend,
    lines = {},   -- by key: array of { who, text }; the last one is what stands there
  }, told)
end

local function shown (self, key)
  local line = self.lines [key]
  return line and line [#line].text
end

local function index_of (line, who)
  for i, said in ipairs (line) do
    if said.who == who then
      return i
    end
  end
end

-- who: any value that tells them apart; text nil: they have nothing to tell of it any more
function told:set (key, who, text)
  local before = shown (self, key)
  local line = self.lines [key] or {}
  local i = index_of (line, who)

  if i and line [i].text == text then
    return
  elseif i then
    table.remove (line, i)
  end
  if text then
    table.insert (line, { who = who, text = text })
  end
  self.lines [key] = #line > 0 and line or nil
  if shown (self, key) ~= before then
    self.backend.write (key, shown (self, key))
  end
end

-- They are gone, and all that they have told.
function told:forget (who)
  for key in pairs (self.lines) do
    self:set (key, who, nil)
  end
end

-- Whether a key of the metadata object is told here
function told:uses (key)
  return self.lines [key] ~= nil
end

-- A key of the metadata object has changed; nil: all of them were cleared, or it is another
-- object. What somebody else has put there stands, as long as it is a value at all: two
-- that each insisted on theirs would never end.
function told:changed (key)
  if key == nil then
    for k in pairs (self.lines) do
      self.backend.write (k, shown (self, k))
    end
  elseif self.lines [key] then
    local text = self.backend.read (key)
    if text == nil or #text > bounds.VALUE_LEN then
      self.backend.write (key, shown (self, key))
    end
  end
end

return told
