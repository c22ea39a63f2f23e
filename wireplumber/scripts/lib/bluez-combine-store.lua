-- A metadata object that two parties write to
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The object may live in another process: then what we write is not there to be
-- read until it has come back as an event, and an event that tells of an earlier
-- write of ours must not be taken for somebody else's.

local store = {}
store.__index = store

-- object, nil while there is none: find (key) gives a text or nil; set (key, text)
function store.new ()
  return setmetatable ({ object = nil, pending = {} }, store)
end

function store:attach (object)
  self.object = object
  self.pending = {}   -- by key: texts on their way, the oldest first; false for none
end

function store:read (key)
  local queue = self.pending [key]
  if queue then
    return queue [#queue] or nil
  end
  return self.object and self.object.find (key)
end

function store:write (key, text)
  if not self.object then
    return
  end
  local queue = self.pending [key] or {}
  table.insert (queue, text or false)
  self.pending [key] = queue
  self.object.set (key, text)
end

-- An event has told of this value. What comes between our writes is somebody
-- else's, and then the object itself knows best.
function store:changed (key, text)
  local queue = self.pending [key]
  if not queue then
    return
  end
  for i, v in ipairs (queue) do
    if v == (text or false) then
      table.move (queue, i + 1, #queue + i, 1)
      self.pending [key] = queue [1] ~= nil and queue or nil
      return
    end
  end
  self.pending [key] = nil
end

-- All keys were cleared.
function store:cleared ()
  self.pending = {}
end

return store
