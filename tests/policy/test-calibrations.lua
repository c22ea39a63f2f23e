-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local calibrations = require ("bluez-combine-calibrations")
local test, equal, contains = check.test, check.equal, check.contains

local A = "AA:BB:CC:00:00:01"
local B = "AA:BB:CC:00:00:02"
local KEY_A = "calibration." .. A

local function world (saved)
  local w = { store = {}, saved = saved or {}, changed = {}, warnings = {}, here = { [A] = true } }
  w.writes, w.time = 0, 1800000000
  w.calibrations = calibrations.new {
    read = function (key) return w.store [key] end,
    write = function (key, text)
      w.store [key] = text
      w.writes = w.writes + 1
    end,
    save = function (address, text) w.saved [address] = text end,
    now = function () return w.time end,
    changed = function (address) table.insert (w.changed, address) end,
    is_here = function (address) return w.here [address] or false end,
    warn = function (text) table.insert (w.warnings, text) end,
  }
  function w.user_writes (address, text)
    w.store ["calibration." .. address] = text
    w.calibrations:changed ("calibration." .. address)
  end
  function w.find (codec, rate) return w.calibrations:find (A, codec, rate) end
  return w
end

local function record (codec, rate, offset, more)
  return string.format ('{ "codec": "%s", "offset.msec": %s, "rate": %d%s }', codec, offset, rate, more or "")
end

local function entry (...)
  return '{ "records": [ ' .. table.concat ({ ... }, ", ") .. ' ], "version": 1 }'
end

test ("each_codec_and_rate_has_its_own_record", function ()
  local w = world ()
  w.user_writes (A, entry (record ("sbc", 44100, 12.34), record ("sbc", 48000, -5)))
  equal ({ w.find ("sbc", 44100), w.find ("sbc", 48000) }, { 12.34, -5 })
  equal (w.find ("sbc_xq", 44100), nil)
  equal (w.find ("sbc", 32000), nil)
  equal (w.calibrations:find (B, "sbc", 44100), nil)
  equal (w.changed, { A })
  equal (w.writes, 0)
end)

test ("they_are_kept_over_a_restart", function ()
  local w = world ()
  local text = entry (record ("sbc", 44100, 12.34))
  w.user_writes (A, text)
  equal (w.saved, { [A] = text })

  local later = world (w.saved)
  later.calibrations:restore (w.saved)
  equal (later.find ("sbc", 44100), 12.34)
  later.calibrations:attached {}
  equal (later.store, { [KEY_A] = text })
end)

test ("what_stands_in_the_object_counts_more_than_what_was_saved", function ()
  local w = world { [A] = entry (record ("sbc", 44100, 1)) }
  w.store [KEY_A] = entry (record ("sbc", 44100, 2))
  w.calibrations:restore (w.saved)
  w.calibrations:attached { KEY_A, "member." .. A, "status" }
  equal (w.find ("sbc", 44100), 2)
  equal (w.saved, { [A] = entry (record ("sbc", 44100, 2)) })
end)

test ("a_record_in_the_relaxed_form_is_read_and_written_as_json", function ()
  local w = world ()
  w.user_writes (A, "{ records = [ { codec = sbc rate = 44100 offset.msec = 3 by = ear } ] }")
  equal (w.find ("sbc", 44100), 3)
  equal (w.store [KEY_A], '{ "records": [ { "by": "ear", "codec": "sbc", "offset.msec": 3, ' ..
      '"rate": 44100 } ], "version": 1 }')
end)

test ("what_cannot_be_so_is_left_out_field_by_field", function ()
  local w = world ()
  w.user_writes (A, entry (record ("sbc", 44100, 3, ', "was.msec": 2001, "report.nsec": -1, ' ..
      '"by": "eyesight", "at": 1.5, "sigma.msec": [ 1 ], ' ..
      '"arrival.msec": -1001, "microphone": ""'), record ("", 44100, 1),
      record ("sbc", 7999, 1), record ("aac", 44100, '"x"'), record ("aac", 48000, -2000.1),
      '{ "codec": "sbc" }', "7", "[ ]"))
  equal (w.store [KEY_A], entry (record ("sbc", 44100, 3)))
end)

test ("what_a_tracker_goes_by_is_kept", function ()
  local w = world ()
  local text = entry ('{ "arrival.msec": 7.29, "by": "ear", "codec": "sbc", "microphone": "' ..
      ("m"):rep (255) .. '", "offset.msec": 3, "rate": 44100 }')
  w.user_writes (A, text)
  equal (w.store [KEY_A], text)
end)

test ("fields_that_are_not_known_stay_but_not_any_number_of_them", function ()
  local w = world ()
  local text = '{ "later": [ 1, { "a": 2 } ], "records": [ { "codec": "sbc", "offset.msec": 3, ' ..
      '"rate": 44100, "room": { "x": 1 } } ], "version": 1 }'
  w.user_writes (A, text)
  equal (w.store [KEY_A], text)
  w.user_writes (A, '{ "later": "' .. ("x"):rep (300) .. '", "records": [ ' ..
      record ("sbc", 44100, 3, ', "room": "' .. ("x"):rep (300) .. '"') .. " ] }")
  equal (w.store [KEY_A], entry (record ("sbc", 44100, 3)))
end)

