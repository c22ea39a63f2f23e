-- What the pages point to is there: files, sections, pictures; and what they say of the tool is so
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-pages.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.find
local check = docs.check

-- Lines without blocks of code, whose brackets are no links
local function prose (text)
  local kept, in_code = {}, false
  for line in (text .. "\n"):gmatch ("([^\n]*)\n") do
    if line:match ("^%s*```") then
      in_code = not in_code
    elseif not in_code and not line:match ("^    ") then
      kept [#kept + 1] = line:gsub ("`[^`]*`", function (code)
        return (code:gsub ("[%[%]()]", " "))
      end)
    end
  end
  return table.concat (kept, "\n") .. "\n"
end

-- As GitHub makes them of headings: small, spaces are dashes, no other signs; the second of a name has -1
local function anchors (text)
  local found, times = {}, {}
  for title in ("\n" .. prose (text)):gmatch ("\n#+ +([^\n]+)") do
    local slug = title:lower ():gsub ("[^%w%s_-]", function (c)
      return c:byte () >= 128 and c or ""
    end):gsub (" ", "-")
    times [slug] = (times [slug] or 0) + 1
    found [times [slug] == 1 and slug or slug .. "-" .. times [slug] - 1] = true
  end
  return found
end

local function join (folder, path)
  local parts = {}
  for part in (folder .. path):gmatch ("[^/]+") do
    if part == ".." then
      table.remove (parts)
    elseif part ~= "." then
      parts [#parts + 1] = part
    end
  end
  return table.concat (parts, "/")
end

local links, pictures = 0, {}
local function check_page (page)
  local text = read (page)
  local folder = page:match ("^(.*/)") or ""

  check (text, page .. " is not there")
  for picture, label, target in prose (text or ""):gmatch ("(!?)%[([^%]]*)%]%(([^)%s]+)%)") do
    local path, section = target:match ("^([^#]*)#?(.*)$")
    local file = path == "" and page or join (folder, path)

    if not target:match ("^%a+://") then
      links = links + 1
      check (io.open (arg [1] .. "/" .. file), page .. ": " .. target .. " is not there")
      if section ~= "" and file:match ("%.md$") then
        check (anchors (read (file) or "") [section], page .. ": no section " .. target)
      end
      if picture == "!" then
        pictures [file] = true
        check (label ~= "", page .. ": a picture without words for those who do not see it: " .. target)
      end
    end
  end
end

for page in docs.files ("*.md docs/*.md examples/*.md tests/*/*.md") do
  check_page (page)
end
check (links > 30, "only " .. links .. " links were read")
for picture in docs.files ("docs/pictures/*.png") do
  check (pictures [picture], picture .. " is shown nowhere")
end

-- The doctor's checks: in the manual page all, and where the README speaks of one it is one
local tool = "tools/pw-bluez-combine/"
local checks, n_checks = {}, 0
for _, file in ipairs { "doctor/calibration.c", "doctor/checks.c", "doctor/speakers.c" } do
  for id in read (tool .. file):gmatch ('\n\t{ "([%l-]+)", N_%(') do
    checks [id] = true
    n_checks = n_checks + 1
  end
end
check (n_checks > 20, "only " .. n_checks .. " checks were read")
local manual = read ("docs/pw-bluez-combine.1")
local listed = {}
for id in manual:match ("These are the checks(.-)\n%.El"):gmatch ("\n%.It Ql ([%l-]+)") do
  listed [id] = true
  check (checks [id], "the manual page has a check " .. id .. " that is none")
end
local told = {}
local symptoms = read ("README.md"):match ("\n| what you see or hear | doctor |[^\n]*\n(.-)\n\n")
for row in symptoms:gmatch ("[^\n]+") do
  for id in (row:match ("^|[^|]*|([^|]*)|") or ""):gmatch ("`([^`]+)`") do
    told [id] = true
    check (checks [id], "README.md has a check " .. id .. " that is none")
  end
end
for id in pairs (checks) do
  check (listed [id], "the check " .. id .. " is not in the manual page")
  check (told [id], "the check " .. id .. " has no symptom in README.md")
end

-- Options: the manual page has those of --help, and no others
local options, documented = { help = true, version = true }, {}
for name in read (tool .. "cli/options.c"):match ("known%[%] = (%b{})"):gmatch ("{ '%a', \"([%l-]+)\"") do
  options [name] = true
end
for name in manual:gmatch ("\n%.It Fl %a , %-([%l-]+)") do
  documented [name] = true
  check (options [name], "the manual page has an option --" .. name .. " that is none")
end
for name in pairs (options) do
  check (documented [name], "the option --" .. name .. " is not in the manual page")
end
for name in read ("README.md"):gmatch ("pw%-bluez%-combine %l+[^\n`]- %-%-([%l-]+)") do
  check (options [name], "README.md has an option --" .. name .. " that is none")
end

docs.finish (links .. " links")
