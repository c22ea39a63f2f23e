-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local filters = require ("bluez-combine-filters")
local test, equal = check.test, check.equal

local SINK = { id = 1 }

-- As WirePlumber's filter-utils has them
local function filter (name, more)
  local f = {
    smart = true, disabled = false, direction = "input", media_type = "Audio", target = SINK,
    link_group = name, main_si = { id = name },
  }
  for k, v in pairs (more or {}) do
    f [k] = v
  end
  return f
end

local function chain (list)
  return filters.chain (list, {
    direction = "input",
    media_type = "Audio",
    sink = SINK.id,
    is_trusted = function (item) return not item.id:match ("^foreign") end,
  })
end

-- Where what plays into the sink goes: through whom
local function way (list, refuse)
  local c, names, position = chain (list), {}, 0
  while position do
    local item = filters.next (c, position, SINK, function (i) return i.id ~= refuse end)
    if not item or item == SINK then
      table.insert (names, item and "sink" or "nothing")
      return names
    end
    table.insert (names, item.id)
    assert (#names <= #list, "in a circle")
    position = filters.position (c, item.id)
  end
end

test ("all_filters_of_the_sink_are_gone_through_in_their_order", function ()
  equal (way {}, { "sink" })
  equal (way { filter ("a"), filter ("b") }, { "a", "b", "sink" })
end)

test ("a_restricted_clients_filter_is_passed_over_wherever_it_stands", function ()
  equal (way { filter ("foreign"), filter ("a") }, { "a", "sink" })
  equal (way { filter ("a"), filter ("foreign") }, { "a", "sink" })
  equal (way { filter ("a"), filter ("foreign"), filter ("b"), filter ("foreign2") }, { "a", "b", "sink" })
  equal (way { filter ("foreign") }, { "sink" })
end)

test ("nor_does_it_get_what_a_filter_plays_whose_link_group_it_has", function ()
  local c = chain { filter ("foreign", { link_group = "a" }), filter ("b"), filter ("a") }
  equal (filters.position (c, "a"), 2)
end)

test ("other_filters_are_none_of_the_sinks", function ()
  equal (way { filter ("a", { smart = false }), filter ("b", { disabled = true }),
    filter ("c", { direction = "output" }), filter ("d", { media_type = "Video" }),
    filter ("e", { target = { id = 2 } }), { smart = true, direction = "input", media_type = "Audio",
      link_group = "f", main_si = { id = "f" } } }, { "sink" })
end)

test ("one_that_cannot_be_linked_is_passed_over", function ()
  equal (way ({ filter ("a"), filter ("b") }, "a"), { "b", "sink" })
  equal (way ({ filter ("a"), filter ("b") }, "b"), { "a", "sink" })
  equal (way ({ filter ("a") }, SINK.id), { "a", "nothing" })
end)

test ("what_is_in_no_link_group_is_no_filter", function ()
  equal (filters.position (chain { filter ("a") }, nil), nil)
  equal (filters.position (chain { filter ("a") }, "b"), nil)
end)

check.finish ()
