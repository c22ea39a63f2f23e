-- What others write into the metadata object, until it is looked at
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Not WirePlumber's events: they wait in a sorted list, and 10000 changes that come at
-- once took the process 13 s; so they take 5. A key that has changed many times is
-- looked at once, a little later; then others have heard of it, too, and it can be
-- changed again without their hearing of that first.

local bounds = require ("bluez-combine-bounds")

local inbox = {}
inbox.__index = inbox

-- More keys than this do not wait to be taken out: the process shall not grow.
local MAX_EXCESS = 64

-- backend, all functions:
--   uses (key)               whether the key is that of an entry that is known, or told by us
--   in_use (key)             whether it is of a speaker that is connected, the group's, or told by us
--   changed (key)            a key of subject 0 that may stay has changed; nil: all were cleared
--   take_out (subject, key)  clears a key that may not stay
--   warn (text)
--   later (f)                calls f once, soon
function inbox.new (backend)
  local self = setmetatable ({ backend = backend, keys = bounds.keys (backend.in_use) }, inbox)
  self:attach (false)
  return self
end

-- Another object is there, and empty or not ours. own: whether we look after what is in it
function inbox:attach (own)
  self.own = own
  self.keys:cleared ()
  self.all, self.dirty, self.order = false, {}, {}
  self.excess, self.first, self.last = {}, 1, 0
end

local function take_out_oldest (self)
  local subject, key = table.unpack (self.excess [self.first])
  self.excess [self.first] = nil
  self.first = self.first + 1
  self.backend.warn (string.format ("metadata 'bluez-combine': %d '%s' is taken out: allowed " ..
      "are %d keys 'member.', %d 'status.' and %d others of subject 0, of %d bytes with values " ..
      "of %d", subject, bounds.excerpt (key, 64), bounds.KEYS.member, bounds.KEYS.status,
      bounds.KEYS.other, bounds.KEY_LEN, bounds.VALUE_LEN))
  self.backend.take_out (subject, key)
end

local function look (self)
  local all, order = self.all, self.order

  self.waiting, self.all, self.dirty, self.order = false, false, {}, {}
  while self.first <= self.last do
    take_out_oldest (self)
  end
  if all then
    self.backend.changed (nil)
  end
  for _, key in ipairs (order) do
    self.backend.changed (key)
  end
end

local function look_later (self)
  if not self.waiting then
    self.waiting = true
    self.backend.later (function () look (self) end)
  end
end

local function add_excess (self, subject, key)
  if self.last - self.first + 1 >= MAX_EXCESS then
    take_out_oldest (self)
  end
  self.last = self.last + 1
  self.excess [self.last] = { subject, key }
  look_later (self)
end

-- A key has changed; text nil: it was cleared. key nil: all of this subject were.
function inbox:put (subject, key, text)
  if subject ~= 0 then
    if self.own and key and text then
      add_excess (self, subject, key)
    end
  elseif not key then
    self.keys:cleared ()
    self.all, self.dirty, self.order = true, {}, {}
    look_later (self)
  elseif not self.keys:changed (key, text) and self.own and not self.backend.uses (key) then
    add_excess (self, subject, key)
  elseif not self.dirty [key] and (self.backend.uses (key) or text and key:sub (1, 7) == "member.") then
    -- What is in use and too long is put right by whose it is.
    self.dirty [key] = true
    table.insert (self.order, key)
    look_later (self)
  end
end

return inbox
