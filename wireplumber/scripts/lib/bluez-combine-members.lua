-- Who is a member, and what the user has said of it
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Each speaker has one entry, member.<address>, in the metadata object of its
-- group. Two parties write it: the policy fills in the node to play to and
-- whether the speaker takes part, the user and the user's tools write all else.
-- The object itself is where they meet: before the policy writes an entry it
-- takes in what stands there, and everything that it has not written itself is
-- the user's word. That is kept by address, also when the speaker is away.
--
--   written by the user        is taken as
--   a value                    all that the user wants of this speaker
--   nothing (key cleared)      connected: the speaker is removed, until an entry is
--                              written again; not connected: forgotten
--   nothing (all cleared)      all as on the first day

local json = require ("bluez-combine-json")
local devices = require ("bluez-combine-devices")
local bounds = require ("bluez-combine-bounds")

local members = {}
members.__index = members

members.KEY = "member."

-- Entries of speakers that are not connected; neither a program gone wild nor speakers of ever
-- new addresses shall fill the memory. The oldest goes of which the user has said nothing.
local MAX_ABSENT = 256

local ROLES = { stereo = true, left = true, right = true, mono = true }

local function number_within (low, high)
  return function (v)
    return type (v) == "number" and v >= low and v <= high
  end, string.format ("a number, %g to %g", low, high)
end

local function field (check, words)
  return { check = check, words = words }
end

-- What the user may write
local FIELDS = {
  ["include"] = field (function (v) return type (v) == "boolean" end, "true, false"),
  ["role"] = field (function (v) return ROLES [v] ~= nil end, "stereo, left, right, mono"),
  ["gain"] = field (number_within (0, 1)),
  ["trim.msec"] = field (number_within (-1000, 1000)),
  ["correction.msec"] = field (number_within (-2000, 2000)),
}
local FIELD_NAMES = "include, role, gain, trim.msec, correction.msec"

-- Fields that a newer tool has written stay, but not any number of them: in bytes, with the others
-- within what is saved of a speaker.
local UNKNOWN_LEN = 512

-- backend, all functions:
--   read (key)           what stands in the metadata object, nil if nothing
--   write (key, text)    text nil clears it
--   save (address, text) keeps the user's words over restarts; text nil forgets them
--   warn (text)
--   max ()               how many speakers take part at most
--   info (text)
function members.new (backend)
  return setmetatable ({
    backend = backend,
    entries = {},      -- by address
    present = {},      -- those of speakers that are connected, by address
    absent = 0,        -- number of entries without a speaker
    arrivals = 0,      -- number of speakers that have ever come
    departures = 0,    -- and number of entries that ever were without one
  }, members)
end

-- One entry:
--   node      name of the speaker's node while it is connected
--   auto      whether it takes part without the user having said so
--   arrival   the how manieth speaker it was to come
--   left      the how manieth entry to be without its speaker; of no meaning while it is there
--   full      others have all the places; nil while that has not been looked at
--   blocked   it is sending music now, and would hear itself
--   user      the fields that the user has written
--   removed   the user has cleared the entry while it was connected
--   written   the text that we have put into the metadata object, nil if none
--   include   the value of "include" in that text
local function entry_of (self, address)
  local e = self.entries [address]
  if not e then
    e = { user = {}, complaints = {} }
    self.entries [address] = e
    self.absent = self.absent + 1
    self.departures = self.departures + 1
    e.left = self.departures
  end
  return e
end

local function forget (self, address)
  local e = self.entries [address]
  if e and not e.node then
    self.absent = self.absent - 1
    self.entries [address] = nil
  end
end

-- Whether the user has said anything of this speaker
local function has_word (e)
  return next (e.user) ~= nil or e.removed or e.by_hand
end

-- Forgets the oldest entry without a speaker of which the user has said nothing, and which nobody
-- would miss. Returns whether there was one.
local function forget_oldest (self)
  local oldest
  for address, e in pairs (self.entries) do
    if not e.node and not e.blocked and not has_word (e) and
        (not oldest or e.left < self.entries [oldest].left) then
      oldest = address
    end
  end
  if not oldest then
    return false
  end
  local key = members.KEY .. oldest
  forget (self, oldest)
  if self.backend.read (key) ~= nil then
    self.backend.write (key, nil)
  end
  return true
end

local function set_node (self, address, e, node)
  if node and not e.node then
    self.absent = self.absent - 1
    self.arrivals = self.arrivals + 1
    e.arrival = self.arrivals
  elseif not node and e.node then
    self.absent = self.absent + 1
    self.departures = self.departures + 1
    e.left = self.departures
  end
  self.present [address] = node and e
  e.node = node
end

local function save (self, address, e)
  local text
  if e.removed then
    text = json.encode { removed = true }
  elseif next (e.user) ~= nil then
    text = json.encode (e.user)
  end
  self.backend.save (address, text)
end

