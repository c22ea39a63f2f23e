-- Leaves an output alone that plays to its speaker
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- WirePlumber looks for the target of every stream anew whenever anything comes or goes. Of an
-- output that names its speaker, and may not be moved, nothing else could be found; but with all
-- the hooks that takes a millisecond or more each, in which the music of a start has to wait.

local context = require ("bluez-combine-context")
local lutils = require ("linking-utils")

-- Whether an item is linked to the one that it names, and the link is up
local function is_linked (item, props)
  local peer = lutils:get_flags (item.id).peer_id
  local link = peer and lutils.lookupLink (item.id, peer)
  local target = link and context.objects ("session-item"):lookup {
    type = "SiLinkable",
    Constraint { "id", "=", peer, type = "gobject" },
  }
  return target ~= nil and target.properties ["object.serial"] == props ["target.object"] and
      (link:get_active_features () & Feature.SessionItem.ACTIVE) ~= 0
end

SimpleEventHook {
  name = "bluez-combine/leave-output",
  before = "linking/find-defined-target",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
      Constraint { "item.node.direction", "=", "output" },
      Constraint { "node.link-group", "#", context.PREFIX .. "*" },
      Constraint { "node.dont-move", "=", "true" },
    },
  },
  execute = function (event)
    local item = event:get_subject ()
    if is_linked (item, item.properties) then
      event:stop_processing ()
    end
  end
}:register ()
