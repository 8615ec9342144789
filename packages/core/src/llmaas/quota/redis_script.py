"""Lua script of the Redis ledger, which runs atomically."""

from __future__ import annotations

# For each limit there are three keys: the buckets of its window (a hash), the reservations
# (a hash: id to "amount:bucket", or "done"), and their end times (a sorted set). A settled id is
# kept for REMEMBER seconds, so that a repeated settlement counts once.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local action, id, amount = ARGV[1], ARGV[2], tonumber(ARGV[3])
local hold, at = tonumber(ARGV[4]), tonumber(ARGV[5])
local count = #KEYS / 3
local REMEMBER = 300

local function bucket_of(width, moment)
  return width > 0 and math.floor(moment / width) or 0
end

local function subtract(key, bucket, much)
  if much > 0 and redis.call('HEXISTS', key, bucket) == 1 then  -- Redis rejects "-0"
    if redis.call('HINCRBY', key, bucket, -much) < 0 then redis.call('HSET', key, bucket, 0) end
  end
end

local function release(parts, open, id)
  local held = redis.call('HGET', open, id)
  if held and held ~= 'done' then
    local much, bucket = string.match(held, '^(%d+):(%d+)$')
    subtract(parts, bucket, tonumber(much))
    return bucket
  end
end

local answer, allowed = {tostring(now)}, 1
for i = 1, count do
  local parts, open, ends = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local width, limit = tonumber(ARGV[4 + 2 * i]), tonumber(ARGV[5 + 2 * i])
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 1000)) do
    release(parts, open, gone)
    redis.call('HDEL', open, gone)
    redis.call('ZREM', ends, gone)
  end
  local current = bucket_of(width, now)
  local oldest = width > 0 and current - 60 or 0
  local stored, sum, kept = redis.call('HGETALL', parts), 0, {}
  local late = 0
  for j = 1, #stored, 2 do
    local bucket, much = tonumber(stored[j]), tonumber(stored[j + 1])
    if bucket < oldest then
      redis.call('HDEL', parts, stored[j])
    elseif bucket > current then  -- the clock was set back: count it as current
      redis.call('HDEL', parts, stored[j])
      redis.call('HINCRBY', parts, current, much)
      late = late + much
    else
      sum = sum + much
      table.insert(kept, stored[j]); table.insert(kept, stored[j + 1])
    end
  end
  if late > 0 then
    sum = sum + late
    table.insert(kept, tostring(current)); table.insert(kept, tostring(late))
  end
  if action == 'reserve' and sum + amount > limit then allowed = 0 end
  table.insert(answer, kept)
end

if action == 'reserve' and redis.call('HEXISTS', KEYS[2], id) == 1 then
  allowed = 1  -- repeated: the response to the first attempt was lost
elseif action == 'reserve' and allowed == 1 then
  for i = 1, count do
    local width = tonumber(ARGV[4 + 2 * i])
    local bucket = bucket_of(width, now)
    redis.call('HINCRBY', KEYS[3 * i - 2], bucket, amount)
    redis.call('HSET', KEYS[3 * i - 1], id, string.format('%d:%d', amount, bucket))
    redis.call('ZADD', KEYS[3 * i], now + hold, id)
  end
elseif action == 'settle' then
  for i = 1, count do
    local parts, open, ends = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
    local width = tonumber(ARGV[4 + 2 * i])
    if redis.call('HGET', open, id) ~= 'done' then
      local bucket = release(parts, open, id) or bucket_of(width, at)
      if amount > 0 then redis.call('HINCRBY', parts, bucket, amount) end
      redis.call('HSET', open, id, 'done')
      redis.call('ZADD', ends, now + REMEMBER, id)
    end
  end
end

for i = 1, count do
  local width, held = tonumber(ARGV[4 + 2 * i]), 0
  if action == 'reserve' and allowed == 0 then
    for _, value in ipairs(redis.call('HVALS', KEYS[3 * i - 1])) do
      held = held + (tonumber(string.match(value, '^(%d+):')) or 0)
    end
  end
  table.insert(answer[i + 1], -1); table.insert(answer[i + 1], held)
  if width > 0 and action ~= 'used' then
    local seconds = math.ceil(width * 62)
    redis.call('EXPIRE', KEYS[3 * i - 2], seconds)
    redis.call('EXPIRE', KEYS[3 * i - 1], math.max(seconds, math.ceil(hold)) + REMEMBER)
    redis.call('EXPIRE', KEYS[3 * i], math.max(seconds, math.ceil(hold)) + REMEMBER)
  end
end
table.insert(answer, allowed)
return answer
"""