-- The same complaint about the same field is given once, until it is mended.
local function complain (self, address, e, name, format, ...)
  local text = string.format (format, ...)
  if e.complaints [name] ~= text then
    e.complaints [name] = text
    self.backend.warn ("metadata 'bluez-combine', key '" .. members.KEY .. address .. "': " .. text)
  end
end

-- Those of the unknown fields that fit
local function keep_unknown (user, value, names)
  local left = UNKNOWN_LEN
  table.sort (names)
  for _, name in ipairs (names) do
    left = left - #json.encode { [name] = value [name] }
    if left >= 0 then
      user [name] = value [name]
    end
  end
end

-- The fields of a parsed value that are the user's. A bad one keeps its old value; one that is not
-- known stays as it is, for whoever knows it.
local function check_fields (self, address, e, value)
  local user, unknown = {}, {}

  for name, v in pairs (value) do
    local known = FIELDS [name]
    if name == "target" or name == "version" then
      -- Not the user's
      goto continue
    elseif not known then
      table.insert (unknown, name)
    elseif type (v) == "table" then
      complain (self, address, e, name, "field '%s' is no single value; allowed: %s; ignored",
          name, known.words)
      user [name] = e.user [name]
    elseif not known.check (v) then
      complain (self, address, e, name, "field '%s' is %s; allowed: %s; ignored", name,
          type (v) == "string" and json.encode (bounds.excerpt (v, 64)) or tostring (v), known.words)
      user [name] = e.user [name]
    else
      e.complaints [name] = nil
      user [name] = v
    end
    ::continue::
  end
  keep_unknown (user, value, unknown)
  -- Once, and one of them: there may be any number.
  if unknown [1] == nil then
    e.complaints ["unknown"] = nil
  elseif not e.complaints ["unknown"] then
    complain (self, address, e, "unknown", "unknown field '%s', ignored; known are %s",
        bounds.excerpt (unknown [1], 64), FIELD_NAMES)
  end
  -- A tool that reads, changes one field and writes has not decided on this one.
  if e.user.include == nil and user.include ~= nil and user.include == e.include then
    user.include = nil
  end
  return user
end

-- Takes in what somebody else has written.
local function absorb (self, address, e, text)
  if text == nil then
    e.removed = e.node ~= nil
    e.user = {}
    e.written = nil
    e.include = nil
    save (self, address, e)
    if not e.removed then
      forget (self, address)
    end
    return
  end

  local value = #text <= bounds.VALUE_LEN and json.decode_object (text)
  if type (value) ~= "table" then
    complain (self, address, e, "", "the value is no complete JSON object; allowed: " ..
        "{ \"include\": true | false, \"role\": ..., \"gain\": ..., \"trim.msec\": ... }; ignored")
    return
  end
  e.complaints [""] = nil
  e.user = check_fields (self, address, e, value)
  e.removed = false
  e.by_hand = true
  save (self, address, e)
end

-- What the entry should say; nil for no entry
local function desired (self, address, e)
  if e.removed then
    return nil
  end

  local value = {}
  for k, v in pairs (e.user) do
    value [k] = v
  end
  if e.node then
    -- An entry that the user has written takes part; one that nobody has is there
    -- only for those that do so by themselves.
    if value.include == nil then
      value.include = (e.auto or e.by_hand) and e.full == false or false
    end
    if not value.include and next (e.user) == nil then
      return nil
    end
    if e.blocked then
      if e.user.include then
        complain (self, address, e, "include", "the device is sending music and would hear " ..
            "itself; left out until it stops")
      end
      value.include = false
    end
    value.target = e.node
  elseif e.written == nil and next (e.user) == nil and not e.by_hand then
    return nil
  elseif value.include == nil then
    value.include = true
  end
  return value
end

-- Brings the metadata object and what is known into agreement.
local function sync (self, address)
  local key = members.KEY .. address
  local current = self.backend.read (key)
  local e = self.entries [address]

  if not e then
    if current == nil then
      return
    elseif self.absent >= MAX_ABSENT and not forget_oldest (self) then
      if not self.full then
        self.full = true
        self.backend.warn (string.format ("metadata 'bluez-combine': more than %d entries of " ..
            "speakers that are not connected, and the user's; '%s' and further ones are ignored",
            MAX_ABSENT, key))
      end
      return
    end
    self.full = false
    e = entry_of (self, address)
    e.include = self.attaching
  end

  if current ~= e.written then
    absorb (self, address, e, current)
    if not self.entries [address] then
      return
    end
  end

  local value = desired (self, address, e)
  local text = value and json.encode (value)
  e.written = text
  e.include = value and value.include
  if text ~= current then
    self.backend.write (key, text)
  end
  return e
end

-- Whether nothing is known of this speaker that would have to be remembered
local function is_empty (e)
  return not e.node and not e.blocked and not e.removed and e.written == nil and
      next (e.user) == nil
end

