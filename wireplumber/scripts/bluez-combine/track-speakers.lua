-- Makes a member of each speaker that connects
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local context = require ("bluez-combine-context")
local devices = require ("bluez-combine-devices")

SimpleEventHook {
  name = "bluez-combine/track-speakers",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "node-added", "node-removed" },
      Constraint { "media.class", "#", "Audio/Sink*", type = "pw-global" },
    },
  },
  execute = function (event)
    local node = event:get_subject ()
    local props = context.properties (node, context.device_of (node))

    if not devices.is_speaker (props) then
      return
    end
    local address = devices.address (props ["api.bluez5.address"])
    local name = props ["node.name"]
    if not address or not name then
      return
    end

    if event:get_properties () ["event.type"] == "node-removed" then
      context.log:info (node, "speaker gone: " .. name)
      if context.held == name then
        context.held = nil
      end
      context.members:speaker_removed (address, name)
      return
    end

    local auto = devices.is_candidate (props, context.device_options ())
    context.log:info (node, string.format ("speaker: %s, member by itself: %s", name,
        tostring (auto)))
    context.members:speaker_added (address, name, auto)
  end
}:register ()
