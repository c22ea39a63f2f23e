-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local offsets = require ("bluez-combine-offsets")
local test, equal = check.test, check.equal

local A = "AA:BB:CC:00:00:01"
local CARD, OTHER_CARD, NODE = 40, 41, 50
local MS = 1000000

-- A device that does what it is asked for when it is its turn, and tells of it
local function world ()
  local w = { time = 1000, records = {}, by_hand = {}, queue = {}, offset = {}, has_port = true }
  w.offsets = offsets.new {
    record = function (address, codec, rate) return w.records [address .. codec .. rate] end,
    set_by_hand = function (address, codec, rate, ms)
      table.insert (w.by_hand, codec .. " " .. rate .. " " .. ms)
      w.records [address .. codec .. rate] = ms
      w.offsets:look (address)
      return true
    end,
    now = function () return w.time end,
    set = function (id, ns)
      if w.has_port then
        table.insert (w.queue, { id, ns })
      end
      return w.has_port
    end,
    info = function () end,
  }
  function w.record (codec, rate, ms)
    w.records [A .. codec .. rate] = ms
  end
  function w.sets (ns, id)
    table.insert (w.queue, { id or CARD, ns })
  end
  function w.wireplumber_sets (ns)
    w.offsets:restoring (CARD, ns)
    w.sets (ns)
  end
  -- All that was asked for is done. What does not change anything is not told.
  function w.pass ()
    while #w.queue > 0 do
      local id, ns = table.unpack (table.remove (w.queue, 1))
      if w.offset [id] ~= ns then
        w.offset [id] = ns
        w.offsets:changed (id, ns)
      end
    end
    return w.offset [CARD]
  end
  function w.connect (codec, rate, id)
    w.offset [id or CARD] = 0
    w.offsets:changed (id or CARD, 0)
    w.offsets:speaker_added (id or CARD, id and id + 10 or NODE, A, codec, rate)
  end
  function w.switch (codec, rate)
    w.offsets:speaker_removed (NODE)
    w.offsets:speaker_added (CARD, NODE, A, codec, rate)
  end
  return w
end

test ("a_speaker_that_connects_gets_what_was_recorded", function ()
  local w = world ()
  w.record ("sbc", 44100, 12.3456)
  w.connect ("sbc", 44100)
  equal (w.pass (), 12345600)
  equal (w.by_hand, {})
end)

test ("each_codec_and_rate_gets_its_own", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.record ("sbc", 48000, -7)
  w.record ("sbc_xq", 44100, 30)
  w.connect ("sbc", 44100)
  equal (w.pass (), 12 * MS)
  w.switch ("sbc", 48000)
  equal (w.pass (), -7 * MS)
  w.switch ("sbc_xq", 44100)
  equal (w.pass (), 30 * MS)
  equal (w.by_hand, {})
end)

test ("without_a_record_the_offset_stays", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.connect ("sbc", 44100)
  w.pass ()
  w.switch ("aac", 44100)
  equal (w.pass (), 12 * MS)
  w.switch (nil, nil)
  equal (w.pass (), 12 * MS)
  equal (w.by_hand, {})
end)