-- The places of the group: those whom the user has included have theirs, the others
-- in the order in which they have come.
function members:share_places ()
  local waiting, left = {}, self.backend.max ()

  for address, e in pairs (self.present) do
    if e.blocked or e.removed or e.user.include == false then
      goto continue
    elseif e.user.include then
      left = left - 1
    elseif e.auto or e.by_hand then
      table.insert (waiting, address)
    end
    ::continue::
  end
  table.sort (waiting, function (a, b) return self.entries [a].arrival < self.entries [b].arrival end)
  -- Who has to go goes before another one comes.
  for i = #waiting, 1, -1 do
    local e = self.entries [waiting [i]]
    local full = i > left
    if full and full ~= e.full then
      self.backend.info (string.format ("%s has no place in the group: it has %d speakers, " ..
          "as many as bluez-combine.members.max allows", waiting [i], self.backend.max ()))
    end
    if full ~= e.full then
      e.full = full
      sync (self, waiting [i])
    end
  end
end

-- A speaker's node is there. auto: whether it takes part by itself
function members:speaker_added (address, node, auto)
  local e = entry_of (self, address)
  set_node (self, address, e, node)
  e.auto = auto
  self:share_places ()
  sync (self, address)
end

function members:speaker_removed (address, node)
  local e = self.entries [address]
  -- A change of the codec may bring the new node before the old one is gone.
  if not e or e.node ~= node then
    return
  end
  -- What was cleared while it was here has to be seen as that.
  sync (self, address)
  set_node (self, address, e, nil)
  e.full = nil
  sync (self, address)
  self:share_places ()
  if is_empty (e) then
    forget (self, address)
  end
  if self.absent > MAX_ABSENT then
    forget_oldest (self)
  end
end

-- The device of this address sends music, or has stopped to.
function members:set_blocked (address, blocked)
  local e = self.entries [address]
  if not e and not blocked then
    return
  end
  e = e or entry_of (self, address)
  e.blocked = blocked
  if e.node then
    sync (self, address)
    self:share_places ()
  elseif is_empty (e) then
    forget (self, address)
  end
end

-- Whether a key of the metadata object is one of these, for us to take in
function members.takes (_, key)
  return key:sub (1, #members.KEY) == members.KEY
end

-- Whether a key of the metadata object is that of an entry here
function members:uses (key)
  return self.entries [key:match ("^member%.(.*)$")] ~= nil
end

-- Whether a key of the metadata object is of a speaker that is connected, or the group's: it
-- has its place, whatever others have filled the object with
function members:in_use (key)
  local e = self.entries [key:match ("^member%.(.*)$") or key:match ("^status%.(.*)$") or
      key:match ("^calibration%.(.*)$") or ""]
  return key == "status" or key == "lease.taken" or key == "lease.refused" or (e ~= nil and e.node ~= nil)
end

-- A key of the metadata object has changed; nil: all of them were cleared.
function members:changed (key)
  if key == nil then
    for address, e in pairs (self.entries) do
      e.user, e.removed, e.by_hand, e.written, e.include = {}, false, nil, nil, nil
      self.backend.save (address, nil)
      if is_empty (e) then
        forget (self, address)
      end
    end
    for address in pairs (self.entries) do
      sync (self, address)
    end
    self:share_places ()
    return
  end

  local name = key:match ("^member%.(.*)$")
  if not name then
    return
  end
  local address = devices.address (name)
  if address == name then
    local e = sync (self, address)
    if e and is_empty (e) then
      -- It was no entry at all.
      forget (self, address)
    end
    self:share_places ()
  elseif address and self.backend.read (key) ~= nil then
    self.backend.warn (string.format ("metadata 'bluez-combine', key '%s': the address must be " ..
        "in capitals: '%s%s'; ignored", key, members.KEY, address))
  end
  -- Other names are members that somebody manages by hand, such as a sound card.
end

-- What was saved in an earlier run: text by address. Before attached ().
function members:restore (saved)
  for name, text in pairs (saved) do
    local address = devices.address (name)
    local value = address and json.decode_object (text)
    if type (value) == "table" then
      local e = entry_of (self, address)
      if value.removed then
        e.removed = true
      else
        e.user = check_fields (self, address, e, value)
        e.by_hand = next (e.user) ~= nil
      end
    end
  end
end

-- The metadata object is there, or is another one than before. keys: those of
-- the entries in it, which somebody else has written
function members:attached (keys)
  for _, e in pairs (self.entries) do
    -- "include": true in there may be from an earlier run of ours.
    e.written, e.include = nil, true
  end
  self.attaching = true
  for _, key in ipairs (keys) do
    self:changed (key)
  end
  self.attaching = nil
  for address in pairs (self.entries) do
    sync (self, address)
  end
  self:share_places ()
end

-- Whether the speaker of this address (or nil) takes part; nil while there is none
function members:is_member (address)
  local e = address and self.entries [address]
  if e and e.node then
    return e.include == true
  end
end

return members
