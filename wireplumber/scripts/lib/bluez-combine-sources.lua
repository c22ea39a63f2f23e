-- Who sends music: the devices that are connected, and their streams
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- One address may be there twice, on two adapters: it is there as long as one of them is.
-- What is gone has no properties any more, only its object's id.

local sources = {}
sources.__index = sources

function sources.new ()
  return setmetatable ({
    devices = {},   -- object id of a device -> address
    names = {},     -- address -> name, of those that were seen and have not left
    nodes = {},     -- object id of a node -> its id in PipeWire, as text
    streams = {},   -- that id -> address
  }, sources)
end

local function has (map, address)
  for _, a in pairs (map) do
    if a == address then
      return true
    end
  end
  return false
end

-- Returns whether it was not known yet.
function sources:found (address, name)
  local new = self.names [address] == nil
  self.names [address] = name
  return new
end

-- The device with this object id is here.
function sources:connected (id, address)
  self.devices [id] = address
end

-- It has left, or is no source any more. Returns its address if it was the last of that.
function sources:disconnected (id)
  local address = self.devices [id]
  self.devices [id] = nil
  if address and not has (self.devices, address) then
    self.names [address] = nil
    return address
  end
end

-- A stream is there. object: its node's id as an object, id: as a node, text
function sources:begins (object, id, address)
  self.nodes [object] = id
  self.streams [id] = address
end

-- It has ended, or is none of a source any more. Returns the address if it was the last of that.
function sources:ends (object)
  local id = self.nodes [object]
  local address = id and self.streams [id]
  if not address then
    return nil
  end
  self.nodes [object] = nil
  self.streams [id] = nil
  return not has (self.streams, address) and address or nil
end

-- The address that a stream is of, nil if it is no source's
function sources:of_stream (id)
  return self.streams [id]
end

function sources:is_playing ()
  return next (self.streams) ~= nil
end

-- Addresses of those that are here, and what they are called; both sorted
function sources:all ()
  local addresses, names = {}, {}
  for address, name in pairs (self.names) do
    table.insert (addresses, address)
    table.insert (names, name)
  end
  table.sort (addresses)
  table.sort (names)
  return addresses, names
end

return sources
