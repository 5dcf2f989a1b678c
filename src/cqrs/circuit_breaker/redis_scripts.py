"""The functions of ``cqrs.circuit_breaker.state`` in Lua. The server runs each atomically, with its own clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

_PRELUDE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('HMGET', KEYS[1], 'state', 'failures', 'epoch', 'until')
local state = stored[1] or 'closed'
local failures = tonumber(stored[2] or 0)
local epoch = tonumber(stored[3] or 0)
local until_ms = tonumber(stored[4] or 0)
local retention = ARGV[1]

local function write(...)
  redis.call('HSET', KEYS[1], ...)
  redis.call('PEXPIRE', KEYS[1], retention)
end

local function move(to, lasts)
  write('state', to, 'failures', 0, 'epoch', epoch + 1, 'until', string.format('%.0f', now + lasts))
end
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the digest by which the server caches it."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


# ARGV: retention, probe lease. Returns a word, then the epoch of a permit or the milliseconds until the next probe.
ADMIT = Script(
    _PRELUDE
    + """
if state == 'closed' then return {'admitted', epoch} end
if now < until_ms then
  if state == 'open' then return {'refused', until_ms - now} end
  return {'refused', -1}
end
move('half_open', ARGV[2])
return {'probe', epoch + 1}
"""
)

# ARGV: retention, epoch of the permit, result, fail_max, timeout. Returns the new state if the circuit moved.
SETTLE = Script(
    _PRELUDE
    + """
local result = ARGV[3]
if tonumber(ARGV[2]) ~= epoch then return '' end
if state == 'half_open' then
  if result == 'success' then move('closed', 0) return 'closed' end
  if result == 'failure' then move('open', ARGV[5]) return 'open' end
  write('until', string.format('%.0f', now))
elseif result == 'failure' then
  if failures + 1 >= tonumber(ARGV[4]) then move('open', ARGV[5]) return 'open' end
  write('state', state, 'failures', failures + 1)
elseif result == 'success' and failures > 0 then
  write('failures', 0)
end
return ''
"""
)
