-- No device hears what it has sent itself
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- An Echo can be a speaker, too, and that may be the default, or be chosen. As long as
-- it sends, it is no member of the group; and where its stream is not ours to place, it
-- does not go back to the device that it comes from.

local context = require ("bluez-combine-context")
local devices = require ("bluez-combine-devices")
local lutils = require ("linking-utils")

SimpleEventHook {
  name = "bluez-combine/never-loop",
  after = { "linking/find-best-target", "bluez-combine/find-target" },
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
      Constraint { "item.node.type", "=", "stream" },
      Constraint { "item.node.direction", "=", "output" },
    },
  },
  execute = function (event)
    local _, _, si, si_props, _, target = lutils:unwrap_select_target_event (event)
    local address = context.sources:of_stream (si_props ["node.id"])

    if not target or not address then
      return
    end
    local node = target:get_associated_proxy ("node")
    local props = node and context.properties (node, context.device_of (node))
    if props and devices.address (props ["api.bluez5.address"]) == address then
      context.log:info (si, "does not go back to the device that it comes from")
      event:set_data ("target", nil)
    end
  end
}:register ()