test ("of_too_many_the_newest_stay", function ()
  local w = world ()
  local records = {}
  for i = 1, 20 do
    records [i] = record ("codec" .. i, 44100, i)
  end
  w.user_writes (A, entry (table.unpack (records)))
  equal ({ w.find ("codec4", 44100), w.find ("codec5", 44100), w.find ("codec20", 44100) }, { nil, 5, 20 })
  equal (w.store [KEY_A], entry (table.unpack (records, 5)))
  w.calibrations:set_by_hand (A, "sbc", 44100, 1)
  equal ({ w.find ("codec5", 44100), w.find ("codec6", 44100), w.find ("sbc", 44100) }, { nil, 6, 1 })
end)

test ("a_text_is_never_longer_than_what_is_kept", function ()
  local w = world ()
  local records = {}
  for i = 1, 16 do
    records [i] = record ("codec" .. i, 44100, i, ', "room": "' .. ("x"):rep (240) .. '"')
  end
  w.user_writes (A, entry (table.unpack (records)))
  equal (#w.store [KEY_A] <= 4096, true)
  equal ({ w.find ("codec1", 44100), w.find ("codec16", 44100) }, { nil, 16 })
end)

test ("the_users_later_word_takes_the_place_of_what_was_measured", function ()
  local w = world ()
  w.user_writes (A, entry (record ("sbc", 44100, 3, ', "by": "ear", "sigma.msec": 0.03'),
      record ("sbc", 48000, 4)))
  w.calibrations:set_by_hand (A, "sbc", 44100, 20)
  equal (w.store [KEY_A], entry (record ("sbc", 48000, 4),
      '{ "at": 1800000000, "by": "hand", "codec": "sbc", "offset.msec": 20, "rate": 44100 }'))
  equal (w.saved [A], w.store [KEY_A])
  w.calibrations:set_by_hand (B, "sbc", 44100, 5)
  equal (w.calibrations:find (B, "sbc", 44100), 5)
end)

test ("that_there_is_no_offset_is_remembered_only_beside_another_record", function ()
  local w = world ()
  w.calibrations:set_by_hand (A, "sbc", 44100, 0)
  equal ({ next (w.store), next (w.saved) }, {})
  w.calibrations:set_by_hand (A, "aac", 44100, 5)
  w.calibrations:set_by_hand (A, "sbc", 44100, 0)
  equal (w.find ("sbc", 44100), 0)
  -- a program takes its records back, and then the offset: one of the two is heard of first
  w.store [KEY_A] = nil
  w.calibrations:set_by_hand (A, "sbc", 44100, 0)
  w.calibrations:changed (KEY_A)
  equal ({ next (w.store), next (w.saved), w.find ("aac", 44100) }, {})
end)

-- A program takes back what it has measured by this record
test ("what_comes_back_with_a_record_that_is_taken_back_is_no_users_word", function ()
  local measured = record ("sbc", 44100, 80, ', "by": "ear", "was.msec": 12.5')
  local others = entry (record ("aac", 44100, 12.5))
  for _, left in ipairs { others, false } do
    -- heard of before the offset, and after it
    for _, told in ipairs { true, false } do
      local w = world ()
      w.user_writes (A, left and entry (record ("aac", 44100, 12.5), measured) or entry (measured))
      w.store [KEY_A] = left or nil
      if told then
        w.calibrations:changed (KEY_A)
      end
      equal (w.find ("sbc", 44100), not told and not left and 80 or nil)
      equal (w.calibrations:set_by_hand (A, "sbc", 44100, 12.5), false)
      w.calibrations:changed (KEY_A)
      equal (w.store, { [KEY_A] = left or nil })
      -- another one is
      equal (w.calibrations:set_by_hand (A, "sbc", 44100, 12.6), true)
      equal (w.find ("sbc", 44100), 12.6)
      equal (w.calibrations:set_by_hand (A, "sbc", 44100, 12.5), true)
      equal (w.find ("sbc", 44100), 12.5)
    end
  end
end)

test ("what_the_user_sets_after_a_record_has_gone_is_his_word", function ()
  for _, case in ipairs {
    { "ear", "sbc", 44100, 11 },
    { "ear", "sbc", 48000, 0 },
    { "ear", "aac", 44100, 0 },
    { "hand", "sbc", 44100, 0 },
  } do
    local by, codec, rate, later = table.unpack (case)
    local w = world ()
    w.user_writes (A, entry (record ("sbc", 44100, 80, ', "by": "' .. by .. '", "was.msec": 12.5')))
    w.user_writes (A, nil)
    w.time = w.time + later
    equal (w.calibrations:set_by_hand (A, codec, rate, 12.5), true)
    equal (w.find (codec, rate), 12.5)
  end
  -- and what is gone of who is not here is not noted at all
  local w = world ()
  w.user_writes (B, entry (record ("sbc", 44100, 80, ', "by": "ear", "was.msec": 12.5')))
  w.user_writes (B, nil)
  equal (next (w.calibrations.withdrawn), nil)
end)

test ("an_offset_that_no_record_can_say_ends_the_record", function ()
  local w = world ()
  w.user_writes (A, entry (record ("sbc", 44100, 3), record ("aac", 44100, 4)))
  equal (w.calibrations:set_by_hand (A, "sbc", 44100, -2100), true)
  equal ({ w.find ("sbc", 44100), w.find ("aac", 44100) }, { nil, 4 })
  equal (w.store [KEY_A], entry (record ("aac", 44100, 4)))
  w.calibrations:set_by_hand (A, "aac", 44100, 2001)
  equal ({ next (w.store), next (w.saved) }, {})
end)

test ("what_somebody_writes_in_the_meantime_is_not_lost", function ()
  local w = world ()
  w.calibrations:set_by_hand (A, "sbc", 44100, 1)
  -- there, and not told of yet
  w.store [KEY_A] = entry (record ("sbc", 44100, 2), record ("aac", 44100, 3))
  equal (w.find ("sbc", 44100), 2)
  w.store [KEY_A] = entry (record ("sbc", 44100, 2), record ("aac", 44100, 4))
  w.calibrations:set_by_hand (A, "sbc", 48000, 5)
  equal ({ w.find ("aac", 44100), w.find ("sbc", 48000) }, { 4, 5 })
end)

test ("our_own_writes_are_not_taken_for_somebody_elses", function ()
  local w = world ()
  w.user_writes (A, "{ records = [ { codec = sbc rate = 44100 offset.msec = 3 } ] }")
  local writes, changed = w.writes, #w.changed
  w.calibrations:changed (KEY_A)
  w.calibrations:changed (KEY_A)
  equal ({ w.writes, #w.changed }, { writes, changed })
end)

test ("cleared_by_itself_it_is_forgotten", function ()
  local w = world ()
  w.user_writes (A, entry (record ("sbc", 44100, 3)))
  w.user_writes (A, nil)
  equal ({ w.find ("sbc", 44100), next (w.saved), next (w.store) }, {})
  w.user_writes (A, entry ())
  equal ({ w.find ("sbc", 44100), next (w.saved), next (w.store) }, {})
end)

test ("cleared_with_all_else_it_is_written_again", function ()
  local w = world ()
  local text = entry (record ("sbc", 44100, 3))
  w.user_writes (A, text)
  w.store = {}
  equal (w.find ("sbc", 44100), 3)
  w.calibrations:changed (nil)
  equal (w.store, { [KEY_A] = text })
  -- and in another object
  w.store = {}
  w.calibrations:attached {}
  equal (w.store, { [KEY_A] = text })
end)

test ("what_is_no_object_is_refused_and_all_is_as_before", function ()
  local w = world ()
  local text = entry (record ("sbc", 44100, 3))
  for _, bad in ipairs { "loud", "[ ]", text:sub (1, -2), "{ a = " .. ("x"):rep (9000) .. " }" } do
    w.user_writes (A, bad)
    equal ({ w.find ("sbc", 44100), w.store [KEY_A] }, {})
  end
  contains (w.warnings [1], KEY_A)
  w.user_writes (A, text)
  w.user_writes (A, "loud")
  equal (w.store [KEY_A], text)
  equal (#w.warnings, 5)
end)

test ("other_keys_are_none", function ()
  local w = world ()
  for _, key in ipairs { "calibration", "calibration.", "calibration.aa:bb:cc:00:00:01",
                         "calibration.alsa_output.x", "member." .. A } do
    equal (w.calibrations:takes (key), false)
    w.store [key] = entry (record ("sbc", 44100, 3))
    w.calibrations:changed (key)
  end
  equal (w.saved, {})
  equal (w.calibrations:takes (KEY_A), true)
  equal (w.calibrations:uses (KEY_A), false)
end)

test ("who_is_here_has_the_place_of_the_oldest_who_is_not", function ()
  local w = world ()
  local function address (i) return string.format ("AA:BB:CC:01:%02X:%02X", i // 256, i % 256) end
  for i = 1, 600 do
    w.user_writes (address (i), entry (record ("sbc", 44100, 3, ', "at": ' .. (i == 7 and 1 or 2))))
  end
  equal (w.calibrations.count, 128)
  equal (#w.warnings, 472)
  w.user_writes (A, entry (record ("sbc", 44100, 3)))
  equal (w.find ("sbc", 44100), 3)
  equal (w.calibrations:find (address (7), "sbc", 44100), nil)
  equal (w.saved [address (7)], nil)
  equal (w.calibrations:find (address (8), "sbc", 44100), 3)
end)

check.finish ()
