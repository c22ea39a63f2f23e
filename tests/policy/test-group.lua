-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local group = require ("bluez-combine-group")
local test, equal, contains = check.test, check.equal, check.contains

-- A group with a clock, a module and a log that the test can look at
local function world ()
  local w = {
    now = 0, timers = {}, loads = 0, unloads = 0, rescans = 0, warnings = {},
    sink = false, node = false, in_use = false, load_error = nil,
    settings = { ["sink.timeout.msec"] = 3000, ["sink.linger.msec"] = 10000 },
  }

  w.group = group.new {
    load = function ()
      w.loads = w.loads + 1
      if w.load_error then
        return nil, w.load_error
      end
      w.loaded = true
      return true
    end,
    unload = function ()
      w.loaded = false
      w.unloads = w.unloads + 1
      if not w.slow then
        w.vanish ()
      end
    end,
    exists = function () return w.sink end,
    is_coming = function () return w.sink or w.node end,
    in_use = function () return w.in_use end,
    playing = function () return w.playing end,
    after = function (ms, f)
      local timer = { at = w.now + ms, f = f }
      table.insert (w.timers, timer)
      return function () timer.f = nil end
    end,
    rescan = function () w.rescans = w.rescans + 1 end,
    setting = function (name) return w.settings [name] end,
    warn = function (text) table.insert (w.warnings, text) end,
    info = function () end,
  }

  function w.pass (ms)
    local last = w.now + ms
    while true do
      local due
      for _, t in ipairs (w.timers) do
        if t.f and t.at <= last and (not due or t.at < due.at) then
          due = t
        end
      end
      if not due then
        break
      end
      w.now = due.at
      local f = due.f
      due.f = nil
      f ()
    end
    w.now = last
  end

  function w.appear ()
    w.sink = true
    w.group:appeared ()
  end

  -- By itself, or because it was unloaded
  function w.vanish ()
    w.sink = false
    w.group:vanished ()
  end

  return w
end

-- One in which a source wants the sink
local function wanted ()
  local w = world ()
  w.group:want ("a")
  return w
end

-- And one in which the sink is there
local function ready ()
  local w = wanted ()
  w.appear ()
  return w
end

