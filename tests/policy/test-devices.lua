-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local devices = require ("bluez-combine-devices")
local test, equal, contains = check.test, check.equal, check.contains

local OPTIONS = { vendors = { "bluetooth:0171" }, match_by_name = true, auto_add = true }

local function options (changes)
  return devices.merge (OPTIONS, changes)
end

local function is_source (props, o)
  return (devices.is_source (props, o or OPTIONS))
end

test ("a_device_of_amazon_is_a_source_whatever_its_name", function ()
  equal (is_source { ["device.vendor.id"] = "bluetooth:0171", ["device.alias"] = "Kitchen" }, true)
end)

test ("a_name_counts_only_without_a_vendor_id", function ()
  equal (is_source { ["device.alias"] = "Echo-4KX" }, true)
  equal (is_source { ["device.vendor.id"] = "", ["device.alias"] = "Echo-4KX" }, true)
  equal (is_source { ["device.vendor.id"] = "bluetooth:0075", ["device.alias"] = "Echo-4KX" }, false)
end)

test ("the_name_that_the_user_gave_counts_as_well", function ()
  equal (is_source { ["device.description"] = "Echo in the hall", ["device.alias"] = "AB-12" }, true)
end)

test ("a_name_must_begin_with_echo", function ()
  equal (is_source { ["device.alias"] = "My Echo" }, false)
  equal (is_source { ["device.alias"] = "echo" }, false)
  equal (is_source {}, false)
end)

test ("matching_by_name_can_be_turned_off", function ()
  local o = options { match_by_name = false }
  equal (is_source ({ ["device.alias"] = "Echo-4KX" }, o), false)
  equal (is_source ({ ["device.vendor.id"] = "bluetooth:0171" }, o), true)
end)

test ("a_rule_has_the_last_word_on_sources", function ()
  equal (is_source { ["bluez-combine.source"] = "true", ["device.vendor.id"] = "bluetooth:0075" }, true)
  equal (is_source { ["bluez-combine.source"] = "false", ["device.vendor.id"] = "bluetooth:0171" }, false)
  equal (is_source { ["bluez-combine.source"] = "perhaps", ["device.vendor.id"] = "bluetooth:0171" }, true)
end)

test ("further_vendors_can_be_sources", function ()
  local o = options { vendors = { "bluetooth:0171", "USB:1949" } }
  equal (is_source ({ ["device.vendor.id"] = "usb:1949" }, o), true)
end)

test ("music_is_a_source_stream_and_a_call_is_not", function ()
  local function stream (profile, class)
    return devices.is_source_stream {
      ["api.bluez5.profile"] = profile, ["media.class"] = class,
    }
  end
  equal (stream ("a2dp-source", "Stream/Output/Audio"), true)
  equal (stream ("headset-audio-gateway", "Stream/Output/Audio"), false)
  equal (stream ("a2dp-source", "Audio/Source"), false)
  equal (stream (nil, "Stream/Output/Audio"), false)
end)

test ("a_speaker_plays_music_over_bluetooth", function ()
  local function sink (profile, class)
    return devices.is_speaker { ["api.bluez5.profile"] = profile, ["media.class"] = class }
  end
  equal (sink ("a2dp-sink", "Audio/Sink"), true)
  equal (sink ("a2dp-sink", "Audio/Sink/Internal"), true)
  equal (sink ("headset-head-unit", "Audio/Sink"), false)
  equal (sink (nil, "Audio/Sink"), false)
end)

test ("a_filter_plays_what_plays_into_it", function ()
  local function in_use (links, filters)
    return devices.plays_into ("sink", links, filters or {}, function (id) return id == "echo" end)
  end
  local filters = { eq_in = "eq", eq_out = "eq", bass_in = "bass", bass_out = "bass" }
  local function link (from, to)
    return { from = from, to = to }
  end

  equal (in_use {}, false)
  equal (in_use { link ("echo", "sink") }, false)
  equal (in_use { link ("echo", "sink"), link ("player", "sink") }, true)
  equal (in_use { link ("player", "elsewhere") }, false)
  -- a filter alone, or with a source, is nobody who listens
  equal (in_use ({ link ("eq_out", "sink") }, filters), false)
  equal (in_use ({ link ("echo", "eq_in"), link ("eq_out", "sink") }, filters), false)
  equal (in_use ({ link ("player", "eq_in"), link ("eq_out", "sink") }, filters), true)
  -- one after the other
  local chain = { link ("bass_out", "eq_in"), link ("eq_out", "sink"), link ("echo", "bass_in") }
  equal (in_use (chain, filters), false)
  table.insert (chain, link ("player", "bass_in"))
  equal (in_use (chain, filters), true)
  -- what is no smart filter was put there by somebody
  equal (in_use { link ("echo", "eq_in"), link ("eq_out", "sink") }, true)
  -- a circle ends
  equal (in_use ({ link ("eq_out", "eq_in"), link ("eq_out", "sink") }, filters), false)
end)

