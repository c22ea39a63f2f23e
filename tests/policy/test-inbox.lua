-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local inbox = require ("bluez-combine-inbox")
local test, equal, contains = check.test, check.equal, check.contains

local USED = "member.AA:BB:CC:00:00:01"
local TOLD = "source.AA:BB:CC:00:00:02"

-- An object that tells of each change as it is made, and somebody who looks later
local function world (own)
  local w = { object = {}, n = 0, most = 0, seen = {}, warnings = {}, timers = {}, clients = {} }
  w.inbox = inbox.new {
    uses = function (key) return key == USED or key == TOLD end,
    takes = function (key) return key:sub (1, 7) == "member." end,
    in_use = function (key) return key == USED or key == TOLD end,
    changed = function (key) table.insert (w.seen, key or "all") end,
    take_out = function (subject, key) w.write (subject, key, nil) end,
    warn = function (text) table.insert (w.warnings, text) end,
    later = function (f) table.insert (w.timers, f) end,
    much_later = function (f) table.insert (w.timers, f) end,
  }
  w.inbox:attach (own, function (id) return w.clients [id] == true end)
  function w.write (subject, key, text)
    local id = subject .. key
    if text == nil and w.object [id] == nil then
      return
    end
    w.n = w.n + (text and 1 or 0) - (w.object [id] and 1 or 0)
    w.most = math.max (w.most, w.n)
    w.object [id] = text
    w.inbox:put (subject, key, text)
  end
  function w.later ()
    local seen = 0
    while #w.timers > 0 do
      local f = table.remove (w.timers, 1)
      f ()
      seen = seen + 1
    end
    return seen
  end
  return w
end

test ("many_changes_of_a_key_are_looked_at_once_and_later", function ()
  local w = world (true)
  for i = 1, 1000 do
    w.write (0, USED, "{ " .. i .. " }")
    w.write (0, "member.b", "{ }")
  end
  equal (w.seen, {})
  equal (w.later (), 1)
  equal (w.seen, { USED, "member.b" })
  w.write (0, USED, nil)
  w.later ()
  equal (w.seen, { USED, "member.b", USED })
end)

test ("what_is_no_member_is_not_looked_at", function ()
  local w = world (true)
  w.write (0, "status", "{ }")
  w.write (0, "status.a", "{ }")
  w.write (0, "x", "{ }")
  equal (w.later (), 0)
  equal (w.warnings, {})
end)

test ("the_object_never_grows_beyond_its_bounds", function ()
  local w = world (true)
  for _, prefix in ipairs { "junk", "member.", "status." } do
    for i = 1, 5000 do
      w.write (0, prefix .. i, "{ }")
      w.write (7, prefix .. i, "{ }")
    end
  end
  -- What waits to be taken out, and the one that has just come
  equal (w.most <= 2048 + 64 + 1, true)
  w.later ()
  equal (w.n, 2048)
  contains (w.warnings [1], "is taken out: allowed are 1024 keys")
end)

test ("an_entry_in_use_is_not_taken_out_whatever_stands_there", function ()
  local w = world (true)
  for i = 1, 5000 do
    w.write (0, "member." .. i, "{ }")
  end
  w.later ()
  w.seen = {}
  w.write (0, USED, ("x"):rep (10000))
  w.write (0, "member.long", ("x"):rep (10000))
  w.later ()
  equal (w.seen, { USED })
  equal (w.object ["0" .. USED] ~= nil, true)
  equal (w.object ["0member.long"], nil)
end)

test ("in_another_processs_object_nothing_is_taken_out", function ()
  local w = world (false)
  for i = 1, 5000 do
    w.write (0, "junk" .. i, "{ }")
    w.write (7, "junk" .. i, "{ }")
  end
  w.later ()
  equal (w.n, 10000)
  equal (w.warnings, {})
end)

