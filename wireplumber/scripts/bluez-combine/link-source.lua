-- Has the stream of a source linked before anything else
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber looks at every stream there is when a new one comes, and at that one last: with
-- some speakers that takes longer than all the rest of a start. It does so all the same, but
-- afterwards, and then finds this one where it belongs. (From 0.5.13 on it takes new streams first
-- by itself.) It passes over streams that are not to be linked by themselves, and so does this.

local context = require ("bluez-combine-context")
local cutils = require ("common-utils")

SimpleEventHook {
  name = "bluez-combine/link-source",
  after = "bluez-combine/find-source",
  before = "linking/rescan-trigger",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "session-item-added" },
      Constraint { "event.session-item.interface", "=", "linkable" },
      Constraint { "item.node.type", "=", "stream" },
      Constraint { "item.node.direction", "=", "output" },
    },
  },
  execute = function (event)
    local item = event:get_subject ()
    if cutils.parseBool (item.properties ["node.autoconnect"]) and
        context.sources:of_stream (item.properties ["node.id"]) and context.find_sink () then
      event:get_source ():call ("push-event", "select-target", item, nil)
    end
  end
}:register ()
