-- Finds the devices that send music, and has the sink loaded for them
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The stream of an Echo comes with the music and is gone when it pauses. The sink
-- is wanted by the device, so that it is there when the first note arrives and
-- stays through all pauses; the setting bluez-combine.sink.lifetime has it
-- wanted by the stream instead, or always.

local context = require ("bluez-combine-context")
local devices = require ("bluez-combine-devices")
local json = require ("bluez-combine-json")
local owners = require ("bluez-combine-owners")
local cutils = require ("common-utils")

local sources = context.sources
local unsure   -- of whose some devices and streams are

-- Whether the device can send music or calls, rather than only play: a speaker
-- whose name begins with "Echo" is no reason for a sink.
local function has_source_profile (device)
  for param in device:iterate_params ("EnumProfile") do
    local profile = cutils.parseParam (param, "EnumProfile")
    if profile and profile.name == "audio-gateway" then
      return true
    end
  end
  return false
end

local function source_found (address, props, why)
  local name = devices.display_name (props)
  if sources:found (address, name) then
    context.log:info (string.format ("source: %s '%s' (%s)", address, name, why))
  end
  context.remember_source (address, name)
end

local function lifetime ()
  return context.settings:get ("sink.lifetime")
end

local function remove_device (device)
  local address = sources:disconnected (device.id)
  if address then
    context.group:drop ("device " .. address)
  end
end

-- Who can send is told to whoever wonders why nothing plays, taken or not.
local function tell (device, address, props, is_source, why)
  context.told:set ("source." .. address, device.id, json.encode {
    version = 1,
    name = devices.display_name (props),
    taken = is_source,
    why = why,
  })
end

local function device_removed (device)
  context.told:forget (device.id)
  remove_device (device)
end

local function check_device (device)
  local props = context.properties (nil, device)
  local address = devices.address (props ["api.bluez5.address"])
  if props ["device.api"] ~= "bluez5" or not address then
    return
  end
  if not unsure.is (context.is_bluetooth_device (device)) then
    return
  end
  local is_source, why = devices.is_source (props, context.device_options ())
  local can_send = has_source_profile (device)
  if can_send then
    tell (device, address, props, is_source, why)
  end
  if not is_source then
    remove_device (device)
    return
  elseif not can_send then
    return
  end
  sources:connected (device.id, address)
  source_found (address, props, why)
  if lifetime () == "device" then
    context.group:want ("device " .. address)
  end
end

local function remove_stream (node)
  local address = sources:ends (node.id)
  if address then
    context.members:set_blocked (address, false)
    context.group:drop ("stream " .. address)
  end
end

local function check_stream (node)
  local device = context.device_of (node)
  local props = context.properties (node, device)
  local address = devices.address (props ["api.bluez5.address"])
  if not address or not devices.is_source_stream (props) then
    return
  end
  if not unsure.is (context.is_bluetooth (node, device)) then
    return
  end
  local is_source, why = devices.is_source (props, context.device_options ())
  if not is_source then
    context.log:info (node, string.format ("not a source: %s (%s)", address, why))
    remove_stream (node)
    return
  end
  source_found (address, device and context.properties (nil, device) or props, why)
  sources:begins (node.id, tostring (node ["bound-id"]), address)
  context.members:set_blocked (address, true)
  context.group:want ("stream " .. address)
  if device then
    sources:connected (device.id, address)
    if lifetime () == "device" then
      context.group:want ("device " .. address)
    end
  end
end

-- What has changed counts for those that are connected, too.
local function look_again ()
  for device in context.objects ("device"):iterate () do
    check_device (device)
  end
  for node in context.objects ("node"):iterate {
    Constraint { "media.class", "=", "Stream/Output/Audio", type = "pw-global" },
  } do
    check_stream (node)
  end
  context.rescan ("linking")
end

unsure = owners.unsure (look_again)

local handlers = {
  ["client-added"] = unsure.owner_added,
  ["device-added"] = function (device)
    check_device (device)
    unsure.owner_added ()
  end,
  ["device-params-changed"] = check_device,
  ["device-removed"] = device_removed,
  ["node-added"] = check_stream,
  ["node-removed"] = remove_stream,
}

SimpleEventHook {
  name = "bluez-combine/find-source",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "client-added", "device-added", "device-removed" },
    },
    EventInterest {
      Constraint { "event.type", "=", "device-params-changed" },
      Constraint { "event.subject.param-id", "=", "EnumProfile" },
    },
    EventInterest {
      Constraint { "event.type", "c", "node-added", "node-removed" },
      Constraint { "media.class", "=", "Stream/Output/Audio", type = "pw-global" },
    },
  },
  execute = function (event)
    handlers [event:get_properties () ["event.type"]] (event:get_subject ())
  end
}:register ()

local function apply_lifetime ()
  local wanted = lifetime ()
  for _, address in ipairs ((sources:all ())) do
    context.group [wanted == "device" and "want" or "drop"] (context.group, "device " .. address)
  end
  context.group [wanted == "always" and "want" or "drop"] (context.group, "always")
end

Settings.subscribe ("bluez-combine.sink.lifetime", apply_lifetime)
-- Loading a module while WirePlumber itself is being loaded would be too early.
Core.idle_add (function ()
  apply_lifetime ()
  return false
end)

for _, name in ipairs { "source.vendors", "match-by-name" } do
  Settings.subscribe ("bluez-combine." .. name, look_again)
end
