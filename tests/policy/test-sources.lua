-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local sources = require ("bluez-combine-sources")
local test, equal = check.test, check.equal

test ("a_source_is_here_until_it_leaves", function ()
  local s = sources.new ()
  equal ({ s:found ("A", "Echo"), s:found ("A", "Echo in the kitchen") }, { true, false })
  s:connected (1, "A")
  s:found ("B", "Another")
  equal ({ s:all () }, { { "A", "B" }, { "Another", "Echo in the kitchen" } })
  equal (s:disconnected (1), "A")
  equal (s:disconnected (1), nil)
  equal ({ s:all () }, { { "B" }, { "Another" } })
end)

test ("one_on_two_adapters_has_left_when_both_have", function ()
  local s = sources.new ()
  s:found ("A", "Echo")
  s:connected (1, "A")
  s:connected (2, "A")
  equal (s:disconnected (1), nil)
  equal ({ s:all () }, { { "A" }, { "Echo" } })
  equal (s:disconnected (2), "A")
end)

test ("a_source_plays_while_one_of_its_streams_does", function ()
  local s = sources.new ()
  equal (s:is_playing (), false)
  s:begins (1, "50", "A")
  s:begins (2, "51", "A")
  equal ({ s:of_stream ("50"), s:of_stream ("52") }, { "A", nil })
  equal (s:ends (1), nil)
  equal ({ s:is_playing (), s:of_stream ("50") }, { true, nil })
  equal (s:ends (2), "A")
  equal (s:ends (2), nil)
  equal (s:is_playing (), false)
end)

check.finish ()
