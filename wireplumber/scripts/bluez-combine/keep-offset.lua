-- Gives each speaker the latency offset that was found for its codec and rate
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber gives back the last offset of a port, of whatever codec that was. So here is looked at
-- what it is about to give back, to tell that from what the user sets.

local context = require ("bluez-combine-context")
local cutils = require ("common-utils")

local function look (device)
  local output = device.properties ["device.api"] == "bluez5" and context.output_of (device)
  if output then
    context.offsets:changed (device.id, output.offset)
  end
end

local handlers = {
  ["device-added"] = look,
  ["device-params-changed"] = look,
  ["device-removed"] = function (device) context.offsets:device_removed (device.id) end,
}

SimpleEventHook {
  name = "bluez-combine/keep-offset",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "device-added", "device-removed" },
    },
    EventInterest {
      Constraint { "event.type", "=", "device-params-changed" },
      Constraint { "event.subject.param-id", "=", "Route" },
    },
  },
  execute = function (event)
    handlers [event:get_properties () ["event.type"]] (event:get_subject ())
  end
}:register ()

local function is_output (device, index)
  for param in device:iterate_params ("EnumRoute") do
    local route = cutils.parseParam (param, "EnumRoute")
    if route and route.index == index then
      return route.direction == "Output"
    end
  end
  return false
end

SimpleEventHook {
  name = "bluez-combine/see-restored-offset",
  after = { "device/find-stored-routes", "device/find-best-routes", "device/apply-route-props" },
  before = "device/apply-routes",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-routes" },
    },
  },
  execute = function (event)
    local device = event:get_subject ()
    if device.properties ["device.api"] ~= "bluez5" then
      return
    end
    for _, text in pairs (event:get_data ("selected-routes") or {}) do
      local route = Json.Raw (text):parse ()
      local ns = route.props and route.props.latencyOffsetNsec
      if ns and is_output (device, route.index) then
        context.offsets:restoring (device.id, ns)
      end
    end
  end
}:register ()
