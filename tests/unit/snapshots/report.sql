-- ═══ platform_daily: days
SELECT
    count() AS days, min(day) AS first, max(day) AS last,
    countIf(day < {today:Date}) AS days_over, maxIf(day, day < {today:Date}) AS last_over
FROM (SELECT DISTINCT day FROM `marts`.`v_platform_daily`);

-- ═══ platform_daily: figures
SELECT day, `dau`, `wau`, `mau`, `new_users`, `posts`, `views`, `interactions_a_post`
FROM `marts`.`v_platform_daily`
WHERE day IN {days:Array(Date)}
ORDER BY day;

-- ═══ social_graph_daily: days
SELECT
    count() AS days, min(day) AS first, max(day) AS last,
    countIf(day < {today:Date}) AS days_over, maxIf(day, day < {today:Date}) AS last_over
FROM (SELECT DISTINCT day FROM `marts`.`v_social_graph_daily`);

-- ═══ social_graph_daily: figures
SELECT day, `users`, `friendships`, `mean_friends`, `mean_followers`, `clustering`, `components`, `largest_component_share`, `isolated_share`, `mean_distance`, `diameter`
FROM `marts`.`v_social_graph_daily`
WHERE day IN {days:Array(Date)}
ORDER BY day;

-- ═══ chart: active
SELECT * FROM
(
    SELECT `day`, `dau`, `wau`, `mau`
    FROM `marts`.`v_platform_daily`
    ORDER BY `day` DESC
    LIMIT 366
)
ORDER BY `day`;

-- ═══ chart: deeds
SELECT * FROM
(
    SELECT `day`, `posts`, `comments`, `reactions`, `likes`, `shares`, `stories`, `reels`
    FROM `marts`.`v_platform_daily`
    ORDER BY `day` DESC
    LIMIT 366
)
ORDER BY `day`;

-- ═══ chart: interactions
SELECT * FROM
(
    SELECT `day`, `interactions_a_post`, `posts`
    FROM `marts`.`v_platform_daily`
    ORDER BY `day` DESC
    LIMIT 366
)
ORDER BY `day`;

-- ═══ chart: stickiness
SELECT * FROM
(
    SELECT `day`, `dau_wau`, `wau_mau`, `stickiness`
    FROM `marts`.`v_platform_daily`
    ORDER BY `day` DESC
    LIMIT 366
)
ORDER BY `day`;

-- ═══ chart: new_users
SELECT * FROM
(
    SELECT `day`, `new_users`
    FROM `marts`.`v_platform_daily`
    ORDER BY `day` DESC
    LIMIT 366
)
ORDER BY `day`;

-- ═══ chart: largest
SELECT `community_id`, `members`, `new_members`, `moderators`, `posts`, `comments`
FROM `marts`.`v_community_daily`
WHERE day = {day:Date}
ORDER BY `members` DESC, `community_id`
LIMIT 15;

-- ═══ chart: growing
SELECT `community_id`, `growth_7d`, `growth_rank`, `members`
FROM `marts`.`v_community_daily`
WHERE day = {day:Date}
ORDER BY `growth_7d` DESC, `community_id`
LIMIT 15;

-- ═══ chart: alive
SELECT `community_id`, `engagement`, `active_members`, `members`, `posts`, `comments`, `reactions`
FROM `marts`.`v_community_daily`
WHERE day = {day:Date}
ORDER BY `members` DESC, `community_id`
LIMIT 15;

-- ═══ chart: levels
SELECT position AS `level`, `pairs_at`[position] AS value_1, `reached_share`[position] AS value_2
FROM `marts`.`v_social_graph_daily`
ARRAY JOIN arrayEnumerate(`pairs_at`) AS position
WHERE day = {day:Date}
ORDER BY position
LIMIT 2000;

-- ═══ chart: reached
SELECT position AS `level`, `reached_share`[position] AS value_1
FROM `marts`.`v_social_graph_daily`
ARRAY JOIN arrayEnumerate(`reached_share`) AS position
WHERE day = {day:Date}
ORDER BY position
LIMIT 2000;

-- ═══ chart: followed
SELECT `user_id`, `pagerank`, `betweenness`, `friends`, `followers`
FROM `marts`.`v_user_centrality`
WHERE day = {day:Date}
ORDER BY `pagerank` DESC, `user_id`
LIMIT 20;

-- ═══ chart: bridges
SELECT `user_id`, `betweenness`, `pagerank`, `friends`, `followers`
FROM `marts`.`v_user_centrality`
WHERE day = {day:Date}
ORDER BY `betweenness` DESC, `user_id`
LIMIT 20;

-- ═══ chart: friends
SELECT `friends`, count() AS `users`
FROM `marts`.`v_user_centrality`
WHERE day = {day:Date}
GROUP BY `friends`
ORDER BY `friends`
LIMIT 2000;

-- ═══ names of community_id
SELECT toString(`community_id`) AS id, argMax(`name`, (event_time, event_id)) AS name
FROM raw.`community`
WHERE op != 'delete' AND `community_id` IN {keys:Array(UUID)}
GROUP BY id;

-- ═══ names of user_id
SELECT toString(`user_id`) AS id, argMax(`username`, (event_time, event_id)) AS name
FROM raw.`user`
WHERE op != 'delete' AND `user_id` IN {keys:Array(UUID)}
GROUP BY id;

-- ═══ totals
SELECT
    (SELECT count() FROM landing.events) AS landed,
    (SELECT count() FROM raw.dead_letters) AS rejected;

-- ═══ trust
SELECT count() AS runs, max(checked_at) AS last FROM ops.v_quality_runs;
