-- Makes a member of each speaker that connects
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local context = require ("bluez-combine-context")
local devices = require ("bluez-combine-devices")
local owners = require ("bluez-combine-owners")

-- A node that is gone has no properties any more, only its object's id.
local speakers = {}   -- object id -> { address, name, auto }
-- Addresses of sources that are speakers, too, and of which the log says so: once, however
-- often they connect
local told, n_told = {}, 0
local TOLD_MAX = 256
local unsure   -- of whose some nodes are

local function speaker_removed (node)
  local speaker = speakers [node.id]
  if not speaker then
    return
  end

  context.log:info ("speaker gone: " .. speaker.name)
  speakers [node.id] = nil
  context.members:speaker_removed (speaker.address, speaker.name)
  context.offsets:speaker_removed (node.id)
end

local function tell (node, props, address, why)
  if told [address] then
    return
  elseif n_told >= TOLD_MAX then
    told, n_told = {}, 0
  end
  told [address] = true
  n_told = n_told + 1
  context.log:notice (node, string.format ("%s '%s' is a source (%s), and a speaker, too: no member " ..
      "by itself", address, devices.display_name (props), why))
end

local function speaker_added (node)
  local device = context.device_of (node)
  local props = context.properties (node, device)
  local address = devices.address (props ["api.bluez5.address"])
  local name = props ["node.name"]
  local known = speakers [node.id]
  if not devices.is_speaker (props) or not address or not name or
      (known and (known.address ~= address or known.name ~= name)) then
    -- Nor is one that was, and has changed who it is.
    speaker_removed (node)
    return
  end
  local genuine = context.is_bluetooth (node, device)
  if not unsure.is (genuine) then
    if genuine == false then
      context.log:info (node, name .. " is no speaker: not a Bluetooth monitor's")
    end
    return
  end

  local auto, why = devices.is_candidate (props, context.device_options ())
  if known and known.auto == auto then
    return
  end
  context.log:info (node, string.format ("speaker: %s, member by itself: %s", name, tostring (auto)))
  if why then
    tell (node, props, address, why)
  end
  speakers [node.id] = { address = address, name = name, auto = auto }
  context.members:speaker_added (address, name, auto)
  context.offsets:speaker_added (device.id, node.id, address, context.stream_of (node))
  -- As it is at this moment
  context.is_lowered (device)
end

-- What has changed counts for those that are connected, too.
local function look_again ()
  for node in context.objects ("node"):iterate {
    Constraint { "media.class", "#", "Audio/Sink*", type = "pw-global" },
  } do
    speaker_added (node)
  end
end

unsure = owners.unsure (look_again)

local handlers = {
  ["client-added"] = unsure.owner_added,
  ["device-added"] = unsure.owner_added,
  ["node-added"] = speaker_added,
  ["node-removed"] = speaker_removed,
  ["device-removed"] = context.forget_rank,
}

SimpleEventHook {
  name = "bluez-combine/track-speakers",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "node-added", "node-removed" },
      Constraint { "media.class", "#", "Audio/Sink*", type = "pw-global" },
    },
    EventInterest {
      Constraint { "event.type", "c", "client-added", "device-added", "device-removed" },
    },
  },
  execute = function (event)
    handlers [event:get_properties () ["event.type"]] (event:get_subject ())
  end
}:register ()

for _, name in ipairs { "auto-add", "members.include", "members.exclude", "source.vendors",
                        "match-by-name" } do
  Settings.subscribe ("bluez-combine." .. name, look_again)
end
