-- The life of one group's sink
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- A source wants the sink; the sink is loaded, appears, and is there until
-- nobody has wanted it for a while. An Echo's stream is gone at every pause and
-- its link is lost for a second now and then: unloading the sink at once would
-- start all the speakers anew each time.
--
--            want              appeared
--   absent ---------> loading ----------> ready <------.
--     ^                  |                  | drop     | want
--     |                  | time-out, error  v          |
--     |                  v              lingering -----'
--     |               failed                |
--     '------------------+------------------' time is up and nobody plays to it

local group = {}
group.__index = group

-- Waits between attempts to load a sink that went away by itself
local RETRY_FIRST_MS = 1000
local RETRY_LAST_MS = 60000
-- What is longer in the delay lines, or between two songs, is not silence.
local RENEW_MS = 5000

-- backend, all functions:
--   load ()         loads the sink; true, or nil and why not
--   unload ()       removes what load () has made
--   exists ()       whether the sink can be linked to, ours or one that the user loaded
--   is_coming ()    whether it is there at all
--   in_use ()       whether something else than a source plays to the sink
--   playing ()      whether a source does
--   after (ms, f)   calls f once; returns a function that cancels this
--   rescan ()       has all targets looked for again
--   setting (name)  value of a setting
--   warn (text), info (text)
function group.new (backend)
  return setmetatable ({
    backend = backend,
    state = "absent",
    wants = {},        -- who wants the sink: key -> true
    loaded = false,    -- by us
    leaving = false,   -- unloaded by us, but still to be seen
    stale = false,     -- loaded with other settings than there are now
    cancel = nil,      -- of the one timer that is running
    retry_ms = RETRY_FIRST_MS,
    complaint = nil,   -- the last warning: the same one is not given twice in a row
  }, group)
end

local function stop_timer (self)
  if self.cancel then
    self.cancel ()
    self.cancel = nil
  end
end

local function start_timer (self, ms, f)
  stop_timer (self)
  self.cancel = self.backend.after (ms, function ()
    self.cancel = nil
    f ()
  end)
end

local function warn_once (self, text)
  if text ~= self.complaint then
    self.complaint = text
    self.backend.warn (text)
  end
end

local function wanted (self)
  return next (self.wants) ~= nil
end

local function fail (self, why)
  warn_once (self, why)
  self.state = "failed"
  -- Streams that were waiting go where they would have gone without us.
  self.backend.rescan ()
end

local function wait (self)
  local ms = self.backend.setting ("sink.timeout.msec")
  self.state = "loading"
  start_timer (self, ms, function ()
    fail (self, string.format ("the combined sink has not appeared within %d ms; " ..
        "sources are linked as any other stream until it does", ms))
  end)
end

local function load (self)
  stop_timer (self)
  if self.leaving then
    -- Two of one name would not get along: vanished () comes back here.
    wait (self)
    return
  elseif self.backend.exists () then
    self.state = "ready"
    self.backend.rescan ()
    return
  elseif self.backend.is_coming () then
    wait (self)
    return
  end

  self.state = "loading"
  self.stale = false
  local ok, why = self.backend.load ()
  self.loaded = ok or false
  if ok then
    wait (self)
  else
    fail (self, "the combined sink could not be loaded: " .. tostring (why) ..
        "; sources are linked as any other stream")
  end
end

local function unload (self)
  stop_timer (self)
  self.state = "absent"
  if self.loaded then
    self.loaded, self.stale = false, false
    self.leaving = self.backend.exists ()
    self.backend.unload ()
  end
end

local function linger (self)
  self.state = "lingering"
  start_timer (self, self.backend.setting ("sink.linger.msec"), function ()
    if self.backend.in_use () then
      linger (self)
    else
      self.backend.info ("no source any more: removing the combined sink")
      unload (self)
    end
  end)
end

-- The settings that the sink was loaded with have changed, or it has fallen silent
-- and they had changed before. It is loaded anew when nobody hears that: not while
-- anything plays to it, nor in what has come in but not out of all speakers yet.
local function renew (self)
  if not self.stale or self.state ~= "ready" then
    return
  end
  start_timer (self, RENEW_MS, function ()
    if self.backend.playing () or self.backend.in_use () then
      renew (self)
      return
    end
    self.backend.info ("loading the combined sink anew, with the settings as they are now")
    unload (self)
    load (self)
  end)
end

function group:settings_changed ()
  if self.loaded then
    self.stale = true
    renew (self)
  end
end

-- Somebody, named by a key, wants the sink.
function group:want (who)
  local news = not self.wants [who]
  self.wants [who] = true

  if self.state == "absent" or (self.state == "failed" and news) then
    load (self)
  elseif self.state == "lingering" then
    if self.backend.exists () then
      stop_timer (self)
      self.state = "ready"
      renew (self)
    else
      load (self)
    end
  end
end

function group:drop (who)
  if not self.wants [who] then
    return
  end
  self.wants [who] = nil
  if wanted (self) then
    return
  end
  if self.state == "failed" then
    unload (self)
  elseif self.state == "ready" or self.state == "loading" then
    linger (self)
  end
end

-- The sink can be linked to now.
function group:appeared ()
  self.complaint = nil
  self.retry_ms = RETRY_FIRST_MS
  if wanted (self) then
    stop_timer (self)
    self.state = "ready"
  end
  renew (self)
  self.backend.rescan ()
end

-- The sink is gone, by us or by itself.
function group:vanished ()
  if self.leaving or (self.state == "loading" and not self.loaded) then
    self.leaving = false
    if self.state == "loading" then
      load (self)
    end
    return
  elseif self.state ~= "ready" and self.state ~= "lingering" then
    return
  end

  -- What is left of the module is of no use.
  unload (self)
  self.leaving = false
  if not wanted (self) then
    return
  end
  warn_once (self, "the combined sink went away by itself; trying again")
  self.state = "failed"
  self.backend.rescan ()
  start_timer (self, self.retry_ms, function () load (self) end)
  self.retry_ms = math.min (self.retry_ms * 2, RETRY_LAST_MS)
end

-- Whether a source's stream should wait for the sink
function group:is_waiting ()
  return self.state == "loading"
end

return group
