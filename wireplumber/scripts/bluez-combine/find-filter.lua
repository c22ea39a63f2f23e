-- Puts the smart filters whose target is the combined sink in front of it
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber takes whatever has a link group for a filter, and looks for none in front of
-- one. The sink and its outputs have a common one, which keeps them from being linked in a
-- circle. So the filters are looked for here, as for a sink without.
--
-- Where several have the same target WirePlumber links each to the next, whosever it is. What
-- a filter of the sink plays is placed here, too: else a restricted client's, behind
-- one of the user's or before it, would get what the sources send.

local context = require ("bluez-combine-context")
local filters = require ("bluez-combine-filters")
local cutils = require ("common-utils")
local futils = require ("filter-utils")
local lutils = require ("linking-utils")

local KEY = "bluez-combine/filter"
local interests = {
  EventInterest {
    Constraint { "event.type", "=", "select-target" },
  },
}

local function is_trusted (item)
  local trusted = context.is_trusted (item)
  if not trusted then
    context.log:notice (item, "a restricted client's filter: nothing is sent through it")
  end
  return trusted
end

local function chain_of (sink, si_props)
  return filters.chain (futils.filters, {
    direction = cutils.getTargetDirection (si_props),
    media_type = si_props ["media.type"],
    sink = sink.id,
    is_trusted = is_trusted,
  })
end

-- Has the item play to what comes behind a position of the chain. Returns false if it can to nothing.
local function play_to_next (event, chain, position, sink)
  local _, _, si, si_props, si_flags = lutils:unwrap_select_target_event (event)
  local target = filters.next (chain, position, sink, function (item)
    return (lutils.checkPassthroughCompatibility (si, item)) and lutils.canLink (si_props, item)
  end)

  if target then
    local _, can_passthrough = lutils.checkPassthroughCompatibility (si, target)
    si_flags.can_passthrough = can_passthrough
    event:set_data ("target", target)
    event:set_data (KEY, target)
  end
  return target ~= nil
end

SimpleEventHook {
  name = "bluez-combine/find-next-filter",
  after = "linking/find-defined-target",
  before = { "bluez-combine/find-target", "linking/find-filter-target", "linking/prepare-link" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
      Constraint { "node.link-group", "+" },
    },
  },
  execute = function (event)
    local _, _, si, si_props, _, target = lutils:unwrap_select_target_event (event)
    local sink = not target and not context.is_output (si) and context.find_sink ()

    if not sink then
      return
    end
    local chain = chain_of (sink, si_props)
    local position = filters.position (chain, si_props ["node.link-group"])
    if position and not play_to_next (event, chain, position, sink) then
      context.log:info (si, "cannot be linked to the combined sink")
      event:stop_processing ()
    end
  end
}:register ()

SimpleEventHook {
  name = "bluez-combine/find-filter",
  after = {
    "linking/find-defined-target",
    "linking/find-filter-target",
    "linking/find-media-role-target",
    "linking/find-default-target",
    "linking/find-best-target",
    "bluez-combine/find-next-filter",
    "bluez-combine/find-target",
    "bluez-combine/never-best-target",
    "bluez-combine/never-loop",
  },
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = interests,
  execute = function (event)
    local _, _, si, si_props, _, target = lutils:unwrap_select_target_event (event)

    if not target or target.properties ["node.name"] ~= context.SINK or not context.is_sink (target) or
        event:get_data (KEY) or context.is_smart_filter (si) then
      return
    end
    local chain = chain_of (target, si_props)
    if play_to_next (event, chain, 0, target) and #chain > 0 then
      context.log:info (si, "goes through the filters of the combined sink")
    end
  end
}:register ()

-- Given one of the filters, WirePlumber takes the first of that target instead; given the sink, one that
-- has its link group, and else one without a target, which is for whatever has no other.
SimpleEventHook {
  name = "bluez-combine/keep-filter",
  after = "linking/get-filter-from-target",
  before = "linking/prepare-link",
  interests = interests,
  execute = function (event)
    local kept = event:get_data (KEY)
    local _, _, _, _, _, target = lutils:unwrap_select_target_event (event)

    if kept and target and target.id ~= kept.id and
        (not context.is_sink (kept) or not is_trusted (target)) then
      event:set_data ("target", kept)
    end
  end
}:register ()