test ("clearing_all_comes_before_what_is_written_after_it", function ()
  local w = world (true)
  w.write (0, "member.a", "{ }")
  w.inbox:put (0, nil, nil)
  w.write (0, "member.b", "{ }")
  w.later ()
  equal (w.seen, { "all", "member.b" })
end)

test ("another_object_begins_anew", function ()
  local w = world (true)
  w.write (0, "member.a", "{ }")
  w.inbox:attach (true)
  w.later ()
  equal (w.seen, {})
  w.write (0, "member.b", "{ }")
  w.later ()
  equal (w.seen, { "member.b" })
end)

test ("what_we_tell_has_its_place_and_is_looked_at_when_it_is_cleared", function ()
  local w = world (true)
  for i = 1, 5000 do
    w.write (0, "source." .. i, "{ }")
  end
  w.write (0, TOLD, "{ }")
  w.later ()
  equal (w.object ["0" .. TOLD], "{ }")
  w.seen = {}
  w.write (0, TOLD, nil)
  w.write (0, "source.1", nil)
  w.later ()
  equal (w.seen, { TOLD })
end)

test ("a_client_that_is_there_may_have_a_lease_and_track_and_nothing_else", function ()
  local w = world (true)
  w.clients [42] = true
  w.write (42, "lease", "{ }")
  w.write (42, "lease", ("v"):rep (8192))
  equal (w.later (), 0)
  w.write (42, "leases", "{ }")
  w.write (42, USED, "{ }")
  w.later ()
  equal (w.object, { ["42lease"] = ("v"):rep (8192) })
  equal (#w.warnings, 2)
  contains (w.warnings [1], "one 'lease' and 'track' of a client that is there")
  w.write (42, "lease", ("v"):rep (8193))
  w.later ()
  equal (w.object, {})
end)

test ("a_lease_of_a_client_that_is_not_known_yet_stays_if_it_is_there_a_little_later", function ()
  local w = world (true)
  w.write (42, "lease", "{ }")
  w.write (43, "lease", "{ }")
  equal (w.n, 2)
  w.clients [42] = true
  w.later ()
  equal (w.object, { ["42lease"] = "{ }" })
  equal (w.warnings, {})
end)

test ("a_lease_goes_with_its_client", function ()
  local w = world (true)
  w.clients [42], w.clients [43] = true, true
  w.write (42, "lease", "{ }")
  w.write (43, "lease", "{ }")
  w.clients [42] = nil
  w.inbox:client_gone ()
  equal (w.n, 2)
  w.later ()
  equal (w.object, { ["43lease"] = "{ }" })
  w.write (43, "lease", nil)
  w.inbox:client_gone ()
  equal (w.later (), 0)
end)

test ("what_else_a_client_has_said_goes_with_it_too", function ()
  local w = world (true)
  w.clients [42] = true
  w.write (42, "lease", "{ }")
  w.write (42, "track", "{ }")
  -- One of nobody, who takes back a part of it
  w.write (43, "lease", "{ }")
  w.write (43, "track", "{ }")
  w.write (43, "lease", nil)
  w.later ()
  equal (w.object, { ["42lease"] = "{ }", ["42track"] = "{ }" })
  w.write (42, "lease", nil)
  w.clients [42] = nil
  w.inbox:client_gone ()
  w.later ()
  equal (w.object, {})
  equal (w.warnings, {})
end)

test ("leases_of_nobody_do_not_pile_up", function ()
  local w = world (true)
  for round = 1, 3 do
    for i = 1, 5000 do
      w.write (round * 10000 + i, "lease", "{ }")
    end
    equal (w.most <= 64 + 64 + 1, true)
    w.later ()
    equal (w.n, 0)
  end
end)

test ("leases_in_the_object_of_another_process_are_let_alone", function ()
  local w = world (false)
  w.write (42, "lease", "{ }")
  w.inbox:client_gone ()
  equal (w.later (), 0)
  equal (w.n, 1)
end)

check.finish ()
