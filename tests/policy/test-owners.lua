-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local owners = require ("bluez-combine-owners")
local test, equal = check.test, check.equal

local function client (id, access, pid, more)
  local props = { ["object.id"] = id, ["pipewire.access"] = access, ["pipewire.sec.pid"] = pid }
  for k, v in pairs (more or {}) do
    props [k] = v
  end
  return props
end

local MONITOR = client ("34", "unrestricted", "100")
local EXPORT = client ("42", "unrestricted", "100")
local PROGRAM = client ("50", "unrestricted", "200")
local FLATPAK = client ("60", "flatpak", "300", { ["pipewire.client.access"] = "flatpak" })

local function of (c, more)
  local props = { ["client.id"] = c and c ["object.id"] }
  for k, v in pairs (more or {}) do
    props [k] = v
  end
  return props
end

local function is_bluetooth (node_client, device_client, linger, api)
  return owners.is_bluetooth {
    node = of (node_client),
    client = node_client,
    device = of (device_client, { ["device.api"] = api or "bluez5" }),
    device_client = device_client,
    linger = linger,
  }
end

test ("a_bluetooth_device_is_one_by_the_client_that_has_it", function ()
  equal (is_bluetooth (EXPORT, EXPORT), true)
  equal (is_bluetooth (PROGRAM, EXPORT), false)
  equal (is_bluetooth (FLATPAK, EXPORT), false)
  equal (is_bluetooth (nil, EXPORT), false)
  equal (is_bluetooth (EXPORT, nil), false)
end)

test ("what_a_session_manager_makes_by_another_connection_is_its_own", function ()
  equal (is_bluetooth (MONITOR, EXPORT), true)
  equal (is_bluetooth (client ("1", "unrestricted"), client ("2", "unrestricted")), false)
end)

test ("a_restricted_client_is_no_bluetooth_monitor", function ()
  equal (is_bluetooth (FLATPAK, FLATPAK), false)
  equal (owners.is_bluetooth_device (of (FLATPAK, { ["device.api"] = "bluez5" }), FLATPAK), false)
  equal (owners.is_bluetooth_device (of (EXPORT, { ["device.api"] = "bluez5" }), EXPORT), true)
  equal (owners.is_bluetooth_device (of (EXPORT, { ["device.api"] = "alsa" }), EXPORT), false)
  equal (is_bluetooth (EXPORT, EXPORT, nil, "alsa"), false)
  -- an ordinary one is none either: a monitor has all rights
  local ordinary = client ("70", "default", "400")
  equal (is_bluetooth (ordinary, ordinary), false)
end)

test ("a_node_that_lingers_says_itself_whose_it_is", function ()
  equal (is_bluetooth (EXPORT, EXPORT, "true"), false)
  equal (is_bluetooth (EXPORT, EXPORT, "false"), false)
  equal (is_bluetooth (nil, nil, "true"), false)
end)

test ("a_daemon_that_has_the_devices_itself_is_a_monitor", function ()
  equal (is_bluetooth (nil, nil), true)
end)

test ("what_a_client_may_do_is_the_daemons_word", function ()
  equal (owners.rights (EXPORT), "all")
  equal (owners.rights (FLATPAK), nil)
  equal (owners.rights (nil), nil)
  equal (owners.rights {}, nil)
  equal (owners.rights (client ("1", "default")), "ordinary")
  equal (owners.rights (client ("1", "restricted")), nil)
  equal (owners.rights (client ("1", "default", "1", { ["pipewire.sec.flatpak"] = "true" })), nil)
  equal (owners.rights (client ("1", "unrestricted", "1", { ["pipewire.client.access"] = "flatpak" })), nil)
  equal (owners.rights (client ("1", "unrestricted", "1", { ["pipewire.client.access"] = "allowed" })), "all")
  -- what the session manager has given it can be forged
  local forged = { ["pipewire.access.effective"] = "unrestricted" }
  equal (owners.rights (client ("1", "flatpak", "1", forged)), nil)
end)

test ("a_groups_sink_is_a_programs_that_is_not_restricted", function ()
  equal (owners.is_sink (of (EXPORT), nil, EXPORT), true)
  equal (owners.is_sink (of (PROGRAM), nil, PROGRAM), true)
  equal (owners.is_sink (of (FLATPAK), nil, FLATPAK), false)
  equal (owners.is_sink (of (EXPORT), nil, nil), false)
  equal (owners.is_sink (of (EXPORT), "true", EXPORT), false)
  equal (owners.is_sink (of (nil), nil, nil), false)
end)

test ("other_objects_are_used_unless_they_are_a_restricted_clients", function ()
  equal (owners.is_trusted (of (EXPORT), EXPORT), true)
  equal (owners.is_trusted (of (nil), nil), true)
  equal (owners.is_trusted (of (FLATPAK), FLATPAK), false)
  equal (owners.is_trusted (of (EXPORT), nil), false)
end)

test ("who_is_not_known_yet_is_looked_at_when_another_owner_comes", function ()
  local looked = 0
  local unsure = owners.unsure (function () looked = looked + 1 end)
  equal ({ unsure.is (true), unsure.is (false) }, { true, false })
  unsure.owner_added ()
  equal (looked, 0)
  equal (unsure.is (nil), false)
  equal (unsure.is (true), true)
  unsure.owner_added ()
  unsure.owner_added ()
  equal (looked, 1)
end)

test ("who_is_still_not_known_is_looked_at_once_more", function ()
  local looked, unsure = 0, nil
  unsure = owners.unsure (function ()
    looked = looked + 1
    unsure.is (nil)
  end)
  unsure.is (nil)
  unsure.owner_added ()
  unsure.owner_added ()
  equal (looked, 2)
end)

check.finish ()
