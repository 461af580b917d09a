import { createHash } from "node:crypto";

/** A Lua script and the name under which Redis keeps it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/*
 * KEYS of every script on a run: hash, viewers, log, text, reasoning. ARGV[1] is the time, empty for Redis' own: with
 * one clock for all nodes, theirs need not agree.
 */
const now = `
local function now()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function integer(number) return string.format('%.0f', number) end
`;

/* Writes expiries only when a good part of the time is gone: each is a write to replicas and to the append-only file. */
const keep = `
local function keep(ttl, below)
  for _, key in ipairs(KEYS) do
    local left = redis.call('PTTL', key)
    if left ~= -2 and left < below then redis.call('PEXPIRE', key, ttl) end
  end
end
`;

const orders = `
local function orders(at)
  local run = redis.call('HMGET', KEYS[1], 'cancel', 'isDetached', 'leftAt')
  if run[2] == '1' then return run[1] or '', 'always' end
  local attendedUntil = tonumber(run[3])
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  if last[2] then attendedUntil = math.max(attendedUntil, tonumber(last[2])) end
  return run[1] or '', integer(attendedUntil - at)
end
`;

/* Where memory is short Redis may evict a run's text and keep the rest. What is left is no run any more. */
const texts = `
local function isTorn(textBytes, reasoningBytes)
  if redis.call('STRLEN', KEYS[4]) == tonumber(textBytes or 0)
    and redis.call('STRLEN', KEYS[5]) == tonumber(reasoningBytes or 0) then return false end
  redis.call('DEL', unpack(KEYS))
  return true
end
`;

/** ARGV: now, lease, leaseMs, ttl, number of its first events, those, then fields and values of the hash. */
export const createScript: Script = script(`${now}
local known = redis.call('HGET', KEYS[1], 'lease')
if known then return known == ARGV[2] and 1 or 0 end
local at = now()
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'leaseMs', ARGV[3], 'leaseUntil', integer(at + ARGV[3]),
  'leftAt', integer(at), 'status', 'running', 'head', ARGV[5], unpack(ARGV, 6 + ARGV[5]))
for seq = 1, ARGV[5] do redis.call('XADD', KEYS[3], integer(seq) .. '-0', 'e', ARGV[5 + seq]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1
`);

/**
 * Takes a run on, or gives what is needed to end one that is to be cancelled. A run without a count of claims was taken
 * on by who made it; one with none is queued. ARGV: now, lease, leaseMs, graceMs, ttl, for how long an expired lease still
 * counts.
 */
export const claimScript: Script = script(`${now}${keep}${texts}
local at = now()
local run = redis.call('HMGET', KEYS[1],
  'status', 'lease', 'leaseUntil', 'claims', 'textBytes', 'reasoningBytes', 'cancel', 'state', 'index')
if not run[1] then return {'gone'} end
if run[1] ~= 'running' then return {'ended'} end
local claims = tonumber(run[4] or 1)
if run[2] ~= ARGV[2] then
  local left = tonumber(run[3]) - at
  if claims == 0 and left < 0 then return {'expired'} end
  local waitMs = math.max(left + 1, tonumber(ARGV[6]))
  if claims > 0 and waitMs > 0 then return {'held', integer(waitMs)} end
  claims = claims + 1
end
if run[7] then return {'cancelled', run[2], run[8], run[9] or '', run[7]} end
if isTorn(run[5], run[6]) then return {'gone'} end
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'leaseMs', ARGV[3], 'leaseUntil', integer(at + ARGV[3]),
  'graceMs', ARGV[4], 'claims', claims)
keep(ARGV[5], tonumber(ARGV[5]))
return {'claimed', tostring(claims), redis.call('HGET', KEYS[1], 'state'),
  redis.call('GET', KEYS[4]) or '', redis.call('GET', KEYS[5]) or '', redis.call('HGET', KEYS[1], 'index') or ''}
`);

/**
 * Names a run as the one of a key, unless another is named there already: then it gives that one.
 * KEYS: index. ARGV: the dead run that may be replaced or empty, the run, ttl.
 */
export const nameScript: Script = script(`
local known = redis.call('GET', KEYS[1])
if known and known ~= ARGV[1] and known ~= ARGV[2] then return known end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false
`);

/**
 * Compare-and-append. ARGV: now, `append`, `reap` or `cancel` (of a run that nobody holds), lease, head before, head
 * after, status after, state after, ttl, ttl below which it is renewed, lowest number to keep, wake channel, orders channel,
 * then for text and reasoning `append`, `set` or empty and the characters, then the events.
 */
