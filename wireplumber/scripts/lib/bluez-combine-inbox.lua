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

-- What a client may say of itself: that is for the module, and for who shows what is tracked.
local OF_CLIENT = { lease = true, track = true }

-- backend, all functions:
--   uses (key)               whether the key is that of an entry that is known, or told by us
--   takes (key)              whether the key is one that others write, for us to take in
--   in_use (key)             whether it is of a speaker that is connected, the group's, or told by us
--   changed (key)            a key of subject 0 that may stay has changed; nil: all were cleared
--   take_out (subject, key)  clears a key that may not stay
--   warn (text)
--   later (f)                calls f once, soon
--   much_later (f)           the same, when a client that was there before this is known
function inbox.new (backend)
  local self = setmetatable ({ backend = backend, keys = bounds.keys (backend.in_use) }, inbox)
  self:attach (false)
  return self
end

-- Another object is there, and empty or not ours. own: whether we look after what is in it;
-- is_client (id): whether it is that of a client that is there
function inbox:attach (own, is_client)
  self.own, self.is_client = own, is_client
  self.keys:cleared ()
  self.all, self.dirty, self.order = false, {}, {}
  self.excess, self.first, self.last = {}, 1, 0
  self.said = {}                                   -- client -> there: it was seen; keys: what it has said
  self.n_unseen = 0
end

local function take_out_oldest (self)
  local subject, key = table.unpack (self.excess [self.first])
  self.excess [self.first] = nil
  self.first = self.first + 1
  self.backend.warn (string.format ("metadata 'bluez-combine': %d '%s' is taken out: allowed " ..
      "are %d keys 'member.', %d 'status.', %d 'calibration.' and %d others of subject 0, of %d bytes " ..
      "with values of %d, and one 'lease' and 'track' of a client that is there", subject,
      bounds.excerpt (key, 64), bounds.KEYS.member, bounds.KEYS.status, bounds.KEYS.calibration,
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

-- key nil: all that the client has said
local function forget (self, client, key)
  local said = self.said [client]

  if not said then
    return
  end
  said.keys [key or ""] = nil
  if key and next (said.keys) then
    return
  end
  self.n_unseen = self.n_unseen - (said.there and 0 or 1)
  self.said [client] = nil
end

local function take_out_all (self, client)
  for key in pairs (self.said [client].keys) do
    self.backend.take_out (client, key)
  end
end

local function look_at_clients (self)
  local gone = {}

  self.n_unseen = 0
  for client, said in pairs (self.said) do
    said.there = self.is_client (client)
    if not said.there then
      self.n_unseen = self.n_unseen + 1
      table.insert (gone, client)
    end
  end
  for _, client in ipairs (gone) do
    take_out_all (self, client)
  end
end

-- Returns whether it may stay, for now at least: a client may be heard of later than what it writes.
local function may_say (self, client, key)
  local said = self.said [client] or { there = self.is_client (client), keys = {} }

  if not self.said [client] and not said.there then
    if self.n_unseen >= MAX_EXCESS then
      return false
    end
    self.n_unseen = self.n_unseen + 1
    self.backend.much_later (function () look_at_clients (self) end)
  end
  self.said [client] = said
  said.keys [key] = true
  return true
end

-- Of somebody who is not the policy: subject is a client's id, or should be.
local function put_of_client (self, subject, key, text)
  if not self.own then
    return
  elseif not text then
    forget (self, subject, key)
  elseif not OF_CLIENT [key] or #text > bounds.VALUE_LEN or not may_say (self, subject, key) then
    add_excess (self, subject, key)
  end
end

-- A client has gone: so has what it said.
function inbox:client_gone ()
  if next (self.said) then
    self.backend.later (function () look_at_clients (self) end)
  end
end

-- A key has changed; text nil: it was cleared. key nil: all of this subject were.
function inbox:put (subject, key, text)
  if subject ~= 0 then
    put_of_client (self, subject, key, text)
  elseif not key then
    self.keys:cleared ()
    self.all, self.dirty, self.order = true, {}, {}
    look_later (self)
  elseif not self.keys:changed (key, text) and self.own and not self.backend.uses (key) then
    add_excess (self, subject, key)
  elseif not self.dirty [key] and (self.backend.uses (key) or text and self.backend.takes (key)) then
    -- What is in use and too long is put right by whose it is.
    self.dirty [key] = true
    table.insert (self.order, key)
    look_later (self)
  end
end

return inbox
