-- No stream but a source's goes to the combined sink by itself
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The last finder takes any sink rather than none. A stream that was sent here, a filter
-- of the sink's, or a default that the user has set, is another matter: those are chosen.

local context = require ("bluez-combine-context")
local lutils = require ("linking-utils")

SimpleEventHook {
  name = "bluez-combine/never-best-target",
  after = "linking/find-best-target",
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
    },
  },
  execute = function (event)
    local _, _, si, si_props, si_flags, target = lutils:unwrap_select_target_event (event)

    if not target or target.properties ["node.name"] ~= context.SINK or
        si_flags.has_defined_target or context.sources:of_stream (si_props ["node.id"]) or
        context.is_smart_filter (si) or
        context.default_node ("audio.sink") == context.SINK then
      return
    end
    context.log:info (si, "does not go to the combined sink by itself")
    event:set_data ("target", nil)
  end
}:register ()
