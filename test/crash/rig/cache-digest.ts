/** For EVAL: every key of a Redis with its value as Redis itself serializes it. */
export const CACHE_DIGEST = `local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key .. redis.sha1hex(redis.call('DUMP', key)) end
table.sort(all)
return redis.sha1hex(table.concat(all))`;
