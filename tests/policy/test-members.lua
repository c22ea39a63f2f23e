-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local json = require ("bluez-combine-json")
local members = require ("bluez-combine-members")
local test, equal, contains = check.test, check.equal, check.contains

local A = "AA:BB:CC:00:00:01"
local B = "AA:BB:CC:00:00:02"
local NODE_A = "bluez_output.AA_BB_CC_00_00_01.1"
local NODE_B = "bluez_output.AA_BB_CC_00_00_02.1"

local function world (saved)
  local w = { store = {}, saved = saved or {}, warnings = {}, writes = 0 }

  w.members = members.new {
    read = function (key) return w.store [key] end,
    write = function (key, text)
      w.store [key] = text
      w.writes = w.writes + 1
      table.insert (w.pending, key)
    end,
    save = function (address, text) w.saved [address] = text end,
    warn = function (text) table.insert (w.warnings, text) end,
    info = function () end,
    max = function () return w.max or 64 end,
  }
  w.pending = {}

  -- The events of our own writes come back later.
  function w.events ()
    local pending = w.pending
    w.pending = {}
    for _, key in ipairs (pending) do
      w.members:changed (key)
    end
  end

  function w.user_writes (address, text)
    w.store ["member." .. address] = text
    w.members:changed ("member." .. address)
    w.events ()
  end

  function w.entry (address)
    local text = w.store ["member." .. address]
    return text and json.decode_object (text)
  end

  return w
end

test ("a_speaker_that_connects_is_a_member_by_itself", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.saved, {})
  equal (w.members:is_member (A), true)
  equal (w.members:is_member (B), nil)
end)

test ("our_own_writes_are_not_taken_for_the_users", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.members:speaker_removed (A, NODE_A)
  w.members:speaker_added (A, NODE_A, true)
  w.events ()
  w.events ()
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.saved, {})
  equal (w.writes, 3)
end)

test ("a_speaker_that_leaves_keeps_its_entry_without_a_target", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "role": "left", "trim.msec": 5 }')
  w.members:speaker_removed (A, NODE_A)
  equal (w.entry (A), { include = true, role = "left", ["trim.msec"] = 5 })
  equal (w.members:is_member (A), nil)
  w.members:speaker_added (A, NODE_A, true)
  equal (w.entry (A), { include = true, role = "left", target = NODE_A, ["trim.msec"] = 5 })
end)

test ("what_the_user_writes_is_completed_and_saved", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "include": false }')
  equal (w.entry (A), { include = false, target = NODE_A })
  equal (w.saved [A], '{ "include": false }')
  equal (w.members:is_member (A), false)
end)

test ("a_tool_that_changes_one_field_has_not_decided_on_the_others", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "include": true, "target": "' .. NODE_A .. '", "gain": 0.5 }')
  equal (w.saved [A], '{ "gain": 0.5 }')
end)

test ("the_users_target_does_not_count", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "target": "alsa_output.x" }')
  equal (w.entry (A), { include = true, target = NODE_A })
end)

test ("a_write_between_an_event_and_our_own_write_is_not_lost", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.store ["member." .. A] = '{ "role": "right" }'
  w.members:speaker_removed (A, NODE_A)
  equal (w.entry (A), { include = true, role = "right" })
  w.members:changed ("member." .. A)
  equal (w.entry (A), { include = true, role = "right" })
end)

test ("a_speaker_that_the_user_has_cleared_stays_away", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, nil)
  equal (w.entry (A), nil)
  equal (w.members:is_member (A), false)
  w.members:speaker_removed (A, NODE_A)
  w.members:speaker_added (A, NODE_A, true)
  equal (w.entry (A), nil)

  local later = world (w.saved)
  later.members:restore (w.saved)
  later.members:attached {}
  later.members:speaker_added (A, NODE_A, true)
  equal (later.entry (A), nil)
end)

test ("writing_an_entry_again_brings_a_cleared_speaker_back", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, nil)
  w.user_writes (A, "{ }")
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.saved, {})
end)