test ("an_echo_that_is_a_speaker_too_is_no_candidate", function ()
  equal (devices.is_candidate ({ ["device.vendor.id"] = "bluetooth:0171" }, OPTIONS), false)
  equal (devices.is_candidate ({ ["device.vendor.id"] = "bluetooth:0075" }, OPTIONS), true)
end)

test ("why_it_is_none_is_told_where_nothing_else_keeps_it_out", function ()
  local echo = { ["device.vendor.id"] = "bluetooth:0171", ["device.alias"] = "Kitchen" }
  local function why (changes)
    return (select (2, devices.is_candidate (echo, options (changes))))
  end
  equal (why {}, "vendor bluetooth:0171")
  equal (why { auto_add = false }, nil)
  equal (why { exclude = { "Kitchen" } }, nil)
  equal (why { include = { "Kitchen" } }, nil)
  equal (why { vendors = {} }, nil)
end)

test ("candidates_follow_rules_before_settings", function ()
  local off = options { auto_add = false }
  equal (devices.is_candidate ({}, off), false)
  equal (devices.is_candidate ({ ["bluez-combine.member"] = "true" }, off), true)
  equal (devices.is_candidate ({ ["bluez-combine.member"] = "false" }, OPTIONS), false)
end)

test ("lists_come_before_rules_and_settings", function ()
  local A = "AA:BB:CC:00:11:22"
  local function candidate (include, exclude, more)
    local props = { ["api.bluez5.address"] = A, ["device.alias"] = "Kitchen" }
    for k, v in pairs (more or {}) do
      props [k] = v
    end
    return devices.is_candidate (props, options { auto_add = false, include = include, exclude = exclude })
  end
  equal (candidate ({}, {}), false)
  equal (candidate ({ A:lower () }, {}), true)
  equal (candidate ({ "Kitchen" }, {}), true)
  equal (candidate ({ "Kitch", "", "AA:BB:CC:00:11:23" }, {}), false)
  equal (candidate ({ A }, { "Kitchen" }), false)
  equal (candidate ({ A }, {}, { ["bluez-combine.member"] = "false" }), true)
  equal (candidate ({}, { A }, { ["bluez-combine.member"] = "true" }), false)
end)

test ("an_address_is_six_pairs_of_digits_and_comes_out_in_capitals", function ()
  equal (devices.address ("aa:bb:cc:00:11:22"), "AA:BB:CC:00:11:22")
  equal (devices.address ("AA:BB:CC:00:11"), nil)
  equal (devices.address ("AA:BB:CC:00:11:22:33"), nil)
  equal (devices.address ("alsa_output.pci"), nil)
  equal (devices.address (nil), nil)
end)

test ("the_node_has_the_last_word_over_its_device", function ()
  equal (devices.merge ({ a = "1", b = "2" }, { b = "3" }), { a = "1", b = "3" })
end)

test ("a_good_rule_gives_no_complaint", function ()
  local found, usable = devices.check_rule ({
    matches = { { ["api.bluez5.address"] = "AA:BB:CC:00:11:22" } },
    actions = { ["update-props"] = { ["bluez-combine.source"] = true } },
  }, 1)
  equal (found, {})
  equal (usable, true)
end)

test ("a_bad_rule_is_named_with_its_key_value_and_what_is_allowed", function ()
  local good = { { ["device.name"] = "x" } }
  local function expect (rule, expected_usable, ...)
    local found, usable = devices.check_rule (rule, 3)
    equal (usable, expected_usable)
    equal (#found, select ("#", ...))
    for i, part in ipairs { ... } do
      contains (found [i], "rule 3: ")
      contains (found [i], part)
    end
  end

  expect ({ matches = good, actions = { ["update-props"] = { ["bluez-combine.source"] = "maybe" } } },
      true, "'bluez-combine.source' is \"maybe\"; allowed: true, false")
  expect ({ matches = good, actions = { ["update-props"] = { ["node.name"] = "x" } } },
      true, "unknown key 'node.name'; allowed: bluez-combine.source, bluez-combine.member")
  expect ({ matches = {}, actions = { ["update-props"] = {} } }, false, "'matches'")
  expect ({ matches = good }, false, "'actions'")
  expect ("nonsense", false, "'matches'", "'actions'")
end)

test ("a_name_for_the_screen_is_one_short_line", function ()
  equal (devices.display_name { ["device.description"] = "Echo\nDot: 3" }, "Echo Dot  3")
  equal (devices.display_name { ["device.description"] = "caf\xe9" }, "caf?")
  equal (utf8.len (devices.display_name { ["device.description"] = ("é"):rep (500) }), 64)
  equal (devices.display_name { ["device.alias"] = "A" }, "A")
end)

check.finish ()
