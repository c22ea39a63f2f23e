-- What the latency offsets of speakers were found to be
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- An offset is right for one codec and one rate: a speaker decodes each in its own way. PipeWire's
-- port has one offset for all of them, so each speaker has records, calibration.<address>, in the
-- metadata object: one for each codec and rate that it was ever set for, by ear or by hand.
--
-- Programs write them, and so does the policy when the user sets an offset. They are kept over
-- restarts and are no settings: cleared together with all else they are written again, cleared by
-- themselves they are forgotten.

local json = require ("bluez-combine-json")
local devices = require ("bluez-combine-devices")
local bounds = require ("bluez-combine-bounds")

local calibrations = {}
calibrations.__index = calibrations

calibrations.KEY = "calibration."

local RECORDS_MAX = 16   -- of a speaker: the newest, and they come last
local SPEAKERS_MAX = 128
-- In bytes: of fields that are not known, in one record or beside them, and of all
local UNKNOWN_LEN = 256
local TEXT_LEN = 4096

-- Who takes a record back puts back the offset from before it, and no later than that
local BACK_SEC = 10
local SAME_MS = 0.001

local function number_within (low, high)
  return function (v) return type (v) == "number" and v >= low and v <= high end
end

local function whole_within (low, high)
  return function (v) return math.type (v) == "integer" and v >= low and v <= high end
end

local FIELDS = {
  ["codec"] = function (v) return type (v) == "string" and #v >= 1 and #v <= 31 end,
  ["rate"] = whole_within (8000, 384000),
  ["offset.msec"] = number_within (-2000, 2000),
  ["was.msec"] = number_within (-2000, 2000),
  ["report.nsec"] = whole_within (0, 10000000000),
  ["by"] = function (v) return v == "ear" or v == "hand" end,
  ["at"] = whole_within (0, math.maxinteger),
  ["sigma.msec"] = number_within (0, 1000),
  ["arrival.msec"] = number_within (-1000, 1000),
  ["microphone"] = function (v) return type (v) == "string" and #v >= 1 and #v <= 255 end,
}
local NEEDED = { "codec", "rate", "offset.msec" }

-- backend, all functions:
--   read (key)           what stands in the metadata object, nil if nothing
--   write (key, text)    text nil clears it
--   save (address, text) keeps it over restarts; text nil forgets it
--   now ()               seconds since 1970
--   changed (address)    its records are others than before
--   is_here (address)    whether such a speaker is connected
--   warn (text)
function calibrations.new (backend)
  return setmetatable ({
    backend = backend,
    entries = {},   -- by address: { records, others (fields beside them), written (the text in the object) }
    count = 0,
    withdrawn = {}, -- by address: records by ear that were taken back of late, with the time in gone
  }, calibrations)
end

-- Fields that are not known stay for whoever knows them, if they are not too many
local function keep_unknown (to, from)
  local unknown = {}
  for name, v in pairs (from) do
    if not FIELDS [name] then
      unknown [name] = v
    end
  end
  if next (unknown) ~= nil and #json.encode (unknown) <= UNKNOWN_LEN then
    for name, v in pairs (unknown) do
      to [name] = v
    end
  end
end

-- What is valid of it; nil if that says nothing
local function check_record (fields)
  local record = {}

  for name, is_valid in pairs (FIELDS) do
    if is_valid (fields [name]) then
      record [name] = fields [name]
    end
  end
  for _, name in ipairs (NEEDED) do
    if record [name] == nil then
      return nil
    end
  end
  keep_unknown (record, fields)
  return record
end

local function is_of (record, codec, rate)
  return record.codec == codec and record.rate == rate
end

-- Where in records; nil: nowhere
local function find (records, codec, rate)
  for i, r in ipairs (records or {}) do
    if is_of (r, codec, rate) then
      return r, i
    end
  end
end

-- As the newest, in the place of the one of its codec and rate
local function put (records, record)
  local _, i = find (records, record.codec, record.rate)
  if i then
    table.remove (records, i)
  end
  table.insert (records, record)
  if #records > RECORDS_MAX then
    table.remove (records, 1)
  end
end

-- The entry in a text; nil if it is no object
local function parse (text)
  local value = #text <= bounds.VALUE_LEN and json.decode_object (text)
  if type (value) ~= "table" then
    return nil
  end
  local e = { records = {}, others = {} }
  for _, element in ipairs (json.elements (value.records) or {}) do
    local fields = json.fields (element)
    local record = fields and check_record (fields)
    if record then
      put (e.records, record)
    end
  end
  value.version, value.records = nil, nil
  keep_unknown (e.others, value)
  return e
end

local function encode (e)
  local value = { version = 1 }
  for name, v in pairs (e.others) do
    value [name] = v
  end
  while #e.records > 0 do
    value.records = e.records
    local text = json.encode (value)
    if #text <= TEXT_LEN then
      return text
    end
    table.remove (e.records, 1)
  end
  return nil
end

local function address_of (key)
  local name = key:match ("^calibration%.(.*)$")
  return name and devices.address (name) == name and name or nil
end

-- e nil: none any more
local function set_entry (self, address, e)
  self.count = self.count + (e and 1 or 0) - (self.entries [address] and 1 or 0)
  self.entries [address] = e
end

-- What is known is kept, and stands in the object
local function store (self, address)
  local e = self.entries [address]
  local text = e and encode (e)

  if not text then
    set_entry (self, address, nil)
  else
    e.written = text
  end
  self.backend.save (address, text)
  if self.backend.read (calibrations.KEY .. address) ~= text then
    self.backend.write (calibrations.KEY .. address, text)
  end
  self.backend.changed (address)
end