test ("clearing_the_entry_of_a_speaker_that_is_away_forgets_it", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "include": false }')
  w.members:speaker_removed (A, NODE_A)
  w.user_writes (A, nil)
  equal (w.saved, {})
  w.members:speaker_added (A, NODE_A, true)
  equal (w.entry (A), { include = true, target = NODE_A })
end)

test ("clearing_everything_starts_anew", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.members:speaker_added (B, NODE_B, true)
  w.user_writes (A, '{ "include": false }')
  w.user_writes (B, nil)
  w.store = {}
  w.members:changed (nil)
  w.events ()
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.entry (B), { include = true, target = NODE_B })
  equal (w.saved, {})
end)

test ("what_was_saved_is_there_after_a_restart", function ()
  local w = world ()
  w.members:restore { [A] = '{ "include": false, "role": "left" }', ["nonsense"] = "{ }", [B] = "[" }
  w.members:attached {}
  equal (w.entry (A), { include = false, role = "left" })
  w.members:speaker_added (A, NODE_A, true)
  equal (w.entry (A), { include = false, role = "left", target = NODE_A })
  equal (w.entry (B), nil)
end)

test ("what_stands_in_the_object_already_is_newer_than_what_was_saved", function ()
  local w = world ()
  w.members:restore { [A] = '{ "role": "left" }' }
  w.store ["member." .. A] = '{ "role": "right" }'
  w.store ["member." .. B] = '{ "include": true, "target": "x", "gain": 0.5 }'
  w.members:attached { "member." .. A, "member." .. B, "status" }
  equal (w.entry (A), { include = true, role = "right" })
  equal (w.entry (B), { include = true, gain = 0.5 })
  equal (w.saved, { [A] = '{ "role": "right" }', [B] = '{ "gain": 0.5 }' })
end)

test ("a_new_object_gets_all_entries", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "role": "left" }')
  w.members:speaker_added (B, NODE_B, true)
  w.user_writes (B, nil)
  w.store = {}
  w.members:attached {}
  equal (w.entry (A), { include = true, role = "left", target = NODE_A })
  equal (w.entry (B), nil)
  equal (w.saved [A], '{ "role": "left" }')
end)

test ("a_speaker_that_is_no_candidate_has_no_entry_until_the_user_writes_one", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, false)
  equal (w.entry (A), nil)
  equal (w.members:is_member (A), false)
  w.user_writes (A, '{ "include": true }')
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.saved [A], '{ "include": true }')
end)

test ("a_device_that_sends_music_is_left_out_even_if_the_user_includes_it", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, false)
  w.user_writes (A, '{ "include": true }')
  w.members:set_blocked (A, true)
  equal (w.entry (A), { include = false, target = NODE_A })
  equal (w.members:is_member (A), false)
  equal (#w.warnings, 1)
  contains (w.warnings [1], "would hear itself")
  w.members:set_blocked (A, false)
  equal (w.entry (A), { include = true, target = NODE_A })
end)

test ("a_source_that_is_no_speaker_leaves_no_trace", function ()
  local w = world ()
  w.members:set_blocked (A, true)
  w.members:set_blocked (A, false)
  equal (w.store, {})
  equal (w.members.entries, {})
end)

test ("the_new_node_of_a_speaker_may_come_before_the_old_one_is_gone", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.members:speaker_added (A, NODE_A .. "0", true)
  w.members:speaker_removed (A, NODE_A)
  equal (w.entry (A), { include = true, target = NODE_A .. "0" })
end)

