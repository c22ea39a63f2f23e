-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local defaults = require ("bluez-combine-defaults")
local test, equal = check.test, check.equal

local function node (name, priority)
  return { ["node.name"] = name, ["priority.session"] = priority and tostring (priority) }
end

local ANALOG = node ("alsa", 1009)
local HDMI = node ("hdmi", 696)
local A, B = node ("bluez_output.A", 1010), node ("bluez_output.B", 1010)
local OURS = node ("bluez_combine.default", 1)
local NULL = node ("null")

local function is_member (name)
  return name:find ("^bluez_output") ~= nil
end

-- What WirePlumber chooses by priority alone
local function stock (nodes)
  local name, priority
  for _, n in ipairs (nodes) do
    local p = tonumber (n ["priority.session"]) or 0
    if name == nil or p > priority then
      name, priority = n ["node.name"], p
    end
  end
  return name, priority
end

local function chosen (nodes, lowered)
  local name, priority = stock (nodes)
  return (defaults.choose (nodes, name, priority, lowered or is_member)) or name
end

test ("a_sound_card_stays_the_default_when_a_member_connects", function ()
  equal (chosen { A, ANALOG, OURS }, "alsa")
  equal (chosen { ANALOG, A }, "alsa")
  equal (chosen { A, HDMI }, "hdmi")
end)

test ("a_member_that_is_the_only_real_output_is_the_default", function ()
  equal (chosen { OURS, A }, "bluez_output.A")
  equal (chosen { NULL, A, OURS }, "bluez_output.A")
end)

test ("the_combined_sink_is_never_chosen_by_itself", function ()
  equal (defaults.is_by_itself ({ OURS }, "bluez_combine.default", "bluez_combine.default", 1), true)
  equal (defaults.best_without ({ OURS }, "bluez_combine.default"), nil)
  equal ((defaults.best_without ({ OURS, NULL }, "bluez_combine.default")), "null")
  equal ((defaults.best_without ({ NULL, OURS, ANALOG, A }, "bluez_combine.default")), "bluez_output.A")
end)

test ("the_combined_sink_is_kept_when_the_user_has_chosen_it", function ()
  equal (defaults.is_by_itself ({ OURS, ANALOG }, "bluez_combine.default",
      "bluez_combine.default", 30001), false)
  equal (defaults.is_by_itself ({ OURS, ANALOG }, "bluez_combine.default", "alsa", 1009), false)
  equal (defaults.is_by_itself ({ ANALOG }, "bluez_combine.default", "bluez_combine.default", 1), false)
end)

test ("among_members_the_choice_is_the_stock_one", function ()
  equal (chosen { A, B, OURS }, "bluez_output.A")
  equal (chosen { B, A, OURS }, "bluez_output.B")
  equal (chosen { node ("bluez_output.C", 900), A }, "bluez_output.A")
end)

test ("the_current_default_stays_before_its_equals", function ()
  local function choose (nodes, current)
    return (defaults.choose (nodes, "bluez_output.B", 1010, is_member, current))
  end
  equal (choose ({ B, A, OURS }, "bluez_output.A"), "bluez_output.A")
  equal (choose ({ B, A, OURS }, "bluez_output.B"), nil)
  equal (choose ({ B, A, OURS }, "gone"), nil)
  equal (choose ({ B, node ("bluez_output.C", 900) }, "bluez_output.C"), nil)
  equal (choose ({ B, A, ANALOG }, "bluez_output.A"), "alsa")
end)

test ("our_sink_is_the_default_only_if_there_is_no_other", function ()
  equal (chosen { OURS }, "bluez_combine.default")
  equal (chosen { OURS, ANALOG }, "alsa")
end)

test ("nothing_changes_without_members", function ()
  equal (defaults.choose ({ A, ANALOG }, "bluez_output.A", 1010, function () return false end), nil)
  equal (defaults.choose ({}, nil, nil, is_member), nil)
end)

