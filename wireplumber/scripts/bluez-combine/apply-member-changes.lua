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

    if props ["event.subject.id"] == "0" then
      context.members:changed (props ["event.subject.key"])
    end
  end
}:register ()