test ("a_bad_field_is_named_and_the_others_are_kept", function ()
  local cases = {
    { '"role": "centre"', "role", '"centre"', "stereo, left, right, mono" },
    { '"gain": 1.5', "gain", "1.5", "a number, 0 to 1" },
    { '"gain": "loud"', "gain", '"loud"', "a number, 0 to 1" },
    { '"gain": 1e999', "gain", "inf", "a number, 0 to 1" },
    { '"trim.msec": 1001', "trim.msec", "1001", "a number, -1000 to 1000" },
    { '"correction.msec": -2001', "correction.msec", "-2001", "a number, -2000 to 2000" },
    { '"include": "yes"', "include", '"yes"', "true, false" },
    { '"gain": []', "gain", "", "a number, 0 to 1" },
  }
  for _, c in ipairs (cases) do
    local w = world ()
    w.members:speaker_added (A, NODE_A, true)
    w.user_writes (A, '{ "role": "left", "gain": 0.25 }')
    w.user_writes (A, '{ "role": "left", "gain": 0.25, ' .. c [1] .. ' }')
    equal (#w.warnings, 1)
    contains (w.warnings [1], "member." .. A)
    contains (w.warnings [1], "'" .. c [2] .. "'")
    contains (w.warnings [1], c [3])
    contains (w.warnings [1], c [4])
    equal (w.entry (A), { gain = 0.25, include = true, role = "left", target = NODE_A })
  end
end)

test ("an_unknown_field_stays_and_is_told_once", function ()
  local w = world ()
  local field = '"colour": { "left": [ 1, "a" ] }'
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ ' .. field .. ', "role": "left" }')
  w.user_writes (A, '{ ' .. field .. ', "role": "right" }')
  equal (w.store ["member." .. A], '{ ' .. field .. ', "include": true, "role": "right", "target": "' ..
      NODE_A .. '" }')
  equal (w.saved [A], '{ ' .. field .. ', "role": "right" }')
  equal (#w.warnings, 1)
  contains (w.warnings [1], "unknown field 'colour', ignored; known are include, role, gain")
  -- over a restart, too
  local after = world (w.saved)
  after.members:restore (w.saved)
  after.members:attached {}
  after.members:speaker_added (A, NODE_A, true)
  contains (after.store ["member." .. A], field)
end)

test ("unknown_fields_stay_within_what_is_saved", function ()
  local w = world ()
  local text = '{ "role": "left", "correction.msec": -1234.5678, "trim.msec": -123.45678, "gain": 0.123456'
  for i = 1, 100 do
    text = text .. string.format (', "field %d": "%s"', i, ("x"):rep (50))
  end
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, text .. " }")
  contains (w.saved [A], '"field 1": ')
  equal ({ #w.saved [A] <= 1024, json.decode_object (w.saved [A]).role }, { true, "left" })
end)

local C, NODE_C = "AA:BB:CC:00:00:03", "bluez_output.C"

local function who (w)
  local text = ""
  for name, address in pairs { A = A, B = B, C = C } do
    text = w.members:is_member (address) and text .. name or text
  end
  local list = {}
  for c in text:gmatch (".") do
    table.insert (list, c)
  end
  table.sort (list)
  return table.concat (list)
end

local function full_house (max)
  local w = world ()
  w.max = max
  w.members:speaker_added (A, NODE_A, true)
  w.members:speaker_added (B, NODE_B, true)
  w.members:speaker_added (C, NODE_C, true)
  w.events ()
  return w
end

test ("no_more_take_part_than_are_allowed_and_the_first_come_first", function ()
  local w = full_house (2)
  equal (who (w), "AB")
  equal (w.entry (C), nil)
end)

test ("who_waits_comes_in_when_another_leaves", function ()
  local w = full_house (2)
  w.members:speaker_removed (A, NODE_A)
  equal (who (w), "BC")
  w.members:speaker_added (A, NODE_A, true)
  equal (who (w), "BC")
  w.user_writes (B, '{ "include": false }')
  equal (who (w), "AC")
end)

test ("the_users_own_members_come_first", function ()
  local w = full_house (2)
  w.user_writes (C, '{ "include": true }')
  equal (who (w), "AC")
  w.user_writes (C, '{ "role": "left" }')
  equal (who (w), "AB")
  equal (w.entry (C), { include = false, role = "left", target = NODE_C })
end)

test ("a_device_that_sends_music_takes_no_place", function ()
  local w = full_house (2)
  w.members:set_blocked (A, true)
  equal (who (w), "BC")
  w.members:set_blocked (A, false)
  equal (who (w), "AB")
end)

test ("another_maximum_counts_at_once", function ()
  local w = full_house (3)
  equal (who (w), "ABC")
  w.max = 1
  w.members:share_places ()
  equal (who (w), "A")
  w.max = 64
  w.members:share_places ()
  equal (who (w), "ABC")
end)

test ("a_speaker_that_is_no_candidate_any_more_leaves_and_comes_back", function ()
  local w = full_house (64)
  w.user_writes (B, '{ "include": true }')
  w.members:speaker_added (A, NODE_A, false)
  w.members:speaker_added (B, NODE_B, false)
  equal (who (w), "BC")
  equal (w.entry (A), nil)
  w.members:speaker_added (A, NODE_A, true)
  equal (who (w), "ABC")
end)

test ("what_is_no_object_changes_nothing_and_is_told_once", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  for _, text in ipairs { "nonsense", '{ "gain": ', "[[[[[[", '{ "gain": 0.5', "" } do
    w.user_writes (A, text)
  end
  equal (#w.warnings, 1)
  equal (w.entry (A), { include = true, target = NODE_A })
end)

test ("an_address_in_small_letters_is_told", function ()
  local w = world ()
  w.user_writes (A:lower (), "{ }")
  equal (#w.warnings, 1)
  contains (w.warnings [1], "member." .. A)
  equal (w.entry (A), nil)
end)

test ("members_that_are_no_bluetooth_devices_are_left_alone", function ()
  local w = world ()
  w.user_writes ("alsa_output.pci", '{ "target": "alsa_output.pci" }')
  w.members:changed ("status")
  equal (w.store, { ["member.alsa_output.pci"] = '{ "target": "alsa_output.pci" }' })
  equal (w.warnings, {})
end)

test ("a_flood_of_entries_does_not_fill_the_memory", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  for i = 0, 9999 do
    w.user_writes (string.format ("00:00:00:00:%02X:%02X", i // 256, i % 256), '{ "gain": 1 }')
  end
  local n = 0
  for _ in pairs (w.members.entries) do
    n = n + 1
  end
  equal (n, 257)
  equal (#w.warnings, 1)
  w.members:speaker_added (B, NODE_B, true)
  equal (w.entry (B), { include = true, target = NODE_B })
end)

test ("what_is_no_entry_takes_no_place", function ()
  local w = world ()
  for i = 0, 999 do
    w.user_writes (string.format ("00:00:00:00:%02X:%02X", i // 256, i % 256), "nonsense")
  end
  equal (w.members.entries, {})
  equal (w.store, {})
end)

test ("a_value_that_is_too_long_is_none_and_the_entry_is_put_right", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "role": "left" }')
  w.user_writes (A, '{ "role": "right", "target": "' .. ("x"):rep (8192) .. '" }')
  equal (#w.warnings, 1)
  equal (w.entry (A), { include = true, role = "left", target = NODE_A })
  equal (w.members:uses ("member." .. A), true)
  equal (w.members:uses ("member." .. B), false)
  equal (w.members:uses ("status"), false)
end)

test ("ever_new_fields_do_not_fill_the_memory", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  for i = 1, 1000 do
    w.user_writes (A, string.format ('{ "colour %d": 1, "b %d": 2 }', i, i))
  end
  local n = 0
  for _ in pairs (w.members.entries [A].complaints) do
    n = n + 1
  end
  equal (n, 1)
end)

test ("what_others_have_written_stays_on_its_line_of_the_log", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.user_writes (A, '{ "a\\nwireplumber: all is lost": 1 }')
  w.user_writes (A, '{ "role": "a\\nb' .. ("x"):rep (1000) .. '" }')
  equal (#w.warnings, 2)
  for _, warning in ipairs (w.warnings) do
    equal (warning:find ("%c"), nil)
    equal (#warning < 256, true)
  end
end)

test ("clearing_everything_does_not_let_a_source_hear_itself", function ()
  local w = world ()
  w.members:set_blocked (A, true)
  w.members:changed (nil)
  w.members:speaker_added (A, NODE_A, true)
  equal (w.members:is_member (A), false)
end)

local function address (i)
  return string.format ("00:00:00:%02X:%02X:%02X", i // 65536, i // 256 % 256, i % 256)
end

-- i comes and goes
local function pass_by (w, i)
  w.members:speaker_added (address (i), "node " .. i, true)
  w.members:speaker_removed (address (i), "node " .. i)
  w.events ()
end

local function count (t)
  local n = 0
  for _ in pairs (t) do
    n = n + 1
  end
  return n
end

test ("speakers_of_ever_new_addresses_do_not_stay", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  w.members:speaker_added (B, NODE_B, true)
  w.user_writes (B, '{ "role": "left" }')
  w.members:speaker_removed (B, NODE_B)
  local start = os.clock ()
  for i = 1, 20000 do
    pass_by (w, i)
  end
  print (string.format ("# 20000 speakers: %.1f s, %d entries", os.clock () - start,
      count (w.members.entries)))
  equal (count (w.members.entries), 257)
  equal (count (w.store), 257)
  -- the oldest have gone; who is there, and who was spoken of, has not
  equal (w.entry (address (1)), nil)
  equal (w.entry (address (20000 - 255)), nil)
  equal (w.entry (address (20000 - 254)), { include = true })
  equal (w.entry (address (20000)), { include = true })
  equal (w.entry (A), { include = true, target = NODE_A })
  equal (w.entry (B), { include = true, role = "left" })
  equal (w.saved, { [B] = '{ "role": "left" }' })
  equal (w.warnings, {})
end)

test ("the_users_words_come_before_what_nobody_has_said", function ()
  local w = world ()
  for i = 1, 256 do
    pass_by (w, i)
  end
  for i = 1001, 1256 do
    w.user_writes (address (i), '{ "gain": 0.5 }')
  end
  equal (w.warnings, {})
  equal (w.entry (address (1)), nil)
  equal (w.entry (address (256)), nil)
  equal (w.entry (address (1001)), { include = true, gain = 0.5 })
  -- all places are the user's: one that leaves has none, and one more is too many
  pass_by (w, 1)
  equal (w.entry (address (1)), nil)
  w.user_writes (address (2000), '{ "gain": 0.5 }')
  equal (#w.warnings, 1)
end)

test ("who_comes_back_is_young_again", function ()
  local w = world ()
  for i = 1, 256 do
    pass_by (w, i)
  end
  pass_by (w, 1)
  pass_by (w, 257)
  equal (w.entry (address (1)), { include = true })
  equal (w.entry (address (2)), nil)
end)

test ("only_connected_speakers_are_in_use", function ()
  local w = world ()
  w.members:speaker_added (A, NODE_A, true)
  pass_by (w, 1)
  equal (w.members:in_use ("member." .. A), true)
  equal (w.members:in_use ("status." .. A), true)
  equal (w.members:in_use ("calibration." .. A), true)
  equal (w.members:in_use ("status"), true)
  equal (w.members:in_use ("lease.taken"), true)
  equal (w.members:in_use ("lease.refused"), true)
  equal (w.members:in_use ("calibration." .. address (1)), false)
  equal (w.members:in_use ("member." .. address (1)), false)
  equal (w.members:in_use ("status." .. address (1)), false)
  equal (w.members:in_use ("junk"), false)
  equal (w.members:uses ("member." .. address (1)), true)
end)

test ("what_sends_music_is_not_forgotten_for_others", function ()
  local w = world ()
  w.members:set_blocked (B, true)
  for i = 1, 300 do
    pass_by (w, i)
  end
  w.members:speaker_added (B, NODE_B, true)
  equal (w.members:is_member (B), false)
end)

check.finish ()
