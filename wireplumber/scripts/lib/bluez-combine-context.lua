-- What the hooks of bluez-combine share
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The one library that knows WirePlumber's objects; the others are pure, and are
-- given what they need here. require() loads this once, so that all the hooks
-- work on the same group. What a script has to say to the others it says by a function of
-- this, or of one of the objects in it: none assigns here.
--
-- There is one group, "default". Two Echos both belong to it: their streams meet
-- in the one sink, where PipeWire mixes them, and a speaker has one owner.

local cutils = require ("common-utils")
local futils = require ("filter-utils")
local settings = require ("bluez-combine-settings")
local devices = require ("bluez-combine-devices")
local owners = require ("bluez-combine-owners")
local group = require ("bluez-combine-group")
local members = require ("bluez-combine-members")
local calibrations = require ("bluez-combine-calibrations")
local offsets = require ("bluez-combine-offsets")
local store = require ("bluez-combine-store")
local bounds = require ("bluez-combine-bounds")
local inbox = require ("bluez-combine-inbox")
local saved = require ("bluez-combine-saved")
local sources = require ("bluez-combine-sources")
local told = require ("bluez-combine-told")
local args = require ("bluez-combine-args")
local json = require ("bluez-combine-json")

local context = {
  MODULE = "libpipewire-module-bluez-combine",
  GROUP = "default",
  PREFIX = "bluez_combine.",   -- of all names of groups' nodes
  SINK = "bluez_combine.default",
  METADATA = "bluez-combine",

  log = Log.open_topic ("s-bluez-combine"),
  store = store.new (),   -- the metadata object, from create-metadata.lua
  sources = sources.new (),   -- who sends music, from find-source.lua
}

local log = context.log

local function warn (text)
  log:warning (text)
end

-- WirePlumber's list of all objects of a kind; nil when it is not there yet: the first
-- events come before those who make them can be found.
function context.objects (kind)
  return Plugin.find ("standard-event-source") and cutils.get_object_manager (kind)
end

local function default_metadata ()
  local om = context.objects ("metadata")
  return om and om:lookup { Constraint { "metadata.name", "=", "default" } }
end

context.told = told.new {
  read = function (key) return context.store:read (key) end,
  write = function (key, text) context.store:write (key, text) end,
}

-- Settings

-- Whoever has set it sees the log only if he looks there: who asks doctor gets to know it, too.
local function complain (name, complaint)
  if complaint then
    warn (settings.describe (settings.PREFIX .. name, complaint))
  end
  context.told:set ("setting." .. name, "settings", complaint and json.encode {
    version = 1,
    is = complaint.is,
    allowed = complaint.allowed,
    using = complaint.using,
  })
end

local schema = Conf.get_section_as_json ("wireplumber.settings.schema", Json.Object {}):parse ()

context.settings = settings.new (schema, function (key)
  local value = Settings.get (key)
  return value and value:parse ()
end, complain)
context.settings:check_all ()
Settings.subscribe ("bluez-combine.*", function () context.settings:check_all () end)

-- Options of bluez-combine-devices
function context.device_options ()
  return {
    vendors = context.settings:get ("source.vendors"),
    match_by_name = context.settings:get ("match-by-name"),
    auto_add = context.settings:get ("auto-add"),
    include = context.settings:get ("members.include"),
    exclude = context.settings:get ("members.exclude"),
  }
end

-- Rules

local rules = {}

local function read_rules ()
  local section = Conf.get_section_as_json ("bluez-combine.rules", Json.Array {})
  if not section:is_array () then
    warn ("section 'bluez-combine.rules' must be an array of { matches, actions }; ignored")
    return
  end
  -- One by one: WirePlumber passes over all that comes after a broken rule.
  local texts = section:parse (1)
  for i, rule in ipairs (section:parse ()) do
    local complaints, usable = devices.check_rule (rule, i)
    for _, complaint in ipairs (complaints) do
      warn (complaint)
    end
    if usable then
      table.insert (rules, Json.Raw ("[ " .. texts [i] .. " ]"))
    end
  end
