-- Tests of one file: each a sentence and a function
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = { passed = 0, failed = 0 }

local function show (v)
  if type (v) == "string" then
    return string.format ("%q", v)
  elseif type (v) ~= "table" then
    return tostring (v)
  end
  local keys = {}
  for k in pairs (v) do
    table.insert (keys, k)
  end
  table.sort (keys, function (a, b) return tostring (a) < tostring (b) end)
  local parts = {}
  for _, k in ipairs (keys) do
    table.insert (parts, tostring (k) .. " = " .. show (v [k]))
  end
  return "{ " .. table.concat (parts, ", ") .. " }"
end

function check.test (name, f)
  local ok, why = xpcall (f, debug.traceback)
  check [ok and "passed" or "failed"] = check [ok and "passed" or "failed"] + 1
  print ((ok and "ok " or "FAILED ") .. name .. (ok and "" or "\n" .. tostring (why)))
end

-- Tables are equal when they say the same.
function check.equal (got, expected)
  if show (got) ~= show (expected) then
    error ("got " .. show (got) .. ", expected " .. show (expected), 2)
  end
end

function check.contains (text, part)
  if type (text) ~= "string" or not text:find (part, 1, true) then
    error (show (text) .. " does not contain " .. show (part), 2)
  end
end

function check.finish ()
  print (string.format ("%d passed, %d failed", check.passed, check.failed))
  os.exit (check.failed == 0 and 0 or 1)
end

return check
