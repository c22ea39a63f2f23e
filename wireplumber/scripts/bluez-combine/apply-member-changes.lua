-- Takes in what users and their tools write about members
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local context = require ("bluez-combine-context")

SimpleEventHook {
  name = "bluez-combine/apply-member-changes",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "metadata-changed" },
      Constraint { "metadata.name", "=", context.METADATA },
    },
  },
  execute = function (event)
    local props = event:get_properties ()
    local key = props ["event.subject.key"]

    if props ["event.subject.id"] ~= "0" or
        event:get_subject () ["bound-id"] ~= context.metadata_id then
      return
    end
    if key then
      context.store:changed (key, props ["event.subject.value"])
    else
      context.store:cleared ()
    end
    context.members:changed (key)
  end
}:register ()
