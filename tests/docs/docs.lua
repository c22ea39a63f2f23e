-- What the tests of the pages share: files of the source, what is wrong with them, and the end
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- local docs = dofile (arg [1] .. "/tests/docs/docs.lua")

local docs = { failed = 0 }
local source = arg [1]

-- The text of a file of the source; nil if it is not there
function docs.find (path)
  local file = io.open (source .. "/" .. path)
  local text = file and file:read ("a")
  if file then
    file:close ()
  end
  return text
end

-- The same of one that has to be there
function docs.read (path)
  return assert (docs.find (path), path .. " is not there")
end

function docs.check (ok, what)
  if not ok then
    docs.failed = docs.failed + 1
    print ("not ok " .. what)
  end
end

-- The files that a pattern of the shell names, from the source's folder
function docs.files (pattern)
  local list = assert (io.popen ("cd '" .. source .. "' && ls " .. pattern))
  return list:lines ()
end

-- Names of all scenes of the room, and all their files as one text
function docs.scenes ()
  local names, text = {}, ""
  for path in docs.files ("tests/room/scenes/*.c") do
    local scenes = docs.read (path)
    text = text .. scenes
    for name in scenes:gmatch ("{ %.name = \"([^\"]+)\", %.text") do
      names [name] = true
    end
  end
  return names, text
end

function docs.finish (says)
  print (docs.failed == 0 and says or docs.failed .. " wrong")
  os.exit (docs.failed == 0)
end

return docs
