-- Which Bluetooth device is a source, which node is a speaker
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- A source is a device that sends music to this computer, first of all an Echo.
-- Its name can be forged by anyone who is let in, the vendor id less easily and
-- the address least, so a name alone counts only while there is no vendor id.

local devices = {}

devices.RULE_SOURCE = "bluez-combine.source"
devices.RULE_MEMBER = "bluez-combine.member"

local RULE_KEYS = {
  [devices.RULE_SOURCE] = true,
  [devices.RULE_MEMBER] = true,
}

-- A plain table of properties: the device's, and over them the node's.
-- Newer versions of WirePlumber give properties as an object, not a table.
function devices.merge (...)
  local all = {}
  for _, props in ipairs { ... } do
    for k, v in pairs (props) do
      all [k] = v
    end
  end
  return all
end

-- An address as BlueZ writes it, or nil
function devices.address (text)
  if type (text) ~= "string" then
    return nil
  end
  return text:match ("^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$") and text:upper () or nil
end

local function rule_value (props, key)
  local v = props [key]
  if v == nil then
    return nil
  end
  v = tostring (v)
  if v == "true" or v == "1" then
    return true
  elseif v == "false" or v == "0" then
    return false
  end
  return nil
end

local function begins_with_echo (name)
  return type (name) == "string" and name:sub (1, 4) == "Echo"
end

-- Whether a device with these properties is a source, and why.
-- options: vendors (array of vendor ids), match_by_name
function devices.is_source (props, options)
  local by_rule = rule_value (props, devices.RULE_SOURCE)
  if by_rule ~= nil then
    return by_rule, "rule"
  end

  local vendor = props ["device.vendor.id"]
  if vendor ~= nil and vendor ~= "" then
    for _, v in ipairs (options.vendors) do
      if vendor:lower () == v:lower () then
        return true, "vendor " .. vendor
      end
    end
    return false, "vendor " .. vendor
  end

  -- The alias is what the user calls it here, the other what it calls itself.
  if options.match_by_name and (begins_with_echo (props ["device.alias"]) or
      begins_with_echo (props ["device.description"])) then
    return true, "name"
  end
  return false, "no vendor id"
end

-- The stream of music that a device sends. Calls (headset-audio-gateway) have
-- the same direction and must never be spread over a house. With
-- bluez5.media-source-role = input the node is a recording source and not a
-- stream: that is a wish to have it not linked to speakers by itself.
function devices.is_source_stream (props)
  return props ["api.bluez5.profile"] == "a2dp-source" and
      props ["media.class"] == "Stream/Output/Audio"
end

-- A node that plays on a speaker. For speakers that are headsets as well, newer
-- versions of WirePlumber hide the real sink ("Internal") behind a loopback; the
-- latency is that of the real one.
function devices.is_speaker (props)
  local class = props ["media.class"]
  return props ["api.bluez5.profile"] == "a2dp-sink" and
      (class == "Audio/Sink" or class == "Audio/Sink/Internal")
end

-- Whether one of these, addresses or names, is meant to be this device
local function is_listed (list, props)
  local address = devices.address (props ["api.bluez5.address"])
  for _, entry in ipairs (list or {}) do
    if devices.address (entry) == (address or false) or
        entry == props ["device.alias"] or entry == props ["device.description"] or
        entry == props ["node.name"] then
      return true
    end
  end
  return false
end

-- Whether a speaker of a device becomes a member by itself; if it does not only because the
-- device is a source, why it is one
-- options: as for is_source, and auto_add; include, exclude (lists, or nil)
function devices.is_candidate (props, options)
  if is_listed (options.exclude, props) then
    return false
  elseif is_listed (options.include, props) then
    return true
  end
  local by_rule = rule_value (props, devices.RULE_MEMBER)
  if by_rule ~= nil then
    return by_rule
  end
  if not options.auto_add then
    return false
  end
  -- An Echo can be a speaker too; as a member it would hear itself.
  local is_source, why = devices.is_source (props, options)
  return not is_source, is_source and why or nil
end

-- Whether anything else than a source plays into a node, through filters or not.
-- links: { from, to } of nodes' ids; filters: id -> link group of a smart filter, whose nodes are one
-- way through; is_source (id)
function devices.plays_into (node, links, filters, is_source)
  local seen = {}

  local function looks_into (to)
    for _, link in ipairs (links) do
      local group = filters [link.from]
      if link.to ~= to or is_source (link.from) or seen [link.from] then
        goto next
      end
      seen [link.from] = true
      if not group then
        return true
      end
      for id, of in pairs (filters) do
        if of == group and looks_into (id) then
          return true
        end
      end
      ::next::
    end
    return false
  end

  return looks_into (node)
end

-- Complaints about one rule, for the log; and whether it can be used at all
function devices.check_rule (rule, i)
  local found, usable = {}, true
  local function complain (format, ...)
    table.insert (found, string.format ("rule %d: " .. format, i, ...))
  end

  local matches = type (rule) == "table" and rule.matches
  local actions = type (rule) == "table" and rule.actions
  local update = type (actions) == "table" and actions ["update-props"]

  if type (matches) ~= "table" or type (matches [1]) ~= "table" then
    complain ("'matches' must be an array of objects; ignored")
    usable = false
  end
  if type (update) ~= "table" then
    complain ("'actions' must be { update-props = { ... } }; ignored")
    return found, false
  end
  for key, value in pairs (update) do
    if not RULE_KEYS [key] then
      complain ("unknown key '%s'; allowed: %s, %s", tostring (key), devices.RULE_SOURCE,
          devices.RULE_MEMBER)
    elseif rule_value (update, key) == nil then
      complain ("'%s' is \"%s\"; allowed: true, false; ignored", key, tostring (value))
    end
  end
  return found, usable
end

-- A name for a description: one line, not endless
function devices.display_name (props)
  local name = props ["device.description"] or props ["device.alias"] or
      props ["api.bluez5.address"] or "Bluetooth"
  if not utf8.len (name) then
    name = name:gsub ("[\128-\255]", "?")
  end
  name = name:gsub ("%c+", " "):gsub (":", " ")
  local cut = utf8.offset (name, 65)
  return cut and name:sub (1, cut - 1) or name
end

return devices