test ("what_wireplumber_restores_is_nobodys_word_and_the_record_counts", function ()
  -- before the node is there, after it, and with the record on its way
  for _, order in ipairs { "restore first", "node first", "both under way" } do
    local w = world ()
    w.record ("sbc", 44100, 12)
    w.offset [CARD] = 0
    w.offsets:changed (CARD, 0)
    if order == "restore first" then
      w.wireplumber_sets (-7 * MS)
      w.pass ()
      w.offsets:speaker_added (CARD, NODE, A, "sbc", 44100)
    elseif order == "node first" then
      w.offsets:speaker_added (CARD, NODE, A, "sbc", 44100)
      w.pass ()
      w.wireplumber_sets (-7 * MS)
    else
      w.wireplumber_sets (-7 * MS)
      w.offsets:speaker_added (CARD, NODE, A, "sbc", 44100)
      w.wireplumber_sets (-7 * MS)
    end
    equal ({ order, w.pass (), #w.by_hand }, { order, 12 * MS, 0 })
  end
end)

test ("a_port_that_comes_later_is_waited_for", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.has_port = false
  w.offsets:speaker_added (CARD, NODE, A, "sbc", 44100)
  equal (w.pass (), nil)
  w.offsets:restoring (CARD, 0)
  w.has_port = true
  w.sets (0)
  equal (w.pass (), 12 * MS)
  equal (w.by_hand, {})
end)

test ("what_the_user_sets_is_by_hand", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.connect ("sbc", 44100)
  w.pass ()
  w.sets (20 * MS)
  equal (w.pass (), 20 * MS)
  equal (w.by_hand, { "sbc 44100 20.0" })
  w.switch ("sbc", 48000)
  w.sets (30010000)
  equal (w.pass (), 30010000)
  w.switch ("sbc", 44100)
  equal (w.pass (), 20 * MS)
  w.switch ("sbc", 48000)
  equal (w.pass (), 30010000)
  equal (w.by_hand, { "sbc 44100 20.0", "sbc 48000 30.01" })
end)

test ("what_the_record_says_is_no_word_against_it", function ()
  local w = world ()
  w.connect ("sbc", 44100)
  -- a tool writes both, and the port is heard of first or last
  w.record ("sbc", 44100, 12.3457)
  w.sets (12345678)
  equal (w.pass (), 12345678)
  w.record ("sbc", 44100, 40)
  w.offsets:look (A)
  w.sets (40 * MS)
  equal (w.pass (), 40 * MS)
  equal (w.by_hand, {})
end)

test ("a_record_that_changes_counts_at_once", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.connect ("sbc", 44100)
  w.pass ()
  w.record ("sbc", 44100, 13)
  w.offsets:look (A)
  equal (w.pass (), 13 * MS)
  equal (w.by_hand, {})
end)

test ("a_slider_that_is_dragged_ends_where_it_is_left", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.connect ("sbc", 44100)
  for i = 1, 50 do
    w.sets (i * MS)
    if i % 3 == 0 then
      w.pass ()
    end
  end
  equal (w.pass (), 50 * MS)
  equal (w.records [A .. "sbc44100"], 50.0)
end)

test ("the_user_is_heard_while_other_changes_are_under_way", function ()
  local w = world ()
  w.record ("sbc", 44100, 12)
  w.connect ("sbc", 44100)
  w.sets (20 * MS)
  equal (w.pass (), 20 * MS)
  equal (w.records [A .. "sbc44100"], 20.0)
end)

test ("what_is_set_between_two_codecs_is_nobodys", function ()
  local w = world ()
  w.record ("sbc", 48000, -7)
  w.connect ("sbc", 44100)
  w.offsets:speaker_removed (NODE)
  w.sets (20 * MS)
  w.pass ()
  w.offsets:speaker_added (CARD, NODE, A, "sbc", 48000)
  equal (w.pass (), -7 * MS)
  equal (w.by_hand, {})
end)

test ("the_new_node_may_come_before_the_old_one_has_gone", function ()
  local w = world ()
  w.record ("sbc", 48000, -7)
  w.connect ("sbc", 44100)
  w.offsets:speaker_added (CARD, NODE + 1, A, "sbc", 48000)
  w.offsets:speaker_removed (NODE)
  equal (w.pass (), -7 * MS)
  w.sets (5 * MS)
  w.pass ()
  equal (w.by_hand, { "sbc 48000 5.0" })
end)

test ("one_speaker_on_two_adapters_has_one_record", function ()
  local w = world ()
  w.connect ("sbc", 44100)
  w.connect ("sbc", 44100, OTHER_CARD)
  w.sets (20 * MS, OTHER_CARD)
  w.pass ()
  equal (w.offset, { [CARD] = 20 * MS, [OTHER_CARD] = 20 * MS })
  equal (w.by_hand, { "sbc 44100 20.0" })
  w.offsets:device_removed (OTHER_CARD)
  w.record ("sbc", 44100, 3)
  w.offsets:look (A)
  w.pass ()
  equal (w.offset, { [CARD] = 3 * MS, [OTHER_CARD] = 20 * MS })
end)

test ("what_never_comes_back_does_not_add_up", function ()
  local w = world ()
  w.connect ("sbc", 44100)
  for i = 1, 1000 do
    w.record ("sbc", 44100, i)
    w.offsets:look (A)
  end
  equal (#w.offsets.devices [CARD].expected, 16)
  w.pass ()
  equal (w.offset [CARD], 1000 * MS)
end)

test ("what_has_not_come_in_ten_seconds_is_not_waited_for", function ()
  local w = world ()
  w.connect ("sbc", 44100)
  w.offsets:restoring (CARD, 5 * MS)
  w.record ("sbc", 44100, 12)
  w.offsets:look (A)
  w.queue = {}
  w.time = w.time + 11
  -- the same is asked for again, and what the user sets to what was once given back is by hand
  w.offsets:look (A)
  equal (w.pass (), 12 * MS)
  w.offsets:restoring (CARD, 5 * MS)
  w.time = w.time + 11
  w.sets (5 * MS)
  equal (w.pass (), 5 * MS)
  equal (w.by_hand, { "sbc 44100 5.0" })
end)

-- Whoever does what in whatever order: the last word of all is where it ends, and it is still there.
test ("in_any_order_the_last_word_stands", function ()
  math.randomseed (1)
  for _ = 1, 2000 do
    local w = world ()
    local last
    w.connect ("sbc", 44100)
    for i = 1, math.random (1, 12) do
      local what = math.random (4)
      if what == 1 then
        w.wireplumber_sets (math.random (0, 3) * MS)
      elseif what == 2 then
        w.pass ()
        last = 100 + i
        w.sets (last * MS)
        w.pass ()
      elseif what == 3 then
        last = 200 + i
        w.record ("sbc", 44100, last)
        w.offsets:look (A)
      else
        w.pass ()
      end
    end
    w.pass ()
    if last then
      equal ({ w.offset [CARD], w.records [A .. "sbc44100"] + 0.0 }, { last * MS, last + 0.0 })
    else
      equal (w.by_hand, {})
    end
  end
end)

check.finish ()