end

read_rules ()

-- All that is known of a node (or of nothing) and of its device, rules applied
function context.properties (node, device)
  local all = devices.merge (device and device.properties or {}, node and node.properties or {})
  -- Only rules may say this, not whoever creates a node.
  all [devices.RULE_SOURCE] = nil
  all [devices.RULE_MEMBER] = nil
  for _, rule in ipairs (rules) do
    all = devices.merge ((JsonUtils.match_rules_update_properties (rule, all)))
  end
  return all
end

local function lookup (kind, id)
  local om = id and context.objects (kind)
  return om and om:lookup {
    Constraint { "bound-id", "=", id, type = "gobject" },
  }
end

-- node: one of WirePlumber's, or a table with its properties
function context.device_of (node)
  return lookup ("device", (node ["global-properties"] or node.properties) ["device.id"])
end

-- Owners

-- Properties of the client of an object of these global properties, nil while it is not known
local function client_of (global)
  local client = lookup ("client", global ["client.id"])
  return client and client.properties
end

-- Whether a device is a Bluetooth one, and not what somebody calls so; nil: not known yet
function context.is_bluetooth_device (device)
  local global = device ["global-properties"]
  local client = client_of (global)
  if global ["client.id"] and not client then
    return nil
  end
  return owners.is_bluetooth_device (global, client)
end

-- The same of a node, whose device is given if it is there
function context.is_bluetooth (node, device)
  local global = node ["global-properties"]
  local client = client_of (global)
  local device_client = device and client_of (device ["global-properties"])

  if not global ["device.id"] then
    return false
  elseif not device or (global ["client.id"] and not client) or
      (device ["global-properties"] ["client.id"] and not device_client) then
    return nil
  end
  return owners.is_bluetooth {
    node = global,
    device = device ["global-properties"],
    client = client,
    device_client = device_client,
    linger = node.properties ["object.linger"],
  }
end

local function is_sink (node)
  local global = node ["global-properties"]
  return owners.is_sink (global, node.properties ["object.linger"], client_of (global))
end

-- State: the user's words by speaker, and the sources that were ever seen

local function after (ms, f)
  return Core.timeout_add (ms, function ()
    f ()
    return false
  end)
end

local state = State ("bluez-combine")

-- Not State's save_after_timeout (), which copies everything at every change.
context.saved = saved.new (devices.merge (state:load ()), {
  write = function (texts) return state:save (texts) end,
  after = after,
  warn = warn,
})

-- Whether this computer has ever had a source
function context.knows_sources ()
  return next (context.saved:all ("source.")) ~= nil
end

function context.remember_source (address, name)
  local key = "source." .. address
  if context.saved:get (key) == nil then
    context.saved:set (key, name)
  end
end

-- Whether the stream of this source goes wherever the default is, by the user's wish
function context.follows_default (address)
  return context.saved:get ("follow." .. address) ~= nil
end

function context.remember_follow (address, follow)
  context.saved:set ("follow." .. address, follow and "true" or nil)
end

-- Name of the default node of a type such as "audio.sink", nil if there is none
function context.default_node (def_type)
  local metadata = default_metadata ()
  local value = metadata and metadata:find (0, "default." .. def_type)
  value = value and Json.Raw (value):parse ()
  return type (value) == "table" and value.name or nil
end

-- What the user has said about where a stream goes, nil if nothing. id: of its node, as text
function context.target_of (id)
  local metadata = default_metadata ()
  id = tonumber (id)
  if not metadata or not id then
    return nil
  end
  return (metadata:find (id, "target.object")) or (metadata:find (id, "target.node"))
end

-- Rescans

function context.rescan (what)
  local source = Plugin.find ("standard-event-source")
  if source then
    source:call ("schedule-rescan", what)
  end
