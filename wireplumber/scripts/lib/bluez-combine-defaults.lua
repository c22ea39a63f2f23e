-- Which node is the default when the user has not chosen one
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber takes the node with the highest session priority, and gives
-- Bluetooth speakers 1010 and the first analogue output 1009: the sounds of the
-- desktop would go to whichever speaker of the group connects first.

local defaults = {}

-- Below every output and microphone of a sound card (608 and more), above what has no
-- priority at all (virtual sinks) and above the group's own sink (1). A
-- speaker that is the only real output stays the default.
defaults.MEMBER_PRIORITY = 200

-- Above every choice of former times that WirePlumber keeps (20000 and more), below
-- the one that the user has configured now (30000 and more).
defaults.MADE_PRIORITY = 25000

-- The monitor of an output can be recorded from, too: after every microphone.
local MONITOR = 1000000

local function priority_of (props)
  return math.tointeger (tonumber (props ["priority.session"] or props ["priority.driver"])) or 0
end

-- The node that stock WirePlumber would take, were members lower: the highest
-- priority, the first of equals. lowered (name): whether it is a member.
-- current: taken before its equals. The order of the nodes changes whenever one
-- goes, and the desktop's sounds must not jump from speaker to speaker then.
-- kind: "audio.source" if microphones are meant
local function best (nodes, lowered, current, kind)
  local chosen, chosen_rank, chosen_priority

  for _, props in ipairs (nodes) do
    local name = props ["node.name"]
    local priority = priority_of (props)
    local rank = lowered (name) and math.min (priority, defaults.MEMBER_PRIORITY) or priority

    -- But the microphone of a Bluetooth speaker is one.
    if props ["filter.smart"] == "true" and not lowered (name) then
      goto continue
    end
    if kind == "audio.source" and props ["media.class"] == "Audio/Sink" then
      rank = rank - MONITOR
    end
    -- Members keep their order among themselves.
    if chosen == nil or rank > chosen_rank or
        (rank == chosen_rank and lowered (name) and priority > chosen_priority) or
        (rank == chosen_rank and priority == chosen_priority and name == current) then
      chosen, chosen_rank, chosen_priority = name, rank, priority
    end
    ::continue::
  end
  return chosen, chosen_priority
end

-- Whether no node has a higher priority. Which of equals is taken differs
-- between versions of WirePlumber.
local function is_highest (nodes, priority)
  for _, props in ipairs (nodes) do
    if priority_of (props) > priority then
      return false
    end
  end
  return true
end

local function find (nodes, name)
  for _, props in ipairs (nodes) do
    if props ["node.name"] == name then
      return props
    end
  end
end

-- nodes: properties of those that can be the default
-- selected, selected_priority: what the other hooks have chosen
-- lowered (name): whether this node counts as a member
-- current: name of the node that is the default now
-- kind: as default-node.type
-- Returns the name and priority of the node to take instead, or nil.
--
-- Hooks that know a choice of the user add thousands to the node's priority.
-- A choice that carries exactly the node's own priority, and that is one of those
-- which the priorities give, is nobody's choice and may be changed.
function defaults.choose (nodes, selected, selected_priority, lowered, current, kind)
  local props = selected and find (nodes, selected)
  if not props or priority_of (props) ~= selected_priority or not lowered (selected) then
    return nil
  end
  if not is_highest (nodes, selected_priority) then
    return nil
  end
  local name, priority = best (nodes, lowered, current, kind)
  if name == selected then
    return nil
  end
  return name, priority
end

-- Whether name is selected for nothing but its own priority: nobody chose it.
function defaults.is_by_itself (nodes, name, selected, selected_priority)
  local props = selected == name and find (nodes, name)
  return props and priority_of (props) == selected_priority or false
end

-- What stock WirePlumber would take if there was no node of this name: the
-- highest priority, the first of equals; nil if there is no other.
function defaults.best_without (nodes, name)
  local others = {}
  for _, props in ipairs (nodes) do
    if props ["node.name"] ~= name then
      table.insert (others, props)
    end
  end
  return best (others, function () return false end)
end

-- o: nodes, selected, priority: as above
--   sink          the group's own
--   lowered       as above; nil: members rank as any other node
--   current, kind as above
--   make_default  whether the sink is the default wherever the user has set no other
-- Returns whether something else is to be taken; its name, nil for none, and priority.
function defaults.decide (o)
  local changed, name, priority = false, o.selected, o.priority

  if o.lowered then
    local better, p = defaults.choose (o.nodes, name, priority, o.lowered, o.current, o.kind)
    if better then
      changed, name, priority = true, better, p
    end
  end
  if o.make_default and find (o.nodes, o.sink) then
    if (priority or 0) < defaults.MADE_PRIORITY then
      return true, o.sink, defaults.MADE_PRIORITY
    end
  elseif defaults.is_by_itself (o.nodes, o.sink, name, priority) then
    changed, name, priority = true, defaults.best_without (o.nodes, o.sink)
  end
  return changed, name, priority
end

return defaults
