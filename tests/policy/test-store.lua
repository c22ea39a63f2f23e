-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local store = require ("bluez-combine-store")
local test, equal = check.test, check.equal

-- An object in another process: writes arrive there later, and events later still.
local function world ()
  local w = { server = {}, cache = {}, sent = {}, events = {} }
  w.store = store.new ()
  w.store:attach {
    find = function (key) return w.cache [key] end,
    set = function (key, text) table.insert (w.sent, { key, text }) end,
  }
  function w.user_writes (key, text)
    w.server [key] = text
    table.insert (w.events, { key, text })
  end
  function w.deliver ()
    for _, s in ipairs (w.sent) do
      w.user_writes (s [1], s [2])
    end
    w.sent = {}
  end
  -- One event comes back; returns what is read then.
  function w.event ()
    local e = table.remove (w.events, 1)
    w.cache [e [1]] = e [2]
    w.store:changed (e [1], e [2])
    return w.store:read (e [1])
  end
  return w
end

test ("what_was_written_is_read_before_it_has_arrived", function ()
  local w = world ()
  equal (w.store:read ("a"), nil)
  w.store:write ("a", "1")
  w.store:write ("a", "2")
  equal (w.store:read ("a"), "2")
  w.store:write ("a", nil)
  equal (w.store:read ("a"), nil)
end)

test ("the_events_of_our_own_writes_change_nothing", function ()
  local w = world ()
  w.store:write ("a", "1")
  w.store:write ("a", "2")
  w.store:write ("a", nil)
  w.store:write ("a", "3")
  w.deliver ()
  for _ = 1, 4 do
    equal (w.event (), "3")
  end
  equal (w.store.pending, {})
end)

test ("what_somebody_else_writes_after_us_is_read", function ()
  local w = world ()
  w.store:write ("a", "1")
  w.deliver ()
  w.user_writes ("a", "2")
  equal (w.event (), "1")
  equal (w.event (), "2")
end)

test ("what_somebody_else_writes_before_us_ends_with_our_write", function ()
  local w = world ()
  w.store:write ("a", "1")
  w.user_writes ("a", "2")
  w.deliver ()
  w.event ()
  equal (w.event (), "1")
end)

test ("an_event_that_never_comes_does_not_hide_later_ones", function ()
  local w = world ()
  w.store:write ("a", "1")
  w.sent = {}
  w.user_writes ("a", "2")
  equal (w.event (), "2")
  w.user_writes ("a", "3")
  equal (w.event (), "3")
end)

test ("without_an_object_nothing_is_read_and_nothing_is_lost_in_a_queue", function ()
  local s = store.new ()
  s:write ("a", "1")
  equal (s:read ("a"), nil)
end)

check.finish ()
