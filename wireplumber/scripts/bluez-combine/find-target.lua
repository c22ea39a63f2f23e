-- Sends the stream of a source to the combined sink
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- By choosing the target, never by writing target.object: the stock policy
-- stores whatever stands there as the user's choice.

local context = require ("bluez-combine-context")
local lutils = require ("linking-utils")

-- A target that the user has chosen and that is there was taken by
-- find-defined-target. What is left is "-1": follow the default, now or as it was
-- said of an earlier stream of the same device. A target that is named but gone is no
-- choice that could be kept: the stream comes to us until it is back.
local function follows_default_by_choice (si_props)
  if not Settings.get_boolean ("linking.allow-moving-streams") then
    return false
  end
  local target = context.target_of (si_props ["node.id"])
  if target ~= nil then
    return target == "-1"
  end
  return Settings.get_boolean ("node.stream.restore-target") and
      context.follows_default (context.sources:of_stream (si_props ["node.id"]))
end

SimpleEventHook {
  name = "bluez-combine/find-target",
  after = "linking/find-defined-target",
  before = {
    "linking/find-filter-target",
    "linking/find-audio-group-target",
    "linking/find-media-role-target",
    "linking/find-media-role-sink-target",
    "linking/find-default-target",
    "linking/find-best-target",
    "linking/get-filter-from-target",
    "linking/prepare-link",
  },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
      Constraint { "item.node.type", "=", "stream" },
      Constraint { "item.node.direction", "=", "output" },
    },
  },
  execute = function (event)
    local _, _, si, si_props, si_flags, target = lutils:unwrap_select_target_event (event)

    if target or not context.sources:of_stream (si_props ["node.id"]) or
        follows_default_by_choice (si_props) then
      return
    end

    local sink = context.find_sink ()
    if not sink then
      if context.group:is_waiting () then
        context.log:info (si, "waiting for the combined sink")
        event:stop_processing ()
      end
      return
    end

    local compatible, can_passthrough = lutils.checkPassthroughCompatibility (si, sink)
    if not compatible or not lutils.canLink (si_props, sink) then
      context.log:info (si, "cannot be linked to the combined sink")
      return
    end

    context.log:info (si, "linking to the combined sink")
    si_flags.can_passthrough = can_passthrough
    -- As if the target was named by the node: no default filter comes in between.
    si_flags.has_defined_target = true
    si_flags.has_node_defined_target = false
    event:set_data ("target", sink)
  end
}:register ()
