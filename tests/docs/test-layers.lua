-- A folder says what its files may know: what they include
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-layers.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local check = docs.check

local function set (text)
  local names = {}
  for name in text:gmatch ("%S+") do
    names [name] = true
  end
  return names
end

-- Of each folder: what it may include besides itself. A name without a slash is a folder's, or a header's
-- that stands by itself; <pipewire/> and <spa/> are the libraries' headers, but for spa/utils, which is plain C.
local layers = {
  ["spa/dsp"] = set "realtime.h <spa/param/>",
  ["spa/fanout"] = set "realtime.h names.h dsp <spa/>",
  ["modules/bluez-combine/timing"] = set "realtime.h <spa/node/>",
  ["modules/bluez-combine/member"] = set "timing dsp log.h names.h value.h graph/owners.h <pipewire/>",
  ["modules/bluez-combine/graph"] = set "member timing args.h log.h names.h loop-time.h spa-handle.h <pipewire/> <spa/>",
  ["modules/bluez-combine/audio"] = set
    "graph member timing dsp fanout/control.h args.h log.h names.h realtime.h spa-handle.h <pipewire/> <spa/>",
  -- What prints nothing, and every program can use
  ["tools/pw-bluez-combine/client"] = set "graph/owners.h names.h <pipewire/> <spa/>",
  -- Pure calculation
  ["tools/pw-bluez-combine/ear"] = set "",
  ["tools/pw-bluez-combine/adjust"] = set "client cli names.h <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/calibrate"] = set "ear hearing client cli names.h <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/hearing"] = set "ear client cli <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/track"] = set "ear hearing client cli names.h <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/bluez"] = set "cli/i18n.h",
  ["tools/pw-bluez-combine/cli"] = set "client names.h <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/doctor"] = set "client bluez cli names.h <pipewire/> <spa/>",
  ["tools/pw-bluez-combine/pair"] = set "bluez cli",
  -- Of the product only its public names; what plays and what listens know nothing of the scenes
  ["tests/room/clock"] = set "<pipewire/> <spa/>",
  ["tests/room/listen"] = set "<pipewire/> <spa/>",
  ["tests/room/world"] = set "clock listen interfaces.h random.h <pipewire/> <spa/>",
  ["tests/room/stage"] = set "clock listen names.h random.h <pipewire/> <spa/>",
  ["tests/room/scenes"] = set "stage listen names.h random.h <pipewire/> <spa/>",
}

local function library (header)
  if header:match ("^spa/utils/") then
    return nil
  end
  return header:match ("^pipewire/") and { "<pipewire/>" } or
    header:match ("^spa/") and { "<spa/>", "<" .. header:match ("^spa/%w+/") .. ">" } or nil
end

local function is_any (allowed, names)
  for _, name in ipairs (names) do
    if allowed [name] then
      return true
    end
  end
  return false
end

local files = 0

for folder, allowed in pairs (layers) do
  local own = folder:match ("[^/]+$")
  for path in docs.files (folder .. "/*.[ch]") do
    local name = folder .. "/" .. path:match ("[^/]+$")
    files = files + 1
    for line in docs.read (path):gmatch ("[^\n]+") do
      local quoted = line:match ('^#include "([^"]+)"')
      local header = line:match ("^#include <([^>]+)>")
      if quoted then
        local other = quoted:match ("^(.+)/")
        check (other == own or is_any (allowed, { other or quoted, quoted }),
          name .. " includes " .. quoted .. ", of which it should know nothing")
      elseif header and library (header) then
        check (is_any (allowed, library (header)),
          name .. " includes <" .. header .. ">, of which it should know nothing")
      end
    end
  end
end

check (files > 250, "only " .. files .. " files were looked at")
docs.finish (files .. " files")