end

-- Whether an item belongs to a smart filter: one that WirePlumber puts in front of its target
function context.is_smart_filter (item)
  local name = item.properties ["node.link-group"]
  return name ~= nil and (futils.is_filter_smart ("input", name) or futils.is_filter_smart ("output", name))
end

-- Whether an item's node is of somebody who may hear what the sources send: not a restricted client's
function context.is_trusted (item)
  local node = item:get_associated_proxy ("node")
  if not node or node.properties ["object.linger"] ~= nil then
    return false
  end
  local global = node ["global-properties"]
  return owners.is_trusted (global, client_of (global))
end

-- Whether it is what the group plays on one of its speakers
function context.is_output (item)
  local name = item.properties ["node.link-group"]
  return name ~= nil and name:sub (1, #context.PREFIX) == context.PREFIX and
      item.properties ["item.node.direction"] == "output"
end

-- The sink

-- Whether an item of the sink's name is the sink: anybody can have that name.
function context.is_sink (item)
  local node = item:get_associated_proxy ("node")
  return node ~= nil and is_sink (node)
end

-- The item that streams are linked to; nil while it is not there
function context.find_sink ()
  local om = context.objects ("session-item")
  if not om then
    return nil
  end
  for item in om:iterate {
    type = "SiLinkable",
    Constraint { "node.name", "=", context.SINK },
    Constraint { "item.node.direction", "=", "input" },
  } do
    if context.is_sink (item) then
      return item
    end
  end
end

local function sink_is_coming ()
  local om = context.objects ("node")
  if not om then
    return false
  end
  for node in om:iterate { Constraint { "node.name", "=", context.SINK } } do
    if is_sink (node) then
      return true
    end
  end
  return false
end

-- Whether anything else than a source plays into the sink: somebody put it
-- there, and it shall not fall silent because the Echo has left.
local function sink_in_use ()
  local sink = context.find_sink ()
  if not sink then
    return false
  end
  local links, filters = {}, {}
  for link in context.objects ("link"):iterate () do
    local p = link.properties
    table.insert (links, { from = p ["link.output.node"], to = p ["link.input.node"] })
  end
  for item in context.objects ("session-item"):iterate { type = "SiLinkable" } do
    if context.is_smart_filter (item) then
      filters [item.properties ["node.id"]] = item.properties ["node.link-group"]
    end
  end
  return devices.plays_into (sink.properties ["node.id"], links, filters, function (id)
    return context.sources:of_stream (id) ~= nil
  end)
end

-- It runs in this process, where the nodes of all Bluetooth devices live too: no process
-- switch on the music's way.
local module = nil

local function load_module ()
  local _, names = context.sources:all ()
  local text = args.encode (context.GROUP, context.SINK, names, function (name)
    return context.settings:get (name)
  end)
  log:info ("loading " .. context.MODULE .. " " .. text)
  module = LocalModule (context.MODULE, text, {})
  if not module then
    return nil, context.MODULE .. " is not installed or refused its arguments (see the log before this)"
  end
  return true
end

context.group = group.new {
  load = load_module,
  unload = function () module = nil end,
  exists = function () return context.find_sink () ~= nil end,
  is_coming = sink_is_coming,
  in_use = sink_in_use,
  playing = function () return context.sources:is_playing () end,
  after = function (ms, f)
    local source = after (ms, f)
    return function () source:destroy () end
  end,
  rescan = function () context.rescan ("linking") end,
  setting = function (name) return context.settings:get (name) end,
  warn = warn,
  info = function (text) log:info (text) end,
}

-- Members

local warn_of_metadata = bounds.rate { warn = warn, after = after }

context.members = members.new {
  read = function (key) return context.store:read (key) end,
  write = function (key, text) context.store:write (key, text) end,
  save = function (address, text) context.saved:set (members.KEY .. address, text) end,
  warn = warn_of_metadata,
  info = function (text) log:info (text) end,
  max = function () return context.settings:get ("members.max") end,
}

-- Latency offsets

-- What a speaker's stream is: the codec, and the rate if it takes just one; nil of what is not known
function context.stream_of (node)
  local rate
  for param in node:iterate_params ("EnumFormat") do
    local format = cutils.parseParam (param, "EnumFormat")
    rate = format and format.rate
  end
  if type (rate) == "table" then
    rate = rate.pod_type == "Choice.None" and rate [1] or nil
  end
  return node.properties ["api.bluez5.codec"], rate
end

-- The output that a device has now: index, device (in the card), offset in ns; nil while it has none.
-- That of a call has no offset, and that is not an offset of 0.
function context.output_of (device)
  for param in device:iterate_params ("Route") do
    local route = cutils.parseParam (param, "Route")
    local offset = route and route.props and route.props.properties.latencyOffsetNsec
    if offset and route.direction == "Output" then
      return {
        index = route.index,
        device = route.device,
        offset = offset,
      }
    end
  end
end

-- As pavucontrol does, and to be kept as what that sets is
local function set_offset (id, ns)
  local om = context.objects ("device")
  local device = om and om:lookup { Constraint { "id", "=", id, type = "gobject" } }
  local output = device and context.output_of (device)
  if output then
    device:set_param ("Route", Pod.Object {
      "Spa:Pod:Object:Param:Route", "Route",
      index = output.index,
      device = output.device,
      props = Pod.Object { "Spa:Pod:Object:Param:Props", "Route", latencyOffsetNsec = ns },
      save = true,
    })
  end
  return output ~= nil
end

context.offsets = offsets.new {
  record = function (...) return context.calibrations:find (...) end,
  set_by_hand = function (...) return context.calibrations:set_by_hand (...) end,
  set = set_offset,
  now = function () return GLib.get_monotonic_time () / 1e6 end,
  info = function (text) log:info (text) end,
}

context.calibrations = calibrations.new {
  read = function (key) return context.store:read (key) end,
  write = function (key, text) context.store:write (key, text) end,
  save = function (address, text) context.saved:set (calibrations.KEY .. address, text) end,
  now = os.time,
  changed = function (address) context.offsets:look (address) end,
  is_here = function (address) return context.members:in_use (members.KEY .. address) end,
  warn = warn_of_metadata,
}

context.inbox = inbox.new {
  uses = function (key)
    return context.members:uses (key) or context.calibrations:uses (key) or context.told:uses (key)
  end,
  takes = function (key) return context.members:takes (key) or context.calibrations:takes (key) end,
  in_use = function (key) return context.members:in_use (key) or context.told:uses (key) end,
  changed = function (key)
    context.members:changed (key)
    context.calibrations:changed (key)
    context.told:changed (key)
  end,
  take_out = function (subject, key) context.store.object.take_out (subject, key) end,
  warn = warn_of_metadata,
  -- As urgent as what comes in: a flood does not keep it from its turn.
  later = function (f) after (0, f) end,
  much_later = function (f) after (2000, f) end,
}

-- Ranks

local lowered = {}   -- object id of a device -> boolean

-- Whether the nodes of a device rank lower than WirePlumber has it. That is decided once its
-- speaker is there, and stays: what is said about the group later, or the first source of
-- all, moves no sound of the desktop.
function context.is_lowered (device)
  local known = lowered [device.id]
  if known ~= nil then
    return known
  end
  local member = context.members:is_member (devices.address (device.properties ["api.bluez5.address"]))
  if member == nil then
    return false
  end
  lowered [device.id] = member and context.knows_sources ()
  return lowered [device.id]
end

-- Of a device that is gone, or of all
function context.forget_rank (device)
  if device then
    lowered [device.id] = nil
  else
    lowered = {}
  end
end

Settings.subscribe ("bluez-combine.members.max", function ()
  context.members:share_places ()
end)

return context
