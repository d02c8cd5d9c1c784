-- ═══ quality: arrival
-- Messages by topic, those topics among them that never had one.
-- Inputs: ops.v_freshness. Grain: a topic.
SELECT topic AS subject, toFloat64(sum(messages)) AS value, sum(messages) AS rows, '' AS sample
FROM ops.v_freshness
GROUP BY topic;

-- ═══ quality: before_parent
-- Events before the first event of what they refer to (an answer before the question). Orphans are not counted here.
-- Inputs: raw.*. Grain: a reference (type.field) that has values.
SELECT subject, (countIf(event_time < born)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time < born)), ', ') AS sample
FROM
(
        SELECT 'user_profile.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_profile` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'user_badges.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_badges` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'friend.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'friend.friend_id' AS subject, assumeNotNull(`friend_id`) AS key, event_time, event_id
        FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'story.author_id' AS subject, assumeNotNull(`author_id`) AS key, event_time, event_id
        FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'reaction.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'share.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'photo.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'pinned_post.moderator_id' AS subject, assumeNotNull(`moderator_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'sponsorship.sponsor_id' AS subject, assumeNotNull(`sponsor_id`) AS key, event_time, event_id
        FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'sponsorship.creator_id' AS subject, assumeNotNull(`creator_id`) AS key, event_time, event_id
        FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.donor_id' AS subject, assumeNotNull(`donor_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.creator_id' AS subject, assumeNotNull(`creator_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'user_status.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_status` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'video.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'album.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`album` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'community.founder_id' AS subject, assumeNotNull(`founder_id`) AS key, event_time, event_id
        FROM raw.`community` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
) AS child
INNER JOIN (SELECT key, min(event_time) AS born FROM (            SELECT assumeNotNull(`user_id`) AS key, op, event_time, event_id FROM raw.`user` FINAL
) GROUP BY key) AS parent USING (key)
GROUP BY subject
UNION ALL SELECT subject, (countIf(event_time < born)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time < born)), ', ') AS sample
FROM
(
        SELECT 'story.media_id' AS subject, assumeNotNull(`media_id`) AS key, event_time, event_id
        FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
) AS child
INNER JOIN (SELECT key, min(event_time) AS born FROM (            SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`photo` FINAL
            UNION ALL SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`video` FINAL
) GROUP BY key) AS parent USING (key)
GROUP BY subject
UNION ALL SELECT subject, (countIf(event_time < born)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time < born)), ', ') AS sample
FROM
(
        SELECT 'reaction.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'share.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'pinned_post.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`post_id`)
) AS child
INNER JOIN (SELECT key, min(event_time) AS born FROM (            SELECT assumeNotNull(`post_id`) AS key, op, event_time, event_id FROM raw.`story` FINAL
) GROUP BY key) AS parent USING (key)
GROUP BY subject
UNION ALL SELECT subject, (countIf(event_time < born)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time < born)), ', ') AS sample
FROM
(
        SELECT 'photo.album_id' AS subject, assumeNotNull(`album_id`) AS key, event_time, event_id
        FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`album_id`)
        UNION ALL SELECT 'video.album_id' AS subject, assumeNotNull(`album_id`) AS key, event_time, event_id
        FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`album_id`)
) AS child
INNER JOIN (SELECT key, min(event_time) AS born FROM (            SELECT assumeNotNull(`album_id`) AS key, op, event_time, event_id FROM raw.`album` FINAL
) GROUP BY key) AS parent USING (key)
GROUP BY subject
UNION ALL SELECT subject, (countIf(event_time < born)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time < born)), ', ') AS sample
FROM
(
        SELECT 'pinned_post.community_id' AS subject, assumeNotNull(`community_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
) AS child
INNER JOIN (SELECT key, min(event_time) AS born FROM (            SELECT assumeNotNull(`community_id`) AS key, op, event_time, event_id FROM raw.`community` FINAL
) GROUP BY key) AS parent USING (key)
GROUP BY subject;

-- ═══ quality: created_twice
-- Keys that were created more than once, by one of the event types that declare the hub or by two of them.
-- Inputs: raw.* of those types. Grain: a hub with keys.
SELECT 'user' AS subject, toFloat64(countIf(times > 1)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, times > 1)), ', ') AS sample
FROM (SELECT key, uniqExact(event_time, event_id) AS times FROM (            SELECT assumeNotNull(`user_id`) AS key, op, event_time, event_id FROM raw.`user` FINAL
) WHERE op = 'create' GROUP BY key)
HAVING rows > 0
UNION ALL SELECT 'post' AS subject, toFloat64(countIf(times > 1)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, times > 1)), ', ') AS sample
FROM (SELECT key, uniqExact(event_time, event_id) AS times FROM (            SELECT assumeNotNull(`post_id`) AS key, op, event_time, event_id FROM raw.`story` FINAL
) WHERE op = 'create' GROUP BY key)
HAVING rows > 0
UNION ALL SELECT 'media' AS subject, toFloat64(countIf(times > 1)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, times > 1)), ', ') AS sample
FROM (SELECT key, uniqExact(event_time, event_id) AS times FROM (            SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`photo` FINAL
            UNION ALL SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`video` FINAL
) WHERE op = 'create' GROUP BY key)
HAVING rows > 0
UNION ALL SELECT 'album' AS subject, toFloat64(countIf(times > 1)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, times > 1)), ', ') AS sample
FROM (SELECT key, uniqExact(event_time, event_id) AS times FROM (            SELECT assumeNotNull(`album_id`) AS key, op, event_time, event_id FROM raw.`album` FINAL
) WHERE op = 'create' GROUP BY key)
HAVING rows > 0
UNION ALL SELECT 'community' AS subject, toFloat64(countIf(times > 1)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, times > 1)), ', ') AS sample
FROM (SELECT key, uniqExact(event_time, event_id) AS times FROM (            SELECT assumeNotNull(`community_id`) AS key, op, event_time, event_id FROM raw.`community` FINAL
) WHERE op = 'create' GROUP BY key)
HAVING rows > 0;

-- ═══ quality: empty_fields
-- Keys and times that hold the value which stands for none. It is well-formed, so no rule rejects it.
-- Inputs: raw.*. Grain: a field that is a key, or a required time or day.
SELECT concat('user.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`user` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('user_profile.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`user_profile` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('user_badges.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`user_badges` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('friend.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('friend_id', countIf(`friend_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `friend_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('story.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('post_id', countIf(`post_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `post_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('author_id', countIf(`author_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `author_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('media_id', countIf(`media_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `media_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('expires_at', countIf(toUnixTimestamp64Micro(`expires_at` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`expires_at` AS time) = 0)), ', '))] AS fields
    FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('reaction.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('post_id', countIf(`post_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `post_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('share.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('post_id', countIf(`post_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `post_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('photo.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('media_id', countIf(`media_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `media_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('owner_id', countIf(`owner_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `owner_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('album_id', countIf(`album_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `album_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('pinned_post.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('community_id', countIf(`community_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `community_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('post_id', countIf(`post_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `post_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('moderator_id', countIf(`moderator_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `moderator_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('sponsorship.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('sponsor_id', countIf(`sponsor_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `sponsor_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('creator_id', countIf(`creator_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `creator_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('starts_on', countIf(toUnixTimestamp64Micro(toDateTime64(`starts_on`, 6, 'UTC')) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(toDateTime64(`starts_on`, 6, 'UTC')) = 0)), ', ')), ('ends_on', countIf(toUnixTimestamp64Micro(toDateTime64(`ends_on`, 6, 'UTC')) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(toDateTime64(`ends_on`, 6, 'UTC')) = 0)), ', '))] AS fields
    FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('donation.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('donor_id', countIf(`donor_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `donor_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('creator_id', countIf(`creator_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `creator_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('post_id', countIf(`post_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `post_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('user_status.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('user_id', countIf(`user_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `user_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`user_status` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('video.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('media_id', countIf(`media_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `media_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('owner_id', countIf(`owner_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `owner_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('album_id', countIf(`album_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `album_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('album.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('album_id', countIf(`album_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `album_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('owner_id', countIf(`owner_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `owner_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`album` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0
UNION ALL SELECT concat('community.', tupleElement(field, 1)) AS subject, toFloat64(tupleElement(field, 2)) AS value, n AS rows, tupleElement(field, 3) AS sample
FROM
(
    SELECT count() AS n, [('event_id', countIf(`event_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `event_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('event_time', countIf(toUnixTimestamp64Micro(`event_time` AS time) = 0), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toUnixTimestamp64Micro(`event_time` AS time) = 0)), ', ')), ('community_id', countIf(`community_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `community_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', ')), ('founder_id', countIf(`founder_id` = toUUID('00000000-0000-0000-0000-000000000000')), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `founder_id` = toUUID('00000000-0000-0000-0000-000000000000'))), ', '))] AS fields
    FROM raw.`community` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
ARRAY JOIN fields AS field
WHERE n > 0;

-- ═══ quality: ends_before_start
-- Times and days that lie before the field that they come after (After). A day is compared with the day of a time.
-- Inputs: raw.*. Grain: a field with After.
SELECT subject, value, rows, sample
FROM
(
    SELECT '' AS subject, 0. AS value, toUInt64(0) AS rows, '' AS sample
    UNION ALL
    SELECT 'story.expires_at', (countIf(`expires_at` < `event_time`)) / nullIf(count(), 0), count(), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, `expires_at` < `event_time`)), ', ')
    FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL
    SELECT 'sponsorship.ends_on', (countIf(toDate32(`ends_on`) < toDate32(`starts_on`))) / nullIf(count(), 0), count(), arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, toDate32(`ends_on`) < toDate32(`starts_on`))), ', ')
    FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
WHERE rows > 0;

-- ═══ quality: filled_fields
-- The share of events that have an optional field, of which the contract says how many should (Filled).
-- Inputs: raw.*. Grain: such a field.
SELECT subject, value, rows, '' AS sample, at_least
FROM
(
    SELECT '' AS subject, 0. AS value, toUInt64(0) AS rows, 0. AS at_least
    UNION ALL
    SELECT 'user_profile.birthday', (countIf(isNotNull(`birthday`))) / nullIf(count(), 0), count(), toFloat64(0.5)
    FROM raw.`user_profile` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
)
WHERE rows > 0;

-- ═══ quality: freshness
-- Hours since a topic's newest message landed; the bound is the contract's. A topic without any is not looked at here.
-- Inputs: ops.v_freshness. Grain: a topic with messages.
SELECT
    topic AS subject,
    min(assumeNotNull(hours_since)) AS value,
    sum(messages) AS rows,
    concat('newest at ', formatDateTime(now('UTC') - toIntervalSecond(toInt64(value * 3600)), '%F %T', 'UTC'), ' UTC') AS sample,
    min(hours_expected) AS at_most
FROM ops.v_freshness
WHERE isNotNull(hours_since)
GROUP BY topic;

-- ═══ quality: ids_at_two_times
-- Ids that were sent at several times, among the events that landed recently: an event is (event_time, event_id), so they count twice.
-- Inputs: raw.*. Grain: an event type with events.
SELECT 'user' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`user` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'user_profile' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`user_profile` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'user_badges' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`user_badges` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'friend' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`friend` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'story' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`story` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'reaction' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`reaction` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'share' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`share` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'photo' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`photo` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'pinned_post' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`pinned_post` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'sponsorship' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`sponsorship` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'donation' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`donation` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'user_status' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`user_status` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'video' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`video` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'album' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`album` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0
UNION ALL SELECT 'community' AS subject, toFloat64(countIf(first < last)) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, first < last)), ', ') AS sample
FROM (SELECT event_id, min(event_time) AS first, max(event_time) AS last FROM raw.`community` WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_id)
HAVING rows > 0;

-- ═══ quality: orphans
-- Keys that are referred to, but came into being nowhere. Parents are looked for among all events, however old.
-- Inputs: raw.*. Grain: a reference (type.field) that has values.
SELECT subject, (countIf(orphan)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, orphan)), ', ') AS sample
FROM
(
    SELECT subject, key, key NOT IN (SELECT key FROM (            SELECT assumeNotNull(`user_id`) AS key, op, event_time, event_id FROM raw.`user` FINAL
)) AS orphan
    FROM
    (
        SELECT subject, key FROM
        (
        SELECT 'user_profile.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_profile` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'user_badges.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_badges` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'friend.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'friend.friend_id' AS subject, assumeNotNull(`friend_id`) AS key, event_time, event_id
        FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'story.author_id' AS subject, assumeNotNull(`author_id`) AS key, event_time, event_id
        FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'reaction.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'share.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'photo.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'pinned_post.moderator_id' AS subject, assumeNotNull(`moderator_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'sponsorship.sponsor_id' AS subject, assumeNotNull(`sponsor_id`) AS key, event_time, event_id
        FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'sponsorship.creator_id' AS subject, assumeNotNull(`creator_id`) AS key, event_time, event_id
        FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.donor_id' AS subject, assumeNotNull(`donor_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.creator_id' AS subject, assumeNotNull(`creator_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'user_status.user_id' AS subject, assumeNotNull(`user_id`) AS key, event_time, event_id
        FROM raw.`user_status` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'video.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'album.owner_id' AS subject, assumeNotNull(`owner_id`) AS key, event_time, event_id
        FROM raw.`album` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'community.founder_id' AS subject, assumeNotNull(`founder_id`) AS key, event_time, event_id
        FROM raw.`community` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        )
        GROUP BY subject, key
    )
)
GROUP BY subject
UNION ALL SELECT subject, (countIf(orphan)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, orphan)), ', ') AS sample
FROM
(
    SELECT subject, key, key NOT IN (SELECT key FROM (            SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`photo` FINAL
            UNION ALL SELECT assumeNotNull(`media_id`) AS key, op, event_time, event_id FROM raw.`video` FINAL
)) AS orphan
    FROM
    (
        SELECT subject, key FROM
        (
        SELECT 'story.media_id' AS subject, assumeNotNull(`media_id`) AS key, event_time, event_id
        FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        )
        GROUP BY subject, key
    )
)
GROUP BY subject
UNION ALL SELECT subject, (countIf(orphan)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, orphan)), ', ') AS sample
FROM
(
    SELECT subject, key, key NOT IN (SELECT key FROM (            SELECT assumeNotNull(`post_id`) AS key, op, event_time, event_id FROM raw.`story` FINAL
)) AS orphan
    FROM
    (
        SELECT subject, key FROM
        (
        SELECT 'reaction.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'share.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'pinned_post.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        UNION ALL SELECT 'donation.post_id' AS subject, assumeNotNull(`post_id`) AS key, event_time, event_id
        FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`post_id`)
        )
        GROUP BY subject, key
    )
)
GROUP BY subject
UNION ALL SELECT subject, (countIf(orphan)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, orphan)), ', ') AS sample
FROM
(
    SELECT subject, key, key NOT IN (SELECT key FROM (            SELECT assumeNotNull(`album_id`) AS key, op, event_time, event_id FROM raw.`album` FINAL
)) AS orphan
    FROM
    (
        SELECT subject, key FROM
        (
        SELECT 'photo.album_id' AS subject, assumeNotNull(`album_id`) AS key, event_time, event_id
        FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`album_id`)
        UNION ALL SELECT 'video.album_id' AS subject, assumeNotNull(`album_id`) AS key, event_time, event_id
        FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) AND isNotNull(`album_id`)
        )
        GROUP BY subject, key
    )
)
GROUP BY subject
UNION ALL SELECT subject, (countIf(orphan)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(key, orphan)), ', ') AS sample
FROM
(
    SELECT subject, key, key NOT IN (SELECT key FROM (            SELECT assumeNotNull(`community_id`) AS key, op, event_time, event_id FROM raw.`community` FINAL
)) AS orphan
    FROM
    (
        SELECT subject, key FROM
        (
        SELECT 'pinned_post.community_id' AS subject, assumeNotNull(`community_id`) AS key, event_time, event_id
        FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
        )
        GROUP BY subject, key
    )
)
GROUP BY subject;

-- ═══ quality: reconciliation
-- The checks as the last reconcile counted them: counting takes quiet sources, and is its work.
-- Inputs: ops.reconciliation. Grain: one row.
SELECT
    'checks' AS subject,
    toFloat64(countIf(expected != actual)) AS value,
    count() AS rows,
    concat('counted at ', formatDateTime(max(checked_at), '%F %T', 'UTC'), ' UTC', if(value > 0, ': ', ''), arrayStringConcat(groupArrayIf(3)(name, expected != actual), '; ')) AS sample
FROM ops.reconciliation
WHERE checked_at = (SELECT max(checked_at) FROM ops.reconciliation)
HAVING rows > 0;

-- ═══ quality: rejected
-- Dead letters among all messages.
-- Inputs: landing.events, raw.dead_letters. Grain: one row.
SELECT
    'all messages' AS subject,
    (SELECT count() FROM raw.dead_letters WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)) / nullIf(sum(messages), 0) AS value,
    sum(messages) AS rows,
    '' AS sample
FROM (SELECT event_type, uniqExact(partition, offset) AS messages
    FROM landing.events WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type, source, stream)
HAVING rows > 0;

-- ═══ quality: rejected_reasons
-- Dead letters by reason among all messages; a letter counts for each of its reasons.
-- Inputs: landing.events, raw.dead_letters. Grain: a reason.
SELECT
    reason AS subject,
    (count()) / nullIf(messages, 0) AS value,
    (SELECT sum(messages) FROM (SELECT event_type, uniqExact(partition, offset) AS messages
    FROM landing.events WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type, source, stream)) AS messages,
    messages AS rows,
    arrayStringConcat(arraySort(groupUniqArray(5)(event_type)), ', ') AS sample
FROM raw.dead_letters
ARRAY JOIN reasons AS reason
WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
GROUP BY reason
ORDER BY value DESC, reason
LIMIT 20;

-- ═══ quality: rejected_types
-- Dead letters among the messages of each event type of the contract: a small one that is refused whole is a small share of all messages.
-- Inputs: landing.events, raw.dead_letters. Grain: an event type.
SELECT event_type AS subject, (any(dead)) / nullIf(sum(messages), 0) AS value, sum(messages) AS rows, any(reasons) AS sample
FROM (SELECT event_type, uniqExact(partition, offset) AS messages
    FROM landing.events WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type, source, stream) AS landed
LEFT JOIN
(
    SELECT event_type, count() AS dead, arrayStringConcat(topKArray(3)(reasons), '; ') AS reasons
    FROM raw.dead_letters WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type
) AS refused USING (event_type)
WHERE event_type IN ('user', 'user_profile', 'user_badges', 'friend', 'story', 'reaction', 'share', 'photo', 'pinned_post', 'sponsorship', 'donation', 'user_status', 'video', 'album', 'community')
GROUP BY event_type;

-- ═══ quality: repeated_messages
-- Messages that landed, less the dead letters, less the events that were kept. A broker that delivers one position twice repeats
-- no message. Inputs: landing.events, raw.*. Grain: a topic with messages.
SELECT topic AS subject, (greatest(sum(landed) - sum(dead) - sum(kept), 0)) / nullIf(sum(landed), 0) AS value, toUInt64(sum(landed)) AS rows, '' AS sample
FROM
(
    SELECT event_type, toInt64(messages) AS landed, toInt64(0) AS dead, toInt64(0) AS kept FROM (SELECT event_type, uniqExact(partition, offset) AS messages
    FROM landing.events WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type, source, stream)
    UNION ALL
    SELECT event_type, 0, toInt64(count()), 0 FROM raw.dead_letters WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30) GROUP BY event_type
    UNION ALL SELECT 'user', 0, 0, toInt64(count()) FROM raw.`user` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'user_profile', 0, 0, toInt64(count()) FROM raw.`user_profile` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'user_badges', 0, 0, toInt64(count()) FROM raw.`user_badges` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'friend', 0, 0, toInt64(count()) FROM raw.`friend` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'story', 0, 0, toInt64(count()) FROM raw.`story` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'reaction', 0, 0, toInt64(count()) FROM raw.`reaction` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'share', 0, 0, toInt64(count()) FROM raw.`share` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'photo', 0, 0, toInt64(count()) FROM raw.`photo` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'pinned_post', 0, 0, toInt64(count()) FROM raw.`pinned_post` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'sponsorship', 0, 0, toInt64(count()) FROM raw.`sponsorship` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'donation', 0, 0, toInt64(count()) FROM raw.`donation` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'user_status', 0, 0, toInt64(count()) FROM raw.`user_status` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'video', 0, 0, toInt64(count()) FROM raw.`video` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'album', 0, 0, toInt64(count()) FROM raw.`album` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    UNION ALL SELECT 'community', 0, 0, toInt64(count()) FROM raw.`community` FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)
) AS counted
INNER JOIN
(
SELECT event_type, topic, hours FROM values('event_type String, topic String, hours UInt32',
        ('user', 'social.user', 24),
        ('user_profile', 'social.user_profile', 24),
        ('user_badges', 'social.user_badges', 168),
        ('friend', 'social.friend', 24),
        ('story', 'social.story', 24),
        ('reaction', 'social.reaction', 24),
        ('share', 'social.share', 24),
        ('photo', 'social.photo', 24),
        ('pinned_post', 'social.pinned_post', 24),
        ('sponsorship', 'social.sponsorship', 168),
        ('donation', 'social.donation', 24),
        ('user_status', 'social.user_status', 24),
        ('video', 'social.video', 24),
        ('album', 'social.album', 24),
        ('community', 'social.community', 168))
) AS declared USING (event_type)
GROUP BY topic
HAVING sum(landed) > 0;

-- ═══ quality: stray_events
-- Days on which anything happened, cut into runs where the gap between two of them is too long; the run with the most events in it is
-- the known range. What lies outside is valid, is kept, and is counted in its own days. Inputs: raw.*. Grain: an event type with events.
WITH
    counts AS
    (
        SELECT 'user' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user` FINAL GROUP BY day
        UNION ALL SELECT 'user_profile' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_profile` FINAL GROUP BY day
        UNION ALL SELECT 'user_badges' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_badges` FINAL GROUP BY day
        UNION ALL SELECT 'friend' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`friend` FINAL GROUP BY day
        UNION ALL SELECT 'story' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`story` FINAL GROUP BY day
        UNION ALL SELECT 'reaction' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`reaction` FINAL GROUP BY day
        UNION ALL SELECT 'share' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`share` FINAL GROUP BY day
        UNION ALL SELECT 'photo' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`photo` FINAL GROUP BY day
        UNION ALL SELECT 'pinned_post' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`pinned_post` FINAL GROUP BY day
        UNION ALL SELECT 'sponsorship' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`sponsorship` FINAL GROUP BY day
        UNION ALL SELECT 'donation' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`donation` FINAL GROUP BY day
        UNION ALL SELECT 'user_status' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_status` FINAL GROUP BY day
        UNION ALL SELECT 'video' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`video` FINAL GROUP BY day
        UNION ALL SELECT 'album' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`album` FINAL GROUP BY day
        UNION ALL SELECT 'community' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`community` FINAL GROUP BY day
    ),
    runs AS
    (
        SELECT day, sum(begins) OVER (ORDER BY day) AS run, n
        FROM
        (
            SELECT day, n, day - lagInFrame(day, 1, day) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 92 AS begins
            FROM (SELECT day, sum(n) AS n FROM counts GROUP BY day)
        )
    ),
    known AS (SELECT min(day) AS first, max(day) AS last FROM runs GROUP BY run ORDER BY sum(n) DESC, last DESC LIMIT 1)
SELECT
    event_type AS subject,
    toFloat64(sumIf(n, stray)) AS value,
    sum(n) AS rows,
    arrayStringConcat(arrayMap(d -> toString(d), arraySlice(arraySort(groupUniqArrayIf(day, stray)), 1, 3)), ', ') AS sample
FROM (SELECT event_type, day, n, day NOT BETWEEN (SELECT first FROM known) AND (SELECT last FROM known) AS stray FROM counts)
GROUP BY event_type;

-- ═══ quality: unread_objects
-- Objects of the ledger that are set aside, all there are: an old one is as much missing as a new one.
-- Inputs: ops.objects. Grain: a bucket.
SELECT
    toString(bucket) AS subject,
    toFloat64(countIf(notEmpty(reason))) AS value,
    count() AS rows,
    arrayStringConcat(groupArrayIf(3)(concat(path, ': ', reason), notEmpty(reason)), '; ') AS sample
FROM (SELECT bucket, path, reason FROM ops.objects FINAL WHERE NOT gone ORDER BY path)
GROUP BY bucket;

-- ═══ quality: volume
-- The newest day that is over against the same weekday before, by event type; a type without events on it has 0. A range, not a mean:
-- a type that grows or wears off, as in a young world, is no breach.
-- Inputs: raw.*. Grain: an event type with history enough.
WITH
    counts AS
    (
        SELECT 'user' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user` FINAL GROUP BY day
        UNION ALL SELECT 'user_profile' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_profile` FINAL GROUP BY day
        UNION ALL SELECT 'user_badges' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_badges` FINAL GROUP BY day
        UNION ALL SELECT 'friend' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`friend` FINAL GROUP BY day
        UNION ALL SELECT 'story' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`story` FINAL GROUP BY day
        UNION ALL SELECT 'reaction' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`reaction` FINAL GROUP BY day
        UNION ALL SELECT 'share' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`share` FINAL GROUP BY day
        UNION ALL SELECT 'photo' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`photo` FINAL GROUP BY day
        UNION ALL SELECT 'pinned_post' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`pinned_post` FINAL GROUP BY day
        UNION ALL SELECT 'sponsorship' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`sponsorship` FINAL GROUP BY day
        UNION ALL SELECT 'donation' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`donation` FINAL GROUP BY day
        UNION ALL SELECT 'user_status' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`user_status` FINAL GROUP BY day
        UNION ALL SELECT 'video' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`video` FINAL GROUP BY day
        UNION ALL SELECT 'album' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`album` FINAL GROUP BY day
        UNION ALL SELECT 'community' AS event_type, toDate(event_time) AS day, count() AS n FROM raw.`community` FINAL GROUP BY day
    ),
    (SELECT maxOrNull(day) FROM counts WHERE day < toDate(now('UTC'))) AS newest
SELECT
    event_type AS subject,
    multiIf(there < fewest, (there) / nullIf(fewest, 0), there > most, (there) / nullIf(most, 0), 1) AS value,
    there AS rows,
    format('{} on {}, {} to {} on {} such days before', toString(there), toString(newest), toString(fewest), toString(most), toString(length(before))) AS sample
FROM
(
    SELECT
        event_type,
        sumIf(n, day = newest) AS there,
        arrayFilter(d -> d >= min(day), arrayMap(week -> newest - 7 * week, [1, 2, 3, 4])) AS before,
        sumMapIf([day], [n], day IN (newest - 7, newest - 14, newest - 21, newest - 28)) AS found,
        arrayMap(d -> found.2[indexOf(found.1, d)], before) AS numbers,
        arrayMin(numbers) AS fewest,
        arrayMax(numbers) AS most,
        arrayAvg(numbers) AS expected
    FROM counts
    GROUP BY event_type
)
WHERE length(before) >= 2 AND expected >= 100;

-- ═══ quality: active_before_joining
-- Posts in a community by people who became members of it later. Posts of people who never did are not looked at: a public
-- community lets them. Inputs: raw.post, raw.group_member. Grain: one row.
SELECT 'post' AS subject, (countIf(wrong)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, wrong)), ', ') AS sample
FROM
(
    SELECT post.event_id AS event_id, post.event_time < member.since AS wrong
    FROM
    (
        SELECT event_id, event_time, author_id, assumeNotNull(community_id) AS community_id
        FROM raw.post FINAL WHERE isNotNull(community_id) AND op = 'create' AND landed_at >= now64(6, 'UTC') - toIntervalDay(30)
    ) AS post
    INNER JOIN (SELECT user_id, community_id, min(event_time) AS since FROM raw.group_member GROUP BY user_id, community_id) AS member
        ON post.author_id = member.user_id AND post.community_id = member.community_id
)
HAVING rows > 0;