-- When its newest record was made, as far as is known
local function newest (e)
  local at = 0
  for _, r in ipairs (e.records) do
    at = math.max (at, r.at or 0)
  end
  return at
end

-- The speaker that is away whose newest record is the oldest; nil if there is none
local function oldest (self)
  local found
  for address, e in pairs (self.entries) do
    if not self.backend.is_here (address) and
        (not found or newest (e) < newest (self.entries [found])) then
      found = address
    end
  end
  return found
end

-- Whether there is room for one more: who is here has the place of one who is not.
local function make_room (self, address)
  if self.entries [address] or self.count < SPEAKERS_MAX then
    return true
  end
  local other = self.backend.is_here (address) and oldest (self)
  if other then
    set_entry (self, other, nil)
    store (self, other)
  end
  return other ~= nil and other ~= false
end

local function is_late (self, record)
  local age = self.backend.now () - record.gone
  return age < 0 or age > BACK_SEC
end

-- Notes what was measured and is in no record any more. Where no speaker is nothing comes back.
local function note_withdrawn (self, address, records)
  for other, withdrawn in pairs (self.withdrawn) do
    if is_late (self, withdrawn [#withdrawn]) then
      self.withdrawn [other] = nil
    end
  end
  if not self.backend.is_here (address) then
    return
  end
  local e = self.entries [address]
  for _, r in ipairs (e and e.records or {}) do
    if r.by == "ear" and r ["was.msec"] and not find (records, r.codec, r.rate) then
      self.withdrawn [address] = self.withdrawn [address] or {}
      put (self.withdrawn [address],
          { codec = r.codec, rate = r.rate, was = r ["was.msec"], gone = self.backend.now () })
    end
  end
end

-- Whether this is the offset from before a record that was taken back
local function comes_back (self, address, codec, rate, offset)
  local record = find (self.withdrawn [address], codec, rate)
  return record ~= nil and not is_late (self, record) and math.abs (record.was - offset) <= SAME_MS
end

-- Takes in what somebody else has written.
local function absorb (self, address, text)
  local e = text and parse (text)

  if text and not e then
    self.backend.warn (string.format ("metadata 'bluez-combine', key '%s%s': the value is no complete " ..
        "JSON object; allowed: { \"version\": 1, \"records\": [ { \"codec\": ..., \"rate\": ..., " ..
        "\"offset.msec\": ... } ] }; ignored", calibrations.KEY, address))
    e = self.entries [address]
  elseif e and not make_room (self, address) then
    self.backend.warn (string.format ("metadata 'bluez-combine', key '%s%s': there are calibrations of " ..
        "%d other speakers; ignored", calibrations.KEY, address, SPEAKERS_MAX))
    return
  end
  note_withdrawn (self, address, e and e.records)
  set_entry (self, address, e)
  store (self, address)
end

-- What stands there now counts, and not what is still to be told of it. That it is gone may be for
-- all of them being cleared.
local function look (self, address)
  local text = self.backend.read (calibrations.KEY .. address)
  local e = self.entries [address]
  if text and text ~= (e and e.written) then
    absorb (self, address, text)
  end
end

-- What it was found to be, in ms; nil: never
function calibrations:find (address, codec, rate)
  look (self, address)
  local e = self.entries [address]
  local record = find (e and e.records, codec, rate)
  return record and record ["offset.msec"]
end

-- Somebody has set it, in ms, and that is the user's later word than what was measured, unless it is what was
-- there before: returns whether it is. That there is none is nothing to remember where nothing else is.
function calibrations:set_by_hand (address, codec, rate, offset)
  local record = {
    by = "hand", codec = codec, rate = rate, ["offset.msec"] = offset, at = self.backend.now (),
  }

  look (self, address)
  if self.entries [address] and self.backend.read (calibrations.KEY .. address) == nil then
    -- Cleared, and not told of yet: whoever does so puts back an offset, too.
    absorb (self, address, nil)
  end
  if comes_back (self, address, codec, rate, offset) then
    return false
  end
  self.withdrawn [address] = nil
  local known = self.entries [address]
  if not check_record (record) then
    -- Further than a record can say: the one that is there would be put back.
    local _, i = find (known and known.records, codec, rate)
    if i then
      table.remove (known.records, i)
      store (self, address)
    end
    return true
  elseif (not known and offset == 0) or not make_room (self, address) then
    return true
  elseif not known then
    set_entry (self, address, { records = {}, others = {} })
  end
  put (self.entries [address].records, record)
  store (self, address)
  return true
end

-- Whether a key of the metadata object is one of these, for us to take in
function calibrations.takes (_, key)
  return address_of (key) ~= nil
end

-- Whether a key of the metadata object is that of an entry here
function calibrations:uses (key)
  return self.entries [address_of (key) or ""] ~= nil
end

-- A key of the metadata object has changed; nil: all of them were cleared.
function calibrations:changed (key)
  if key == nil then
    for address in pairs (self.entries) do
      store (self, address)
    end
    return
  end
  local address = address_of (key)
  local text = address and self.backend.read (key)
  local e = self.entries [address or ""]
  if address and text ~= (e and e.written) then
    absorb (self, address, text)
  end
end

-- What was saved in an earlier run: text by address. Before attached ().
function calibrations:restore (saved)
  for name, text in pairs (saved) do
    local e = devices.address (name) == name and parse (text)
    if e and self.count < SPEAKERS_MAX and encode (e) then
      set_entry (self, name, e)
    end
  end
end

-- The metadata object is there, or is another one than before. keys: those in it
function calibrations:attached (keys)
  for _, e in pairs (self.entries) do
    e.written = nil
  end
  for _, key in ipairs (keys) do
    self:changed (key)
  end
  for address in pairs (self.entries) do
    store (self, address)
  end
end

return calibrations