test ("a_choice_of_the_user_is_kept", function ()
  -- configured: 30000 on top; one that was configured earlier: 20000 and some
  equal (defaults.choose ({ A, ANALOG }, "bluez_output.A", 31010, is_member), nil)
  equal (defaults.choose ({ A, ANALOG }, "bluez_output.A", 21009, is_member), nil)
end)

test ("a_choice_of_another_hook_is_kept", function ()
  equal (defaults.choose ({ A, node ("usb", 2000) }, "bluez_output.A", 1010, is_member), nil)
  equal (defaults.choose ({ A, ANALOG }, "somewhere", 5, is_member), nil)
end)

test ("whichever_of_equal_members_was_taken_the_sound_card_comes_instead", function ()
  equal ((defaults.choose ({ A, B, ANALOG }, "bluez_output.B", 1010, is_member)), "alsa")
end)

test ("a_smart_filter_is_never_taken", function ()
  local filter = node ("filter", 1005)
  filter ["filter.smart"] = "true"
  equal (chosen { A, filter, HDMI }, "hdmi")
end)

test ("a_microphone_of_a_member_comes_after_all_others_but_before_monitors", function ()
  local mic, card = node ("bluez_input.A", 2010), node ("alsa_input", 1744)
  local monitor = node ("alsa", 1009)
  local function chosen_source (nodes)
    return (defaults.choose (nodes, "bluez_input.A", 2010, function (name)
      return name:find ("^bluez") ~= nil
    end, nil, "audio.source"))
  end
  -- As WirePlumber 0.5.8 makes it
  mic ["filter.smart"] = "true"
  monitor ["media.class"], A ["media.class"] = "Audio/Sink", "Audio/Sink"
  equal (chosen_source { mic, card, monitor, A }, "alsa_input")
  equal (chosen_source { mic, monitor, A }, nil)
end)

test ("a_speaker_that_is_not_lowered_stays_the_default", function ()
  equal (chosen ({ A, B, ANALOG }, function (name)
    return is_member (name) and name ~= "bluez_output.A"
  end), "bluez_output.A")
end)

local function decide (nodes, selected, priority, options)
  local o = { nodes = nodes, selected = selected, priority = priority,
              sink = "bluez_combine.default", lowered = is_member }
  for k, v in pairs (options or {}) do
    o [k] = v
  end
  return { defaults.decide (o) }
end

test ("all_rules_work_on_one_choice", function ()
  equal (decide ({ A, ANALOG, OURS }, "bluez_output.A", 1010), { true, "alsa", 1009 })
  equal (decide ({ A, ANALOG, OURS }, "alsa", 1009), { false, "alsa", 1009 })
  equal (decide ({ A, ANALOG, OURS }, "bluez_output.A", 1010, { lowered = false }),
      { false, "bluez_output.A", 1010 })
  equal (decide ({ OURS }, "bluez_combine.default", 1), { true })
  equal (decide ({ OURS, NULL }, "bluez_combine.default", 1), { true, "null", 0 })
  equal (decide ({}, nil, nil), { false })
end)

test ("the_combined_sink_is_the_default_when_the_setting_says_so", function ()
  local on = { make_default = true }
  equal (decide ({ A, ANALOG, OURS }, "bluez_output.A", 1010, on),
      { true, "bluez_combine.default", defaults.MADE_PRIORITY })
  -- one that was chosen in former times, one that is chosen now
  equal (decide ({ ANALOG, OURS }, "alsa", 21009, on),
      { true, "bluez_combine.default", defaults.MADE_PRIORITY })
  equal (decide ({ ANALOG, OURS }, "alsa", 31009, on), { false, "alsa", 31009 })
  equal (decide ({ OURS }, "bluez_combine.default", 1, on),
      { true, "bluez_combine.default", defaults.MADE_PRIORITY })
end)

test ("while_there_is_no_combined_sink_the_setting_changes_nothing", function ()
  equal (decide ({ A, ANALOG }, "bluez_output.A", 1010, { make_default = true }), { true, "alsa", 1009 })
  equal (decide ({ ANALOG }, "alsa", 1009, { make_default = true }), { false, "alsa", 1009 })
end)

check.finish ()
