-- Puts a smart filter whose target is the combined sink in front of it
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber takes whatever has a link group for a filter, and looks for none in front of
-- one. The sink and its outputs have a common one, which keeps them from being linked in a
-- circle. So the filter is looked for here, as for a sink without.

local context = require ("bluez-combine-context")
local cutils = require ("common-utils")
local futils = require ("filter-utils")
local lutils = require ("linking-utils")

-- The item, as one that is in no link group
local function ungrouped (item)
  return {
    id = item.id,
    get_associated_proxy = function () return { properties = {} } end,
  }
end

SimpleEventHook {
  name = "bluez-combine/find-filter",
  after = {
    "linking/find-defined-target",
    "linking/find-filter-target",
    "linking/find-media-role-target",
    "linking/find-default-target",
    "linking/find-best-target",
    "bluez-combine/find-target",
    "bluez-combine/never-best-target",
    "bluez-combine/never-loop",
  },
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
    },
  },
  execute = function (event)
    local _, _, si, si_props, si_flags, target = lutils:unwrap_select_target_event (event)

    if not target or target.properties ["node.name"] ~= context.SINK or not context.is_sink (target) or
        context.is_smart_filter (si) then
      return
    end
    local filter = futils.get_filter_from_target (cutils.getTargetDirection (si_props),
        si_props ["media.type"], ungrouped (target))
    if not filter then
      return
    elseif not context.is_trusted (filter) then
      context.log:notice (filter, "a restricted client's filter: nothing is sent through it")
      return
    end
    local compatible, can_passthrough = lutils.checkPassthroughCompatibility (si, filter)
    if compatible and lutils.canLink (si_props, filter) then
      context.log:info (si, "goes through the filter of the combined sink")
      si_flags.can_passthrough = can_passthrough
      event:set_data ("target", filter)
    end
  end
}:register ()
