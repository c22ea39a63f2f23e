-- Keeps smart filters from coming between the combined sink and a speaker
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- A speaker is kept in sync by what its own sink reports and by when its stream begins. The
-- module knows of neither what is linked to a filter instead, and lets it wait in silence.
-- Where others play to that speaker they go through its filter as ever.

local context = require ("bluez-combine-context")

local KEY = "bluez-combine/target"
local FOUND = {
  "linking/find-defined-target",
  "linking/find-filter-target",
  "linking/find-media-role-target",
  "linking/find-default-target",
  "linking/find-best-target",
}

local interests = {
  EventInterest {
    Constraint { "event.type", "=", "select-target" },
    Constraint { "item.node.direction", "=", "output" },
    Constraint { "node.link-group", "#", context.PREFIX .. "*" },
  },
}

SimpleEventHook {
  name = "bluez-combine/keep-output-target",
  after = FOUND,
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = interests,
  execute = function (event)
    event:set_data (KEY, event:get_data ("target"))
  end
}:register ()

SimpleEventHook {
  name = "bluez-combine/never-filter-output",
  after = "linking/get-filter-from-target",
  before = "linking/prepare-link",
  interests = interests,
  execute = function (event)
    local kept = event:get_data (KEY)
    local target = event:get_data ("target")

    if kept and target and target.id ~= kept.id then
      context.log:info (event:get_subject (), "plays past a filter, so that its speaker stays in sync")
      event:set_data ("target", kept)
    end
  end
}:register ()
