-- Who has changed a speaker's latency offset, and which one it shall have
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The offset is one of the device's port, whatever its codec and rate are, and three parties set it: the
-- user, in pavucontrol or by a tool; WirePlumber, which gives back the last one when a port is there again;
-- and the policy, when there is a record for the codec and the rate that the speaker has now.
--
-- A change does not say whose it is, and comes back as an event when others may be under way. So what
-- WirePlumber and the policy ask for is noted. A change to a value that is not expected is the user's, and
-- counts from then on.
--
-- A device is known by its object's id: one speaker may be there on two adapters.

local offsets = {}
offsets.__index = offsets

-- Some programs write fewer digits than there are nanoseconds; sliders have ten microseconds.
local SAME_NS = 1000
-- Of what was asked for and has never come; the oldest are given up.
local EXPECTED_MAX = 16
local EXPECTED_SEC = 10

-- backend, all functions:
--   record (address, codec, rate)             the offset of its record in ms, nil if there is none
--   set_by_hand (address, codec, rate, ms)    somebody has set it; returns whether it is the user's word
--   set (id, ns)                              asks the device for it; returns false if it can't
--   now ()                                    seconds
--   info (text)
function offsets.new (backend)
  return setmetatable ({ backend = backend, devices = {} }, offsets)
end

-- One device:
--   offset     as its port said last, in ns; nil: it has not
--   expected   what was asked for (ns) and when (at), and has not come back, the oldest first
--   node       object id of its speaker's node while that is there, and with it:
--   address, codec, rate
local function device_of (self, id)
  self.devices [id] = self.devices [id] or { expected = {} }
  return self.devices [id]
end

local function expect (self, d, ns)
  table.insert (d.expected, { ns = ns, at = self.backend.now () })
  if #d.expected > EXPECTED_MAX then
    table.remove (d.expected, 1)
  end
end

-- What comes at all does so soon: a device may refuse, and a port may go.
local function forget_late (self, d)
  while d.expected [1] and self.backend.now () - d.expected [1].at > EXPECTED_SEC do
    table.remove (d.expected, 1)
  end
end

-- What it will be when all that was asked for has come
local function coming (self, d)
  forget_late (self, d)
  return #d.expected > 0 and d.expected [#d.expected].ns or d.offset
end

local function is_same (a, b)
  return a ~= nil and b ~= nil and math.abs (a - b) <= SAME_NS
end

local function wanted (self, d)
  local ms = d.node and d.codec and d.rate and self.backend.record (d.address, d.codec, d.rate)
  return ms and math.floor (ms * 1e6 + 0.5) or nil
end

local function apply (self, id, d)
  local ns = wanted (self, d)
  -- What it has is not known before its port is there.
  if d.offset == nil or ns == nil or is_same (ns, coming (self, d)) then
    return
  end
  if self.backend.set (id, ns) then
    expect (self, d, ns)
    self.backend.info (string.format ("%s: latency offset %.3f ms, as recorded for %s at %d Hz",
        d.address, ns / 1e6, d.codec, d.rate))
  end
end

-- Whether it was asked for; what was asked for before that will not come any more.
local function was_expected (self, d, ns)
  forget_late (self, d)
  for i, value in ipairs (d.expected) do
    if value.ns == ns then
      table.move (d.expected, i + 1, #d.expected + i, 1)
      return true
    end
  end
  return false
end

-- The port of the device says that this is its offset.
function offsets:changed (id, ns)
  local d = device_of (self, id)
  local before = d.offset

  if ns == before then
    return
  end
  d.offset = ns
  if before == nil or was_expected (self, d, ns) then
    apply (self, id, d)
    return
  end
  d.expected = {}
  -- Between two codecs it is nobody's.
  if d.node and d.codec and d.rate and not is_same (ns, wanted (self, d)) and
      self.backend.set_by_hand (d.address, d.codec, d.rate, ns / 1e6) then
    self.backend.info (string.format ("%s: latency offset %.3f ms by hand, for %s at %d Hz",
        d.address, ns / 1e6, d.codec, d.rate))
  end
end

-- WirePlumber is about to give a port the offset that it had before.
function offsets:restoring (id, ns)
  local d = device_of (self, id)
  self.backend.info (string.format ("WirePlumber gives back a latency offset of %.3f ms", ns / 1e6))
  if ns ~= coming (self, d) then
    expect (self, d, ns)
  end
end

-- The speaker's node is there. codec, rate: nil if they are not known
function offsets:speaker_added (id, node, address, codec, rate)
  local d = device_of (self, id)
  d.node, d.address, d.codec, d.rate = node, address, codec, rate
  apply (self, id, d)
end

-- A change of the codec may bring the new node before the old one is gone.
function offsets:speaker_removed (node)
  for _, d in pairs (self.devices) do
    if d.node == node then
      d.node = nil
    end
  end
end

function offsets:device_removed (id)
  self.devices [id] = nil
end

-- The records of a speaker are others than before.
function offsets:look (address)
  for id, d in pairs (self.devices) do
    if d.address == address then
      apply (self, id, d)
    end
  end
end

return offsets
