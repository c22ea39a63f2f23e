-- Makes a member of each speaker that connects
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local context = require ("bluez-combine-context")
local devices = require ("bluez-combine-devices")

-- A node that is gone has no properties any more, only its object's id.
local speakers = {}   -- object id -> { address, name, auto }
-- Addresses of sources that are speakers, too, and of which the log says so: once, however
-- often they connect
local told = {}

local function speaker_added (node)
  local device = context.device_of (node)
  local props = context.properties (node, device)
  local address = devices.address (props ["api.bluez5.address"])
  local name = props ["node.name"]
  if not devices.is_speaker (props) or not address or not name then
    return
  end

  local auto, why = devices.is_candidate (props, context.device_options ())
  local known = speakers [node.id]
  if known and known.auto == auto then
    return
  end
  context.log:info (node, string.format ("speaker: %s, member by itself: %s", name, tostring (auto)))
  if why and not told [address] then
    told [address] = true
    context.log:notice (node, string.format ("%s '%s' is a source (%s), and a speaker, too: no member " ..
        "by itself", address, devices.display_name (props), why))
  end
  speakers [node.id] = { address = address, name = name, auto = auto }
  context.members:speaker_added (address, name, auto)
  if device then
    -- As it is at this moment
    context.is_lowered (device)
  end
end

local function speaker_removed (node)
  local speaker = speakers [node.id]
  if not speaker then
    return
  end

  context.log:info ("speaker gone: " .. speaker.name)
  speakers [node.id] = nil
  context.members:speaker_removed (speaker.address, speaker.name)
end

local handlers = {
  ["node-added"] = speaker_added,
  ["node-removed"] = speaker_removed,
  ["device-removed"] = function (device) context.lowered [device.id] = nil end,
}

SimpleEventHook {
  name = "bluez-combine/track-speakers",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "node-added", "node-removed" },
      Constraint { "media.class", "#", "Audio/Sink*", type = "pw-global" },
    },
    EventInterest {
      Constraint { "event.type", "=", "device-removed" },
    },
  },
  execute = function (event)
    handlers [event:get_properties () ["event.type"]] (event:get_subject ())
  end
}:register ()

-- What has changed counts for those that are connected, too.
local function look_again ()
  for node in context.objects ("node"):iterate {
    Constraint { "media.class", "#", "Audio/Sink*", type = "pw-global" },
  } do
    speaker_added (node)
  end
end

for _, name in ipairs { "auto-add", "members.include", "members.exclude", "source.vendors",
                        "match-by-name" } do
  Settings.subscribe ("bluez-combine." .. name, look_again)
end
