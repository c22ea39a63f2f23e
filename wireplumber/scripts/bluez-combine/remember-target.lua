-- Remembers that the stream of a source is to follow the default
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber keeps a sink that the user has moved a stream to. "-1", that it goes
-- wherever the default is, it takes for no choice at all, as it is for any other stream.
-- For this one it is the choice not to be played on all speakers, and the stream is a
-- new one after each pause.

local context = require ("bluez-combine-context")

-- When a stream ends, what was said about it is cleared: that is not the user.
local GONE_MS = 500

SimpleEventHook {
  name = "bluez-combine/remember-target",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "metadata-changed" },
      Constraint { "metadata.name", "=", "default" },
      Constraint { "event.subject.key", "c", "target.object", "target.node" },
    },
  },
  execute = function (event)
    local id = event:get_properties () ["event.subject.id"]
    local address = context.sources:of_stream (id)
    if not address then
      return
    end

    local target = context.target_of (id)
    if target ~= nil then
      context.remember_follow (address, target == "-1")
      return
    end
    Core.timeout_add (GONE_MS, function ()
      if context.sources:of_stream (id) and context.target_of (id) == nil and
          context.follows_default (address) then
        context.remember_follow (address, false)
        context.rescan ("linking")
      end
      return false
    end)
  end
}:register ()
