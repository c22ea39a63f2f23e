-- Provides the metadata object "bluez-combine"
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- It lives as long as WirePlumber: what stands there survives the sink, which
-- comes and goes with its source. Only where the user has loaded the module
-- into another process, and that was there first, the module's object is used.

Script.async_activation = true

local context = require ("bluez-combine-context")

-- Global, or it would be collected.
metadata = nil

local function use (m)
  context.store:attach {
    find = function (key) return (m:find (0, key)) end,
    set = function (key, text) m:set (0, key, text and "Spa:String:JSON", text) end,
  }
  context.metadata_id = m ["bound-id"]
  local keys = {}
  for subject, key in m:iterate (0) do
    if subject == 0 then
      table.insert (keys, key)
    end
  end
  context.members:attached (keys)
end

local function create (done)
  metadata = ImplMetadata (context.METADATA)
  metadata:activate (Features.ALL, function (m, e)
    if e then
      metadata = nil
      done (tostring (e))
    else
      use (m)
      done ()
    end
  end)
end

local function created (e)
  if e then
    context.log:warning ("failed to activate the bluez-combine metadata: " .. e)
  end
end

context.members:restore (context.saved ("member."))

others = ObjectManager {
  Interest {
    type = "metadata",
    Constraint { "metadata.name", "=", context.METADATA },
  }
}

others:connect ("installed", function (om)
  local m = om:lookup ()
  if m then
    context.log:info (m, "using the metadata object of another process")
    use (m)
    Script:finish_activation ()
    return
  end
  create (function (e)
    if e then
      Script:finish_activation_with_error ("failed to activate the bluez-combine metadata: " .. e)
    else
      Script:finish_activation ()
    end
  end)
end)

others:connect ("object-removed", function ()
  if not metadata then
    context.log:info ("the metadata object of another process is gone: making our own")
    context.store:attach (nil)
    create (created)
  end
end)

others:activate ()