test ("a_source_has_the_sink_loaded_once", function ()
  local w = wanted ()
  w.group:want ("a")
  w.group:want ("b")
  equal (w.loads, 1)
  equal (w.group:is_waiting (), true)
  w.appear ()
  equal (w.group.state, "ready")
  equal (w.group:is_waiting (), false)
  w.pass (100000)
  equal ({ w.loads, w.unloads, #w.warnings }, { 1, 0, 0 })
end)

test ("the_sink_goes_when_nobody_has_wanted_it_for_a_while", function ()
  local w = ready ()
  w.group:drop ("a")
  w.pass (9999)
  equal (w.unloads, 0)
  w.pass (1)
  equal (w.unloads, 1)
  equal (w.group.state, "absent")
end)

test ("a_source_that_comes_back_in_time_finds_the_same_sink", function ()
  local w = ready ()
  for _ = 1, 20 do
    w.group:drop ("a")
    w.pass (9000)
    w.group:want ("a")
    w.pass (9000)
  end
  equal ({ w.loads, w.unloads }, { 1, 0 })
  equal (w.group.state, "ready")
end)

test ("the_sink_stays_as_long_as_one_of_two_sources_wants_it", function ()
  local w = wanted ()
  w.group:want ("b")
  w.appear ()
  w.group:drop ("a")
  w.pass (60000)
  equal (w.unloads, 0)
  w.group:drop ("b")
  w.pass (10000)
  equal (w.unloads, 1)
end)

test ("what_the_user_has_put_on_the_sink_keeps_it", function ()
  local w = ready ()
  w.in_use = true
  w.group:drop ("a")
  w.pass (100000)
  equal (w.unloads, 0)
  w.in_use = false
  w.pass (10000)
  equal (w.unloads, 1)
end)

test ("streams_do_not_wait_for_a_sink_that_cannot_be_loaded", function ()
  local w = world ()
  w.load_error = "no such file"
  w.group:want ("a")
  equal (w.group:is_waiting (), false)
  equal (w.rescans, 1)
  equal (#w.warnings, 1)
  contains (w.warnings [1], "no such file")
end)

test ("a_sink_that_cannot_be_loaded_is_tried_again_with_the_next_source_and_told_once", function ()
  local w = world ()
  w.load_error = "no such file"
  w.group:want ("a")
  w.pass (100000)
  equal (w.loads, 1)
  w.group:drop ("a")
  w.group:want ("a")
  equal (w.loads, 2)
  equal (#w.warnings, 1)
  w.load_error = nil
  w.group:want ("b")
  equal (w.loads, 3)
  w.appear ()
  equal (w.group.state, "ready")
end)

test ("streams_wait_no_longer_than_the_time_out", function ()
  local w = wanted ()
  w.pass (2999)
  equal (w.group:is_waiting (), true)
  w.pass (1)
  equal (w.group:is_waiting (), false)
  equal (w.rescans, 1)
  contains (w.warnings [1], "3000 ms")
end)

test ("a_sink_that_comes_late_is_used_all_the_same", function ()
  local w = wanted ()
  w.pass (5000)
  w.appear ()
  equal (w.group.state, "ready")
  equal (w.rescans, 2)
  equal (w.loads, 1)
end)

test ("a_sink_that_the_user_has_loaded_is_used_and_left_alone", function ()
  local w = world ()
  w.sink = true
  w.group:want ("a")
  equal (w.loads, 0)
  equal (w.group.state, "ready")
  w.group:drop ("a")
  w.pass (10000)
  equal (w.unloads, 0)
  equal (w.group.state, "absent")
  equal (w.sink, true)
end)

test ("a_sink_that_goes_by_itself_is_loaded_again_after_ever_longer_waits", function ()
  local w = ready ()
  local waits = {}
  for _ = 1, 8 do
    w.slow = true
    w.vanish ()
    local before, gone = w.loads, w.now
    while w.loads == before do
      w.pass (500)
    end
    table.insert (waits, w.now - gone)
    w.sink = true
    w.group.state = "ready"
    w.group.cancel ()
  end
  equal (waits, { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 })
  equal (#w.warnings, 1)
end)

test ("a_sink_that_nobody_wants_is_not_loaded_again", function ()
  local w = ready ()
  w.group:drop ("a")
  w.slow = true
  w.vanish ()
  w.pass (100000)
  equal (w.loads, 1)
  equal (w.group.state, "absent")
  equal (w.warnings, {})
end)

test ("a_source_that_leaves_before_the_sink_has_come_leaves_nothing_behind", function ()
  local w = wanted ()
  w.group:drop ("a")
  w.appear ()
  equal (w.group.state, "lingering")
  w.pass (10000)
  equal (w.unloads, 1)
  equal (w.warnings, {})
end)

test ("removing_the_sink_ourselves_is_no_fault", function ()
  local w = ready ()
  w.group:drop ("a")
  w.pass (10000)
  equal (w.warnings, {})
  w.group:want ("a")
  equal (w.loads, 2)
end)

test ("a_sink_that_is_still_going_is_waited_for_before_the_next_is_loaded", function ()
  local w = ready ()
  w.group:drop ("a")
  w.slow = true
  w.pass (10000)
  w.group:want ("a")
  equal ({ w.loads, w.group:is_waiting () }, { 1, true })
  w.vanish ()
  equal ({ w.loads, w.group:is_waiting () }, { 2, true })
  w.appear ()
  equal (w.group.state, "ready")
  equal (w.warnings, {})
end)

test ("a_sink_of_the_user_that_is_just_coming_is_waited_for", function ()
  local w = world ()
  w.node = true
  w.group:want ("a")
  equal ({ w.loads, w.group:is_waiting () }, { 0, true })
  w.appear ()
  equal (w.group.state, "ready")
end)

test ("a_sink_of_the_user_that_never_comes_is_replaced_by_ours_when_it_is_gone", function ()
  local w = world ()
  w.node = true
  w.group:want ("a")
  w.node = false
  w.vanish ()
  equal (w.loads, 1)
  w.appear ()
  equal (w.group.state, "ready")
end)

test ("a_sink_with_old_settings_is_loaded_anew_when_it_is_silent", function ()
  local w = ready ()
  w.group:settings_changed ()
  equal (w.loads, 1)
  w.pass (5000)
  equal ({ w.loads, w.unloads }, { 2, 1 })
  w.appear ()
  equal (w.group.state, "ready")
  w.pass (60000)
  equal (w.loads, 2)
end)

test ("while_it_plays_it_is_left_alone_with_its_old_settings", function ()
  local w = ready ()
  w.playing = true
  w.group:settings_changed ()
  w.pass (60000)
  equal (w.loads, 1)
  w.playing, w.in_use = false, true
  w.pass (60000)
  equal (w.loads, 1)
  w.in_use = false
  w.pass (5000)
  equal (w.loads, 2)
end)

test ("a_sink_that_the_user_has_loaded_is_not_loaded_anew", function ()
  local w = world ()
  w.sink = true
  w.group:want ("a")
  w.group:settings_changed ()
  w.pass (60000)
  equal ({ w.loads, w.unloads }, { 0, 0 })
end)

test ("a_sink_that_is_on_its_way_with_old_settings_is_loaded_anew_once_it_is_there", function ()
  local w = wanted ()
  w.group:settings_changed ()
  w.appear ()
  w.pass (5000)
  equal (w.loads, 2)
end)

check.finish ()
