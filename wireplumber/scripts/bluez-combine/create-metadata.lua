-- Provides the metadata object "bluez-combine", and takes in what others write there
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- It lives as long as WirePlumber: what stands there survives the sink, which
-- comes and goes with its source. Only where the user has loaded the module
-- into another process, and that was there first, the module's object is used.

Script.async_activation = true

local context = require ("bluez-combine-context")
local owners = require ("bluez-combine-owners")

-- Global, or it would be collected.
metadata = nil

-- Ours or another's: the one that is used
local current = nil

local function is_client (id)
  return others:lookup { type = "client", Constraint { "bound-id", "=", id, type = "gobject" } } ~= nil
end

local function use (m, own)
  context.store:attach {
    find = function (key) return (m:find (0, key)) end,
    set = function (key, text) m:set (0, key, text and "Spa:String:JSON", text) end,
    take_out = function (subject, key) m:set (subject, key, nil, nil) end,
  }
  current = m
  -- Another process looks after its own.
  context.inbox:attach (own, is_client)
  m:connect ("changed", function (_, subject, key, _, text)
    if m ~= current then
      return
    elseif subject == 0 and key then
      context.store:changed (key, text)
    elseif subject == 0 then
      context.store:cleared ()
    end
    context.inbox:put (subject, key, text)
  end)
  local keys = {}
  for subject, key in m:iterate (0) do
    if subject == 0 then
      table.insert (keys, key)
    end
  end
  context.members:attached (keys)
  context.calibrations:attached (keys)
  context.told:changed (nil)
end

-- WirePlumber goes on with nothing else until one of these has been called.
local finished = false

local function finish ()
  if not finished then
    finished = true
    Script:finish_activation ()
  end
end

local function fail (e)
  local text = "failed to activate the bluez-combine metadata: " .. tostring (e)
  if finished then
    context.log:warning (text)
  else
    finished = true
    Script:finish_activation_with_error (text)
  end
end

-- For what WirePlumber calls back: it would log an error in there, and wait.
local function guarded (f)
  return function (...)
    local ok, e = pcall (f, ...)
    if not ok then
      fail (e)
    end
  end
end

local function create ()
  metadata = ImplMetadata (context.METADATA)
  metadata:activate (Features.ALL, guarded (function (m, e)
    if e then
      metadata = nil
      fail (e)
    else
      use (m, true)
      finish ()
    end
  end))
end

context.members:restore (context.saved:all ("member."))
context.calibrations:restore (context.saved:all ("calibration."))

others = ObjectManager {
  Interest {
    type = "metadata",
    Constraint { "metadata.name", "=", context.METADATA },
  },
  Interest { type = "client" },
}

-- An object of another process, if there is one, and it is not a restricted client's: who may
-- not write ours may not bring another. Of a key that is there twice the first one is the
-- daemon's, and that is the one that is compared here.
local function find_other ()
  local m = others:lookup {
    type = "metadata",
    Constraint { "client.id", "-", type = "pw-global" },
  }
  for client in others:iterate { type = "client" } do
    m = m or owners.rights (client.properties) and others:lookup {
      type = "metadata",
      Constraint { "client.id", "=", tostring (client ["bound-id"]), type = "pw-global" },
    }
  end
  return m
end

others:connect ("installed", guarded (function ()
  local m = find_other ()
  if m then
    context.log:info (m, "using the metadata object of another process")
    use (m, false)
    finish ()
  else
    create ()
  end
end))

others:connect ("object-removed", guarded (function (_, object)
  context.inbox:client_gone ()
  if not metadata and object == current then
    context.log:info ("the metadata object of another process is gone: making our own")
    context.store:attach (nil)
    current = nil
    create ()
  end
end))

others:activate ()
