-- Provides the metadata object "bluez-combine"
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- It lives as long as WirePlumber: what stands there survives the sink, which
-- comes and goes with its source.

Script.async_activation = true

local context = require ("bluez-combine-context")

metadata = ImplMetadata (context.METADATA)
metadata:activate (Features.ALL, function (m, e)
  if e then
    Script:finish_activation_with_error ("failed to activate the bluez-combine metadata: " ..
        tostring (e))
    return
  end
  context.metadata = m
  context.members:restore (context.saved ("member."))
  Script:finish_activation ()
end)
