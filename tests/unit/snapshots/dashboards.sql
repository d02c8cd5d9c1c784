-- ═══ table: ties.influence
SELECT
    v.`user_id` AS `user_id`,
    v.`username` AS `username`,
    v.`country` AS `country`,
    v.`language` AS `language`,
    any(v.`pagerank`) AS `pagerank`,
    any(v.`followers`) AS `followers`,
    any(v.`betweenness`) AS `betweenness`,
    any(v.`friends`) AS `friends`,
    any(v.`closeness`) AS `closeness`,
    any(v.`clustering`) AS `clustering`,
    any(v.`core`) AS `core`
FROM
(
    SELECT *
    FROM marts.v_user_centrality
    WHERE 1
        AND `day` = (SELECT max(`day`) FROM marts.v_user_centrality)
) AS v
GROUP BY v.`user_id`, v.`username`, v.`country`, v.`language`
ORDER BY `pagerank` DESC, `user_id`, `username`, `country`, `language`
LIMIT 50;

-- ═══ bar: activity.joining
SELECT *
FROM
(
    SELECT
        v.`day` AS `day`,
        any(v.`new_users`) AS `new_users`
    FROM
    (
        SELECT *
        FROM marts.v_platform_slice_daily
        WHERE 1
            AND (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today())
            AND `country` = 'all'
            AND `language` = 'all'
    ) AS v
    GROUP BY v.`day`
    ORDER BY `day` DESC
    LIMIT 10000
)
ORDER BY `day`;

-- ═══ rank: activity.countries
SELECT
    v.`country` AS `country`,
    any(v.`dau`) AS `dau`,
    any(v.`wau`) AS `wau`,
    any(v.`new_users`) AS `new_users`
FROM
(
    SELECT *
    FROM marts.v_platform_slice_daily
    WHERE 1
        AND `country` != 'all'
        AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_platform_slice_daily)
        AND `language` = 'all'
) AS v
GROUP BY v.`country`
ORDER BY `dau` DESC, `country`
LIMIT 15;

-- ═══ rank: what activity.countries is about
SELECT * FROM marts.v_platform_slice_daily
WHERE `country` != 'all'
    AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_platform_slice_daily);

-- ═══ rank: the extract of activity.countries
SELECT
    v.`language` AS `language`,
    v.`country` AS `country`,
    any(v.`dau`) AS `dau`,
    any(v.`wau`) AS `wau`,
    any(v.`new_users`) AS `new_users`
FROM
(
    SELECT * FROM marts.v_platform_slice_daily
    WHERE `country` != 'all'
        AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_platform_slice_daily)
) AS v
GROUP BY v.`language`, v.`country`
ORDER BY `language`, `country`;

-- ═══ number: activity.dau
SELECT *
FROM
(
    SELECT
        v.`day` AS `day`,
        any(v.`dau`) AS `dau`
    FROM
    (
        SELECT *
        FROM marts.v_platform_slice_daily
        WHERE 1
            AND (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today())
            AND `country` = 'all'
            AND `language` = 'all'
    ) AS v
    GROUP BY v.`day`
    ORDER BY `day` DESC
    LIMIT 10000
)
ORDER BY `day`;

-- ═══ number: what activity.dau is about
SELECT * FROM marts.v_platform_slice_daily
WHERE (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today());

-- ═══ number: the extract of activity.dau
SELECT
    v.`day` AS `day`,
    v.`country` AS `country`,
    v.`language` AS `language`,
    any(v.`dau`) AS `dau`
FROM
(
    SELECT * FROM marts.v_platform_slice_daily
    WHERE (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today())
) AS v
GROUP BY v.`day`, v.`country`, v.`language`
ORDER BY `day`, `country`, `language`;

-- ═══ area: activity.deeds
SELECT *
FROM
(
    SELECT
        v.`day` AS `day`,
        any(v.`reactions`) AS `reactions`,
        any(v.`likes`) AS `likes`,
        any(v.`comments`) AS `comments`,
        any(v.`shares`) AS `shares`,
        any(v.`posts`) AS `posts`,
        any(v.`stories`) AS `stories`,
        any(v.`reels`) AS `reels`
    FROM
    (
        SELECT *
        FROM marts.v_platform_slice_daily
        WHERE 1
            AND (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today())
            AND `country` = 'all'
            AND `language` = 'all'
    ) AS v
    GROUP BY v.`day`
    ORDER BY `day` DESC
    LIMIT 10000
)
ORDER BY `day`;

-- ═══ line: activity.people
SELECT *
FROM
(
    SELECT
        v.`day` AS `day`,
        any(v.`dau`) AS `dau`,
        any(v.`wau`) AS `wau`
    FROM
    (
        SELECT *
        FROM marts.v_platform_slice_daily
        WHERE 1
            AND `week_complete` = 1
            AND (`day` < today() OR (SELECT min(`day`) FROM marts.v_platform_slice_daily) >= today())
            AND `country` = 'all'
            AND `language` = 'all'
    ) AS v
    GROUP BY v.`day`
    ORDER BY `day` DESC
    LIMIT 10000
)
ORDER BY `day`;

-- ═══ heatmap: retention.cohorts
SELECT
    v.`weeks_after` AS `weeks_after`,
    v.`cohort_week` AS `cohort_week`,
    any(v.`retention`) AS `retention`
FROM
(
    SELECT *
    FROM marts.v_cohort_weekly
    WHERE 1
        AND `complete` = 1
) AS v
GROUP BY v.`weeks_after`, v.`cohort_week`
ORDER BY `weeks_after`, `cohort_week`
LIMIT 10000;

-- ═══ spread: ties.spread
SELECT
    v.`degree` AS `degree`,
    any(v.`users`) AS `users`
FROM
(
    SELECT *
    FROM marts.v_degrees_daily
    WHERE 1
        AND `tie` = 'friends'
        AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_degrees_daily)
) AS v
GROUP BY v.`degree`
ORDER BY `degree`
LIMIT 10000;

-- ═══ funnel: activity.funnel
SELECT
    any(v.`viewed`) AS `viewed`,
    any(v.`reacted`) AS `reacted`,
    any(v.`commented`) AS `commented`,
    any(v.`shared`) AS `shared`
FROM
(
    SELECT *
    FROM marts.v_funnel_slice_daily
    WHERE 1
        AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_funnel_slice_daily)
        AND `country` = 'all'
        AND `language` = 'all'
) AS v;

-- ═══ funnel: its steps as rows
SELECT *, steps.1 AS step, steps.2 AS value
FROM
(
SELECT
    any(v.`viewed`) AS `viewed`,
    any(v.`reacted`) AS `reacted`,
    any(v.`commented`) AS `commented`,
    any(v.`shared`) AS `shared`
FROM
(
    SELECT *
    FROM marts.v_funnel_slice_daily
    WHERE 1
        AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_funnel_slice_daily)
        AND `country` = 'all'
        AND `language` = 'all'
) AS v
)
ARRAY JOIN
[
    ('Viewed', toFloat64(`viewed`)),
    ('Reacted', toFloat64(`reacted`)),
    ('Commented', toFloat64(`commented`)),
    ('Shared', toFloat64(`shared`))
] AS steps;