-- ═══ quality: click_before_impression
-- Clicks before the first impression of that ad by that user, or without any.
-- Inputs: raw.ad_click, raw.ad_impression. Grain: one row.
SELECT 'ad_click' AS subject, (countIf(wrong)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, wrong)), ', ') AS sample
FROM
(
    SELECT click.event_id AS event_id, seen.first = toDateTime64(0, 6, 'UTC') OR click.event_time < seen.first AS wrong
    FROM (SELECT event_id, event_time, ad_id, user_id FROM raw.ad_click FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)) AS click
    LEFT JOIN (SELECT ad_id, user_id, min(event_time) AS first FROM raw.ad_impression GROUP BY ad_id, user_id) AS seen
        ON click.ad_id = seen.ad_id AND click.user_id = seen.user_id
)
HAVING rows > 0;

-- ═══ quality: story_viewed_late
-- Views of a story after it expired, by the end that was told last.
-- Inputs: raw.post_view, raw.story. Grain: one row.
SELECT 'post_view' AS subject, (countIf(event_time > until)) / nullIf(count(), 0) AS value, count() AS rows, arrayStringConcat(arrayMap(x -> toString(x), groupArrayIf(3)(event_id, event_time > until)), ', ') AS sample
FROM (SELECT event_id, event_time, post_id FROM raw.post_view FINAL WHERE landed_at >= now64(6, 'UTC') - toIntervalDay(30)) AS seen
INNER JOIN (SELECT post_id, max(expires_at) AS until FROM raw.story GROUP BY post_id) AS story USING (post_id)
HAVING rows > 0;