export const appendScript: Script = script(`${now}${keep}${orders}${texts}
local at = now()
local run = redis.call('HMGET', KEYS[1],
  'status', 'lease', 'head', 'leaseMs', 'leaseUntil', 'textBytes', 'reasoningBytes', 'graceMs',
  'claims', 'cancel')
if not run[1] then return {'gone'} end
if run[2] == ARGV[3] and tonumber(run[3]) >= tonumber(ARGV[5]) then return {'repeated', run[3], orders(at)} end
if run[1] ~= 'running' then return {'ended'} end
if run[2] ~= ARGV[3] then return {'stale_lease'} end
if run[3] ~= ARGV[4] then return {'moved'} end
local isProducer = ARGV[2] == 'append'
local graceMs = ARGV[2] == 'reap' and not run[10] and run[8] or 0
local isWaiting = ARGV[2] == 'cancel' and run[9] == '0'
if not isProducer and not isWaiting and at <= run[5] + graceMs then return {'alive'} end
-- A cancel that came since this end was made is not passed over.
if ARGV[2] == 'reap' and run[10] and ARGV[6] == 'failed' then return {'moved'} end
if isTorn(run[6], run[7]) then return {'gone'} end

local function change(key, field, how, characters)
  if how == '' then return end
  local bytes = #characters
  if how == 'append' then bytes = redis.call('APPEND', key, characters)
  else redis.call('SET', key, characters) end
  redis.call('HSET', KEYS[1], field, bytes)
end
change(KEYS[4], 'textBytes', ARGV[13], ARGV[14])
change(KEYS[5], 'reasoningBytes', ARGV[15], ARGV[16])
for index = 17, #ARGV do
  redis.call('XADD', KEYS[3], integer(ARGV[4] + index - 16) .. '-0', 'e', ARGV[index])
end
if tonumber(ARGV[10]) > 1 then redis.call('XTRIM', KEYS[3], 'MINID', '~', ARGV[10]) end
redis.call('HSET', KEYS[1], 'head', ARGV[5], 'status', ARGV[6], 'state', ARGV[7],
  'leaseUntil', integer(at + run[4]))
local cancel, attendedIn = orders(at)
if not isProducer then redis.call('HSET', KEYS[1], 'lease', '') end
if ARGV[6] == 'running' then keep(ARGV[8], tonumber(ARGV[9]))
else
  redis.call('DEL', KEYS[2])
  keep(ARGV[8], math.huge)
end
redis.call('PUBLISH', ARGV[11], '')
if not isProducer then redis.call('PUBLISH', ARGV[12], '') end
return {'ok', ARGV[5], cancel, attendedIn}
`);

/** ARGV: now, lease, ttl, ttl below which it is renewed. */
export const renewScript: Script = script(`${now}${keep}${orders}
local at = now()
local run = redis.call('HMGET', KEYS[1], 'status', 'lease', 'leaseMs', 'head')
if not run[1] then return {'gone'} end
if run[1] ~= 'running' then return {'ended'} end
if run[2] ~= ARGV[2] then return {'stale_lease'} end
redis.call('HSET', KEYS[1], 'leaseUntil', integer(at + run[3]))
keep(ARGV[3], tonumber(ARGV[4]))
return {'ok', run[4], orders(at)}
`);

/** ARGV: now, cursor or empty. */
export const readScript: Script = script(`${texts}
local run = redis.call('HMGET', KEYS[1], 'status', 'head', 'textBytes', 'reasoningBytes')
if not run[1] then return false end
local head = tonumber(run[2])
local cursor = tonumber(ARGV[2])
if cursor == head then return {'tail', run[1]} end
if cursor and cursor < head then
  local from = string.format('%.0f', cursor + 1)
  if redis.call('XRANGE', KEYS[3], from, from)[1] then
    local page = {'tail', run[1]}
    for index, entry in ipairs(redis.call('XRANGE', KEYS[3], from, '+')) do page[index + 2] = entry[2][2] end
    return page
  end
end
if isTorn(run[3], run[4]) then return false end
return {'snapshot', redis.call('HGET', KEYS[1], 'state'),
  redis.call('GET', KEYS[4]) or '', redis.call('GET', KEYS[5]) or ''}
`);

/**
 * What is needed to end a run whose lease has expired; nothing of any other. One that is to be cancelled is not kept for a
 * further claim. ARGV: now.
 */
export const expiredScript: Script = script(`${now}
local run = redis.call('HMGET', KEYS[1], 'status', 'leaseUntil', 'lease', 'state', 'index', 'claims', 'graceMs', 'cancel')
local graceMs = not run[8] and run[7] or 0
if run[1] ~= 'running' or now() <= run[2] + graceMs then return false end
return {run[3], run[4], run[5] or '', run[6] or '1', run[8] or ''}
`);

/** ARGV: now, viewer, for how long. */
export const attendScript: Script = script(`${now}
if redis.call('HGET', KEYS[1], 'status') ~= 'running' then return 0 end
redis.call('ZADD', KEYS[2], integer(now() + ARGV[3]), ARGV[2])
redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
return 1
`);

/** ARGV: now, viewer, orders channel. */
export const leaveScript: Script = script(`${now}
if redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'leftAt', integer(now()))
redis.call('PUBLISH', ARGV[3], '')
return 1
`);

/**
 * What is needed to end a run that nobody holds; nothing of one that is being worked on, whose producer is told.
 * ARGV: now, reason, orders channel, for how long an expired lease still counts.
 */
export const cancelScript: Script = script(`${now}
local run = redis.call('HMGET', KEYS[1], 'status', 'lease', 'state', 'index', 'claims', 'leaseUntil')
if run[1] ~= 'running' then return false end
redis.call('HSETNX', KEYS[1], 'cancel', ARGV[2])
redis.call('PUBLISH', ARGV[3], '')
local isHeld = tonumber(ARGV[4]) > 0 or now() <= tonumber(run[6])
if run[5] ~= '0' and isHeld then return {} end
return {run[2], run[3], run[4] or '', redis.call('HGET', KEYS[1], 'cancel')}
`);

/** Whether a run goes on and its producer lives. ARGV: now. */
export const liveScript: Script = script(`${now}
local run = redis.call('HMGET', KEYS[1], 'status', 'leaseUntil')
if run[1] == 'running' and now() <= tonumber(run[2]) then return 1 end
return 0
`);

/** Takes a seat where one is free. KEYS: the principal's seats. ARGV: run, how many there are, ttl. */
export const seatScript: Script = script(`
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);
