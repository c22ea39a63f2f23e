-- Smart filters in front of the combined sink
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- What plays into a sink goes through all of its filters, one after the other. Each hears the
-- music and can change it, so those of restricted clients are passed over, wherever they
-- stand among the others.

local filters = {}

-- Those of filter-utils' list, in its order, that what plays into the sink goes through.
-- o: direction, media_type: as there; sink: id of its item; is_trusted (item)
function filters.chain (list, o)
  local chain = {}
  for _, filter in ipairs (list) do
    if filter.smart and not filter.disabled and filter.direction == o.direction and
        filter.media_type == o.media_type and filter.target and filter.target.id == o.sink and
        o.is_trusted (filter.main_si) then
      table.insert (chain, filter)
    end
  end
  return chain
end

-- Position of the filter of this link group, nil if it is none of them
function filters.position (chain, link_group)
  for i, filter in ipairs (chain) do
    if link_group ~= nil and filter.link_group == link_group then
      return i
    end
  end
end

-- The first that can be played to, of those behind a position (0: of all), and then the sink;
-- nil if there is none. can_play (item)
function filters.next (chain, position, sink, can_play)
  for i = position + 1, #chain do
    if can_play (chain [i].main_si) then
      return chain [i].main_si
    end
  end
  return can_play (sink) and sink or nil
end

return filters