-- ═══ results of freshness
INSERT INTO ops.quality_results (run_id, checked_at, check, subject, level, unit, value, at_least, at_most, passed, rows, sample)
WITH
    CAST(NULL AS Nullable(Float64)) AS low,
    found.at_most AS high,
    round(found.value * found.rows) AS bad
SELECT
    {run_id:UUID}, {checked_at:DateTime64(6, 'UTC')}, 'freshness', found.subject, 'error', 'hours',
    found.value, low, high, ifNull((isNull(low) OR found.value >= low) AND (isNull(high) OR found.value <= high), true), found.rows, found.sample
FROM
(
...
) AS found
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- ═══ freshness without any
INSERT INTO ops.quality_results (run_id, checked_at, check, subject, level, unit, value, at_least, at_most, passed, rows, sample)
SELECT
    {run_id:UUID}, {checked_at:DateTime64(6, 'UTC')}, 'freshness', '', 'error', 'hours',
    NULL, CAST(NULL AS Nullable(Float64)), CAST(NULL AS Nullable(Float64)), true, 0, 'nothing to look at'
WHERE NOT EXISTS (SELECT 1 FROM ops.quality_results WHERE check = 'freshness' AND run_id = {run_id:UUID});

-- ═══ results of orphans
INSERT INTO ops.quality_results (run_id, checked_at, check, subject, level, unit, value, at_least, at_most, passed, rows, sample)
WITH
    CAST(NULL AS Nullable(Float64)) AS low,
    CAST(0.01 AS Nullable(Float64)) AS high,
    round(found.value * found.rows) AS bad
SELECT
    {run_id:UUID}, {checked_at:DateTime64(6, 'UTC')}, 'orphans', found.subject, 'error', 'share',
    found.value, low, high, ifNull((isNull(low) OR found.value >= low) AND (isNull(high) OR found.value <= high OR bad <= 3), true), found.rows, found.sample
FROM
(
...
) AS found
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- ═══ orphans without any
INSERT INTO ops.quality_results (run_id, checked_at, check, subject, level, unit, value, at_least, at_most, passed, rows, sample)
SELECT
    {run_id:UUID}, {checked_at:DateTime64(6, 'UTC')}, 'orphans', '', 'error', 'share',
    NULL, CAST(NULL AS Nullable(Float64)), CAST(0.01 AS Nullable(Float64)), true, 0, 'nothing to look at'
WHERE NOT EXISTS (SELECT 1 FROM ops.quality_results WHERE check = 'orphans' AND run_id = {run_id:UUID});
