-- Says when the combined sink has come, when it has gone, and when it should be another one
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local context = require ("bluez-combine-context")
local args = require ("bluez-combine-args")

-- Ids of items that are the sink: of one that goes the owner is not known any more.
local sinks = {}

local function appeared (item)
  if not context.is_sink (item) then
    context.log:notice (item, "of the combined sink's name, and not the combined sink: nothing is sent to it")
    return
  end
  sinks [item.id] = true
  context.log:info ("the combined sink is there")
  context.group:appeared ()
end

local function vanished (item)
  if not sinks [item.id] then
    return
  end
  sinks [item.id] = nil
  -- The module may have ended without a word
  local object = context.store.object
  if object and object.find ("status") then
    object.set ("status", nil)
  end
  context.group:vanished ()
end

SimpleEventHook {
  name = "bluez-combine/load-sink",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "session-item-added", "session-item-removed" },
      Constraint { "event.session-item.interface", "=", "linkable" },
      Constraint { "node.name", "=", context.SINK },
    },
  },
  execute = function (event)
    local added = event:get_properties () ["event.type"] == "session-item-added"
    ;(added and appeared or vanished) (event:get_subject ())
  end
}:register ()

for _, name in ipairs (args.SETTINGS) do
  Settings.subscribe ("bluez-combine." .. name, function ()
    context.group:settings_changed ()
  end)
end
