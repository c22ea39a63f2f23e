-- Whose an object is
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- What a program says of its own node or device is no more than that: any can call
-- itself a Bluetooth speaker, an Echo, or our sink. What the daemon says is true: whose
-- an object is (client.id), what that client may do (pipewire.access), which process it
-- is. The first stands in the global properties, which nobody can change later, and not
-- only among those that its owner updates. Of a node that the daemon keeps when its client leaves
-- (object.linger), client.id is what the client has said.

local owners = {}

-- What the client of these properties (nil: not known) may do: "all"; "ordinary", what the
-- session manager gives every program of the user; or nil: less
function owners.rights (client)
  if not client or client ["pipewire.sec.flatpak"] then
    return nil
  end
  -- A client may say of itself that it is to have less.
  local asked = client ["pipewire.client.access"]
  if asked and asked ~= "unrestricted" and asked ~= "allowed" then
    return nil
  end
  local access = client ["pipewire.access"]
  return access == "unrestricted" and "all" or access == "default" and "ordinary" or nil
end

-- Whether an object without a client, the daemon's own, or one of a client that is not
-- restricted. global: its global properties; client: its client's, or nil
function owners.is_trusted (global, client)
  return global ["client.id"] == nil or owners.rights (client) ~= nil
end

-- Whether the device of these global properties is a Bluetooth monitor's
function owners.is_bluetooth_device (global, client)
  return global ["device.api"] == "bluez5" and
      (global ["client.id"] == nil or owners.rights (client) == "all")
end

-- A session manager has several connections.
local function are_one (a, b)
  return a ["object.id"] == b ["object.id"] or
      (a ["pipewire.sec.pid"] ~= nil and a ["pipewire.sec.pid"] == b ["pipewire.sec.pid"])
end

-- Whether a node is of the client, or the process, that has its BlueZ device, and that has
-- all rights: then it is the Bluetooth device that it says it is
-- o: node, device: global properties; client, device_client: their clients', or nil;
--    linger: the node's object.linger
function owners.is_bluetooth (o)
  if o.linger ~= nil or not owners.is_bluetooth_device (o.device, o.device_client) then
    return false
  elseif o.node ["client.id"] == nil or o.device ["client.id"] == nil then
    return o.node ["client.id"] == o.device ["client.id"]
  end
  return owners.rights (o.client) == "all" and are_one (o.client, o.device_client)
end

-- Whether a node can be a group's sink, which is a program's that is not restricted
function owners.is_sink (global, linger, client)
  return linger == nil and global ["client.id"] ~= nil and owners.rights (client) ~= nil
end

-- Those of which it is not known yet whose they are: clients and devices may come after what
-- is theirs. look_again (): looks at all of them
function owners.unsure (look_again)
  local unsure = false
  return {
    -- genuine: as is_bluetooth (), and nil while it is not known. Returns whether it is.
    is = function (genuine)
      unsure = unsure or genuine == nil
      return genuine == true
    end,
    owner_added = function ()
      if unsure then
        unsure = false
        look_again ()
      end
    end,
  }
end

return owners
