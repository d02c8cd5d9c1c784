-- ═══ backlog
-- Which event types have rows at or above their watermark (ClickHouse): one question for all of them, so that a load with nothing to
-- do costs no more than this. Grain: event type. Inputs: names (of event types), collection.
SELECT DISTINCT r.event_type AS event_type
FROM
(
    SELECT 'user' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`user` GROUP BY source, stream, partition
    UNION ALL SELECT 'user_profile' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`user_profile` GROUP BY source, stream, partition
    UNION ALL SELECT 'user_badges' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`user_badges` GROUP BY source, stream, partition
    UNION ALL SELECT 'friend' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`friend` GROUP BY source, stream, partition
    UNION ALL SELECT 'story' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`story` GROUP BY source, stream, partition
    UNION ALL SELECT 'reaction' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`reaction` GROUP BY source, stream, partition
    UNION ALL SELECT 'share' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`share` GROUP BY source, stream, partition
    UNION ALL SELECT 'photo' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`photo` GROUP BY source, stream, partition
    UNION ALL SELECT 'pinned_post' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`pinned_post` GROUP BY source, stream, partition
    UNION ALL SELECT 'sponsorship' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`sponsorship` GROUP BY source, stream, partition
    UNION ALL SELECT 'donation' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`donation` GROUP BY source, stream, partition
    UNION ALL SELECT 'user_status' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`user_status` GROUP BY source, stream, partition
    UNION ALL SELECT 'video' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`video` GROUP BY source, stream, partition
    UNION ALL SELECT 'album' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`album` GROUP BY source, stream, partition
    UNION ALL SELECT 'community' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`community` GROUP BY source, stream, partition
) AS r
LEFT JOIN
(
    SELECT event_type, source, stream, partition, toUInt64(next_offset) AS next_offset
    FROM postgresql(`vault_stage`, schema = 'ops', table = 'watermark')
) AS w ON w.event_type = r.event_type AND w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.last >= w.next_offset;

-- ═══ bridge_feelings: all keys, from nothing
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.is_open as in_force
    from "vault"."eff_reaction" o
    where o.event_time < %(ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_reaction_feeling" o
    where o.event_time < %(ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_user"
        , l."hk_post"
        , coalesce(v1.event_time, timestamptz '1900-01-01 00:00:00+00') as "reaction_feeling_time"
        , coalesce(v1.event_id, uuid '00000000-0000-0000-0000-000000000000') as "reaction_feeling_id"
        , coalesce(n.in_force, false) as in_force
    from (
        select hk from said
    ) k
    join "vault"."link_reaction" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join version_1 v1 on v1.hk = k.hk
)
insert into "vault"."bridge_feelings" as t (as_of, "lhk", "hk_user", "hk_post", "reaction_feeling_time", "reaction_feeling_id")
select %(as_of)s, "lhk", "hk_user", "hk_post", "reaction_feeling_time", "reaction_feeling_id"
from fresh
where in_force
order by "lhk";

-- ═══ bridge_feelings: touched keys, from a day before
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.is_open as in_force
    from "vault"."eff_reaction" o
    join pg_temp.due d on d.hk = o."driving_hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_reaction_feeling" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."bridge_feelings" b on b.as_of = %(base)s and b."lhk" = k.hk
            cross join lateral (
                select * from "vault"."sat_reaction_feeling" x
                where x.hk = k.hk and x.event_time = b."reaction_feeling_time" and x.event_id = b."reaction_feeling_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_user"
        , l."hk_post"
        , coalesce(v1.event_time, b."reaction_feeling_time", timestamptz '1900-01-01 00:00:00+00') as "reaction_feeling_time"
        , coalesce(v1.event_id, b."reaction_feeling_id", uuid '00000000-0000-0000-0000-000000000000') as "reaction_feeling_id"
        , coalesce(n.in_force, b.lhk is not null) as in_force
    from (
        select hk from pg_temp.due where since < %(ends)s
    ) k
    join "vault"."link_reaction" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join "vault"."bridge_feelings" b on b.as_of = %(base)s and b.lhk = k.hk
    left join version_1 v1 on v1.hk = k.hk
)
, gone as (
    delete from "vault"."bridge_feelings" t using pg_temp.due d
    where t.as_of = %(as_of)s and t."lhk" = d.hk and d.since < %(ends)s
        and not exists (select from fresh f where f."lhk" = d.hk and (in_force))
)
insert into "vault"."bridge_feelings" as t (as_of, "lhk", "hk_user", "hk_post", "reaction_feeling_time", "reaction_feeling_id")
select %(as_of)s, "lhk", "hk_user", "hk_post", "reaction_feeling_time", "reaction_feeling_id"
from fresh
where in_force
order by "lhk"
on conflict (as_of, "lhk") do update set
"hk_user" = excluded."hk_user", "hk_post" = excluded."hk_post", "reaction_feeling_time" = excluded."reaction_feeling_time", "reaction_feeling_id" = excluded."reaction_feeling_id"
where (t."hk_user", t."hk_post", t."reaction_feeling_time", t."reaction_feeling_id") is distinct from (excluded."hk_user", excluded."hk_post", excluded."reaction_feeling_time", excluded."reaction_feeling_id");

-- ═══ bridge_context: all keys, from nothing
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- What was said last of a role counts, whichever of its links it was said by: a hub's own event names the partner, or none.
with said_1 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_story_author"
    ) o
    where o.event_time < %(ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_1 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_author", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_1 n
    left join "vault"."link_story_author" l1 on l1.lhk = n.lhk
), said_2 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_story_media"
    ) o
    where o.event_time < %(ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_2 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_media", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_2 n
    left join "vault"."link_story_media" l1 on l1.lhk = n.lhk
), fresh as materialized (
    select k.hk as "hk_post"
        , coalesce(p1.lhk, uuid '00000000-0000-0000-0000-000000000000') as "lhk_author"
        , coalesce(p1.partner, uuid '00000000-0000-0000-0000-000000000000') as "hk_author"
        , coalesce(p2.lhk, uuid '00000000-0000-0000-0000-000000000000') as "lhk_media"
        , coalesce(p2.partner, uuid '00000000-0000-0000-0000-000000000000') as "hk_media"
    from (
        select hk from partner_1
        union select hk from partner_2
    ) k
    left join partner_1 p1 on p1.hk = k.hk
    left join partner_2 p2 on p2.hk = k.hk
)
insert into "vault"."bridge_context" as t (as_of, "hk_post", "lhk_author", "hk_author", "lhk_media", "hk_media")
select %(as_of)s, "hk_post", "lhk_author", "hk_author", "lhk_media", "hk_media"
from fresh
where "lhk_author" <> uuid '00000000-0000-0000-0000-000000000000' or "lhk_media" <> uuid '00000000-0000-0000-0000-000000000000'
order by "hk_post";

-- ═══ bridge_context: touched keys, from a day before
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- What was said last of a role counts, whichever of its links it was said by: a hub's own event names the partner, or none.
with said_1 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_story_author"
    ) o
    join pg_temp.due d on d.hk = o."driving_hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_1 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_author", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_1 n
    left join "vault"."link_story_author" l1 on l1.lhk = n.lhk
), said_2 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_story_media"
    ) o
    join pg_temp.due d on d.hk = o."driving_hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_2 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_media", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_2 n
    left join "vault"."link_story_media" l1 on l1.lhk = n.lhk
), fresh as materialized (
    select k.hk as "hk_post"
        , coalesce(p1.lhk, b."lhk_author", uuid '00000000-0000-0000-0000-000000000000') as "lhk_author"
        , coalesce(p1.partner, b."hk_author", uuid '00000000-0000-0000-0000-000000000000') as "hk_author"
        , coalesce(p2.lhk, b."lhk_media", uuid '00000000-0000-0000-0000-000000000000') as "lhk_media"
        , coalesce(p2.partner, b."hk_media", uuid '00000000-0000-0000-0000-000000000000') as "hk_media"
    from (
        select hk from pg_temp.due where since < %(ends)s
    ) k
    left join "vault"."bridge_context" b on b.as_of = %(base)s and b."hk_post" = k.hk
    left join partner_1 p1 on p1.hk = k.hk
    left join partner_2 p2 on p2.hk = k.hk
)
, gone as (
    delete from "vault"."bridge_context" t using pg_temp.due d
    where t.as_of = %(as_of)s and t."hk_post" = d.hk and d.since < %(ends)s
        and not exists (select from fresh f where f."hk_post" = d.hk and ("lhk_author" <> uuid '00000000-0000-0000-0000-000000000000' or "lhk_media" <> uuid '00000000-0000-0000-0000-000000000000'))
)
insert into "vault"."bridge_context" as t (as_of, "hk_post", "lhk_author", "hk_author", "lhk_media", "hk_media")
select %(as_of)s, "hk_post", "lhk_author", "hk_author", "lhk_media", "hk_media"
from fresh
where "lhk_author" <> uuid '00000000-0000-0000-0000-000000000000' or "lhk_media" <> uuid '00000000-0000-0000-0000-000000000000'
order by "hk_post"
on conflict (as_of, "hk_post") do update set
"lhk_author" = excluded."lhk_author", "hk_author" = excluded."hk_author", "lhk_media" = excluded."lhk_media", "hk_media" = excluded."hk_media"
where (t."lhk_author", t."hk_author", t."lhk_media", t."hk_media") is distinct from (excluded."lhk_author", excluded."hk_author", excluded."lhk_media", excluded."hk_media");

-- ═══ pit_post: all keys, from nothing
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_post" as t (as_of, hk, "story_story_time", "story_story_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_story_story" o
    where o.event_time < %(ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, uuid '00000000-0000-0000-0000-000000000000')
from (
    select distinct hk from "vault"."seen_post" where event_time < %(ends)s
) k
left join version_1 v1 on v1.hk = k.hk
order by k.hk;

-- ═══ pit_post: touched keys, from a day before
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_post" as t (as_of, hk, "story_story_time", "story_story_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_story_story" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."pit_post" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_story_story" x
                where x.hk = k.hk and x.event_time = b."story_story_time" and x.event_id = b."story_story_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, b."story_story_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, b."story_story_id", uuid '00000000-0000-0000-0000-000000000000')
from (
    select d.hk from pg_temp.due d
    where d.since < %(ends)s and exists (select from "vault"."seen_post" s where s.hk = d.hk and s.event_time < %(ends)s)
) k
left join "vault"."pit_post" b on b.as_of = %(base)s and b.hk = k.hk
left join version_1 v1 on v1.hk = k.hk
order by k.hk
on conflict (as_of, "hk") do update set
"story_story_time" = excluded."story_story_time", "story_story_id" = excluded."story_story_id"
where (t."story_story_time", t."story_story_id") is distinct from (excluded."story_story_time", excluded."story_story_id");

-- ═══ topics made anew
-- A topic that was deleted and made anew under one source: its messages landed at the positions of earlier ones. They are told apart
-- once the source is closed (a new epoch), so that a position is one message again, and nothing that landed is lost.
-- Inputs: table (landing.events, on a cluster its local table). Parameters: now, the source of the present epoch.
-- Statements: what there is to do (grain: source, stream, partition); the old verdicts are withdrawn; every message of such a position
-- lands once more, the first under its own source, the n-th under <source>~<n>; all but the first leave the old source.
SELECT source, stream, partition, min(offset) AS low FROM (
    SELECT source, stream, partition, offset FROM landing.events
    WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
      AND (source, stream, partition, offset) GLOBAL IN
      (
          SELECT source, stream, partition, offset FROM landing.events
          WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
          GROUP BY source, stream, partition, offset HAVING count() > 1
          SETTINGS optimize_aggregation_in_order = 1
      )
    GROUP BY source, stream, partition, offset HAVING uniqExact(raw) > 1
)
 GROUP BY source, stream, partition;
INSERT INTO raw.rejected (event_type, reasons, source, stream, partition, offset, landed_at, raw, judged_at)
SELECT event_type, [], source, stream, partition, offset, landed_at, raw, now64(6, 'UTC')
FROM raw.dead_letters
WHERE (source, stream, partition, offset) GLOBAL IN (
    SELECT source, stream, partition, offset FROM landing.events
    WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
      AND (source, stream, partition, offset) GLOBAL IN
      (
          SELECT source, stream, partition, offset FROM landing.events
          WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
          GROUP BY source, stream, partition, offset HAVING count() > 1
          SETTINGS optimize_aggregation_in_order = 1
      )
    GROUP BY source, stream, partition, offset HAVING uniqExact(raw) > 1
)
;
INSERT INTO landing.inbox_null (source, stream, partition, offset, key, sent_at, raw)
SELECT if(nth = 1, toString(source), concat(source, '~', toString(nth))), stream, partition, offset, key, sent_at, raw
FROM
(
    SELECT source, stream, partition, offset, any(key) AS key, any(sent_at) AS sent_at, raw,
        row_number() OVER (PARTITION BY source, stream, partition, offset ORDER BY min(landed_at), raw) AS nth
    FROM landing.events
    WHERE (source, stream, partition, offset) GLOBAL IN (
    SELECT source, stream, partition, offset FROM landing.events
    WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
      AND (source, stream, partition, offset) GLOBAL IN
      (
          SELECT source, stream, partition, offset FROM landing.events
          WHERE startsWith(source, 'kafka:') AND source != {now:String} AND position(source, '~') = 0
          GROUP BY source, stream, partition, offset HAVING count() > 1
          SETTINGS optimize_aggregation_in_order = 1
      )
    GROUP BY source, stream, partition, offset HAVING uniqExact(raw) > 1
)
    GROUP BY source, stream, partition, offset, raw
);
ALTER TABLE landing.events DELETE
WHERE position(source, '~') = 0 AND (toString(source), stream, partition, offset, raw) GLOBAL IN
(
    SELECT splitByChar('~', toString(source))[1], stream, partition, offset, raw
    FROM landing.events WHERE position(source, '~') > 0
)
SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1;

-- ═══ snapshots
-- What the PIT and bridge tables hold (PostgreSQL). Grain: an account. Inputs: the registry.
-- wanted is NULL where ClickHouse has the other side: under the same name, or that of other_side.
select 'vault.seen_post: distinct keys in raw = keys' as name, null::bigint as wanted, count(distinct hk) as n, 'vault.hub_post: distinct keys in raw = rows' as other_side from "vault"."seen_post"
union all select 'vault.pit_post: keys in raw at the end of the last day = rows', null, count(*), '' from "vault"."pit_post" where as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_post')
union all select 'vault.pit_post: versions pointed to on the last day = versions found', sum(wanted)::bigint, sum(n)::bigint, ''
from (
    select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_post" p
    left join "vault"."sat_story_story" v on v.hk = p."hk" and v.event_time = p."story_story_time" and v.event_id = p."story_story_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_post') and p."story_story_time" > '1900-01-01'
) f
union all select 'vault.bridge_context: in force in raw at the end of the last day = rows' as name, null::bigint as wanted, count(*) as n, '' as other_side from "vault"."bridge_context" where as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_context')
union all select 'vault.bridge_feelings: in force in raw at the end of the last day = rows' as name, null::bigint as wanted, count(*) as n, '' as other_side from "vault"."bridge_feelings" where as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_feelings')
union all select 'vault.bridge_feelings: versions pointed to on the last day = versions found', sum(wanted)::bigint, sum(n)::bigint, ''
from (
    select count(*) as wanted, count(v.hk) as n
    from "vault"."bridge_feelings" p
    left join "vault"."sat_reaction_feeling" v on v.hk = p."lhk" and v.event_time = p."reaction_feeling_time" and v.event_id = p."reaction_feeling_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_feelings') and p."reaction_feeling_time" > '1900-01-01'
) f;

-- ═══ snapshots
-- What the bridge tables must hold (ClickHouse). Grain: a table. Inputs: the registry. Parameters: end_<bridge>.
SELECT '' AS name, toUInt64(0) AS n WHERE false
UNION ALL SELECT 'vault.bridge_context: in force in raw at the end of the last day = rows' AS name, uniqExact(hk) AS n
FROM
(
    SELECT hk, role, argMax(partner, (event_time, source_order)) AS in_force
    FROM
    (
        SELECT ifNull(toString(r.`post_id`), '') AS hk, 'author' AS role, r.op != 'delete' AND true AS partner, r.event_time AS event_time, r.source_order AS source_order FROM `raw`.`story` AS r FINAL WHERE true
        UNION ALL SELECT ifNull(toString(r.`post_id`), '') AS hk, 'media' AS role, r.op != 'delete' AND true AS partner, r.event_time AS event_time, r.source_order AS source_order FROM `raw`.`story` AS r FINAL WHERE true
    )
    WHERE event_time < {end_bridge_context:DateTime64(6, 'UTC')}
    GROUP BY hk, role
)
WHERE in_force
UNION ALL SELECT 'vault.bridge_feelings: in force in raw at the end of the last day = rows' AS name, countIf(in_force) AS n
FROM
(
    SELECT argMax(r.op != 'delete', (event_time, source_order)) AS in_force
    FROM `raw`.`reaction` AS r FINAL
    WHERE true AND r.event_time < {end_bridge_feelings:DateTime64(6, 'UTC')}
    GROUP BY (ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`post_id`), ''))
);

-- ═══ contents of friend
-- What the vault must say of one event type (ClickHouse): checksums of contents, from raw. contents_postgres.sql.j2 is its other side.
-- Inputs: v (VaultSpec). Parameters: since, until (of event_time). Grain: a table of the vault.
SELECT one.1 AS name, one.2 AS checksum
FROM
(
    SELECT arrayJoin([
        ('vault.eff_friend: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', if(r.op != 'delete' AND true, '1', '0'), if(true, arrayStringConcat(arraySort([ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`friend_id`), '')]), '\x1F'), ''))), 1, 4)))), true)),
        ('', toUInt64(0))
    ]) AS one
    FROM `raw`.`friend` AS r FINAL
    WHERE r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
)
WHERE name != '';

-- ═══ contents of friend
-- What the vault says of one event type (PostgreSQL): checksums of contents. Inputs: v (VaultSpec). Parameters: since, until.
-- Grain: a table of the vault.
select 'vault.eff_friend: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(e.event_id || ' ' || (extract(epoch from e.event_time) * 1000000)::bigint || ' ' || case when e.is_open then '1' else '0' end || case when e.lhk is null then '' else least(k1.bk::text collate "C", k2.bk::text collate "C") || e'\x1F' || greatest(k1.bk::text collate "C", k2.bk::text collate "C") end), 8))::bit(32)::bigint), 0) as checksum
from "vault"."eff_friend" e
left join "vault"."link_friend" l on l.lhk = e.lhk left join "vault"."hub_user" k1 on k1.hk = l."hk_user" left join "vault"."hub_user" k2 on k2.hk = l."hk_friend"
where e.event_time >= %(since)s and e.event_time <= %(until)s
union all
select '', 0 where false;

-- ═══ contents of story
-- What the vault must say of one event type (ClickHouse): checksums of contents, from raw. contents_postgres.sql.j2 is its other side.
-- Inputs: v (VaultSpec). Parameters: since, until (of event_time). Grain: a table of the vault.
SELECT one.1 AS name, one.2 AS checksum
FROM
(
    SELECT arrayJoin([
        ('vault.eff_story_author: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', ifNull(toString(r.`post_id`), ''), '\x1F', if(r.op != 'delete' AND true, '1', '0'), if(r.op != 'delete' AND true, concat('', ifNull(toString(r.`post_id`), ''), '\x1F', ifNull(toString(r.`author_id`), ''), '\x1F', ''), ''))), 1, 4)))), true)),
        ('vault.eff_story_media: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', ifNull(toString(r.`post_id`), ''), '\x1F', if(r.op != 'delete' AND true, '1', '0'), if(r.op != 'delete' AND true, concat('', ifNull(toString(r.`post_id`), ''), '\x1F', ifNull(toString(r.`media_id`), ''), '\x1F', ''), ''))), 1, 4)))), true)),
        ('vault.sat_story_story: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', ifNull(toString(r.`post_id`), ''), '\x1F', if(r.op = 'delete', '1', '0'), concat('', ifNull(concat('V', toString(r.`audience`)), 'N'), '\x1F', ifNull(concat('V', toString(toUnixTimestamp64Micro(r.`expires_at`))), 'N'), '\x1F', ''))), 1, 4)))), true)),
        ('', toUInt64(0))
    ]) AS one
    FROM `raw`.`story` AS r FINAL
    WHERE r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
)
WHERE name != '';

-- ═══ contents of story
-- What the vault says of one event type (PostgreSQL): checksums of contents. Inputs: v (VaultSpec). Parameters: since, until.
-- Grain: a table of the vault.
select 'vault.eff_story_author: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(e.event_id || ' ' || (extract(epoch from e.event_time) * 1000000)::bigint || ' ' || coalesce(d.bk::text, '') || e'\x1F' || case when e.is_open then '1' else '0' end || case when e.lhk is null then '' else coalesce(k1.bk::text, '') || e'\x1F' || coalesce(k2.bk::text, '') || e'\x1F' end), 8))::bit(32)::bigint), 0) as checksum
from "vault"."eff_story_author" e
left join "vault"."link_story_author" l on l.lhk = e.lhk left join "vault"."hub_post" k1 on k1.hk = l."hk_post" left join "vault"."hub_user" k2 on k2.hk = l."hk_author"
left join "vault"."hub_post" d on d.hk = e.driving_hk
where e.event_time >= %(since)s and e.event_time <= %(until)s
union all
select 'vault.eff_story_media: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(e.event_id || ' ' || (extract(epoch from e.event_time) * 1000000)::bigint || ' ' || coalesce(d.bk::text, '') || e'\x1F' || case when e.is_open then '1' else '0' end || case when e.lhk is null then '' else coalesce(k1.bk::text, '') || e'\x1F' || coalesce(k2.bk::text, '') || e'\x1F' end), 8))::bit(32)::bigint), 0) as checksum
from "vault"."eff_story_media" e
left join "vault"."link_story_media" l on l.lhk = e.lhk left join "vault"."hub_post" k1 on k1.hk = l."hk_post" left join "vault"."hub_media" k2 on k2.hk = l."hk_media"
left join "vault"."hub_post" d on d.hk = e.driving_hk
where e.event_time >= %(since)s and e.event_time <= %(until)s
union all
select 'vault.sat_story_story: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(s.event_id || ' ' || (extract(epoch from s.event_time) * 1000000)::bigint || ' ' || coalesce(p.bk::text, '') || e'\x1F' || case when s.is_deleted then '1' else '0' end || '' || coalesce('V' || s."audience", 'N') || e'\x1F' || coalesce('V' || (extract(epoch from s."expires_at") * 1000000)::bigint::text, 'N') || e'\x1F'), 8))::bit(32)::bigint), 0) as checksum
from "vault"."sat_story_story" s
left join "vault"."hub_post" p on p.hk = s.hk
where s.event_time >= %(since)s and s.event_time <= %(until)s
union all
select '', 0 where false;

-- ═══ contents of user
-- What the vault must say of one event type (ClickHouse): checksums of contents, from raw. contents_postgres.sql.j2 is its other side.
-- Inputs: v (VaultSpec). Parameters: since, until (of event_time). Grain: a table of the vault.
SELECT one.1 AS name, one.2 AS checksum
FROM
(
    SELECT arrayJoin([
        ('vault.sat_user_account: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', ifNull(toString(r.`user_id`), ''), '\x1F', if(r.op = 'delete', '1', '0'), concat('', ifNull(concat('V', toString(r.`username`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`email`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`country`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`language`)), 'N'), '\x1F', ''))), 1, 4)))), true)),
        ('', toUInt64(0))
    ]) AS one
    FROM `raw`.`user` AS r FINAL
    WHERE r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
)
WHERE name != '';

-- ═══ contents of user
-- What the vault says of one event type (PostgreSQL): checksums of contents. Inputs: v (VaultSpec). Parameters: since, until.
-- Grain: a table of the vault.
select 'vault.sat_user_account: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(s.event_id || ' ' || (extract(epoch from s.event_time) * 1000000)::bigint || ' ' || coalesce(p.bk::text, '') || e'\x1F' || case when s.is_deleted then '1' else '0' end || '' || coalesce('V' || s."username", 'N') || e'\x1F' || coalesce('V' || s."email", 'N') || e'\x1F' || coalesce('V' || s."country", 'N') || e'\x1F' || coalesce('V' || s."language", 'N') || e'\x1F'), 8))::bit(32)::bigint), 0) as checksum
from "vault"."sat_user_account" s
left join "vault"."hub_user" p on p.hk = s.hk
where s.event_time >= %(since)s and s.event_time <= %(until)s
union all
select '', 0 where false;

-- ═══ contents of share
-- What the vault must say of one event type (ClickHouse): checksums of contents, from raw. contents_postgres.sql.j2 is its other side.
-- Inputs: v (VaultSpec). Parameters: since, until (of event_time). Grain: a table of the vault.
SELECT one.1 AS name, one.2 AS checksum
FROM
(
    SELECT arrayJoin([
        ('vault.link_share: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', concat('', ifNull(toString(r.`user_id`), ''), '\x1F', ifNull(toString(r.`post_id`), ''), '\x1F', ''), concat('', ifNull(concat('V', toString(r.`shared_to`)), 'N'), '\x1F', ''))), 1, 4)))), true)),
        ('', toUInt64(0))
    ]) AS one
    FROM `raw`.`share` AS r FINAL
    WHERE r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
)
WHERE name != '';

-- ═══ contents of share
-- What the vault says of one event type (PostgreSQL): checksums of contents. Inputs: v (VaultSpec). Parameters: since, until.
-- Grain: a table of the vault.
select 'vault.link_share: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(l.event_id || ' ' || (extract(epoch from l.event_time) * 1000000)::bigint || ' ' || coalesce(k1.bk::text, '') || e'\x1F' || coalesce(k2.bk::text, '') || e'\x1F' || '' || coalesce('V' || l."shared_to", 'N') || e'\x1F'), 8))::bit(32)::bigint), 0) as checksum
from "vault"."link_share" l left join "vault"."hub_user" k1 on k1.hk = l."hk_user" left join "vault"."hub_post" k2 on k2.hk = l."hk_post"
where l.event_time >= %(since)s and l.event_time <= %(until)s
union all
select '', 0 where false;

-- ═══ contents of sponsorship
-- What the vault must say of one event type (ClickHouse): checksums of contents, from raw. contents_postgres.sql.j2 is its other side.
-- Inputs: v (VaultSpec). Parameters: since, until (of event_time). Grain: a table of the vault.
SELECT one.1 AS name, one.2 AS checksum
FROM
(
    SELECT arrayJoin([
        ('vault.sat_sponsorship_terms: checksum of contents in raw = in the vault', sumIf(toUInt64(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(r.event_id), ' ', toString(toUnixTimestamp64Micro(r.event_time)), ' ', concat('', ifNull(toString(r.`sponsor_id`), ''), '\x1F', ifNull(toString(r.`creator_id`), ''), '\x1F', ''), if(r.op = 'delete', '1', '0'), concat('', ifNull(concat('V', toString(r.`amount_micros`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`currency`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`starts_on`)), 'N'), '\x1F', ifNull(concat('V', toString(r.`ends_on`)), 'N'), '\x1F', ''))), 1, 4)))), true)),
        ('', toUInt64(0))
    ]) AS one
    FROM `raw`.`sponsorship` AS r FINAL
    WHERE r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
)
WHERE name != '';

-- ═══ contents of sponsorship
-- What the vault says of one event type (PostgreSQL): checksums of contents. Inputs: v (VaultSpec). Parameters: since, until.
-- Grain: a table of the vault.
select 'vault.sat_sponsorship_terms: checksum of contents in raw = in the vault' as name, coalesce(sum(('x' || left(md5(s.event_id || ' ' || (extract(epoch from s.event_time) * 1000000)::bigint || ' ' || coalesce(k1.bk::text, '') || e'\x1F' || coalesce(k2.bk::text, '') || e'\x1F' || case when s.is_deleted then '1' else '0' end || '' || coalesce('V' || s."amount_micros"::text, 'N') || e'\x1F' || coalesce('V' || s."currency", 'N') || e'\x1F' || coalesce('V' || to_char(s."starts_on", 'YYYY-MM-DD'), 'N') || e'\x1F' || coalesce('V' || to_char(s."ends_on", 'YYYY-MM-DD'), 'N') || e'\x1F'), 8))::bit(32)::bigint), 0) as checksum
from "vault"."sat_sponsorship_terms" s
left join "vault"."link_sponsorship" l on l.lhk = s.hk left join "vault"."hub_user" k1 on k1.hk = l."hk_sponsor" left join "vault"."hub_user" k2 on k2.hk = l."hk_creator"
where s.event_time >= %(since)s and s.event_time <= %(until)s
union all
select '', 0 where false;

-- ═══ mentions in hub_user
-- By which event keys of a hub or a link are mentioned first, as raw has it (ClickHouse). Parameters: keys (hash keys).
-- Inputs: hub (name) or link (LinkSpec), vaults (of the event types that mention it). Grain: a key that is mentioned at all.
SELECT key, toString(min(seen_at)) AS first_seen, argMin(seen_by, (seen_at, seen_by)) AS record_source
FROM
(
    SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`user` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`user_profile` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`user_badges` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`friend` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`friend_id` AS `bk_friend`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_friend`))), ':', toString(`bk_friend`), ';'))))) AS key FROM `raw`.`friend` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`author_id` AS `bk_author`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_author`))), ':', toString(`bk_author`), ';'))))) AS key FROM `raw`.`story` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`reaction` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`share` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`owner_id` AS `bk_owner`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_owner`))), ':', toString(`bk_owner`), ';'))))) AS key FROM `raw`.`photo` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`moderator_id` AS `bk_moderator`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_moderator`))), ':', toString(`bk_moderator`), ';'))))) AS key FROM `raw`.`pinned_post` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`sponsor_id` AS `bk_sponsor`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_sponsor`))), ':', toString(`bk_sponsor`), ';'))))) AS key FROM `raw`.`sponsorship` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`creator_id` AS `bk_creator`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_creator`))), ':', toString(`bk_creator`), ';'))))) AS key FROM `raw`.`sponsorship` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`donor_id` AS `bk_donor`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_donor`))), ':', toString(`bk_donor`), ';'))))) AS key FROM `raw`.`donation` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`creator_id` AS `bk_creator`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_creator`))), ':', toString(`bk_creator`), ';'))))) AS key FROM `raw`.`donation` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS key FROM `raw`.`user_status` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`owner_id` AS `bk_owner`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_owner`))), ':', toString(`bk_owner`), ';'))))) AS key FROM `raw`.`video` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`owner_id` AS `bk_owner`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_owner`))), ':', toString(`bk_owner`), ';'))))) AS key FROM `raw`.`album` AS r FINAL)
    UNION ALL SELECT seen_at, seen_by, key FROM (SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by, r.`founder_id` AS `bk_founder`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_founder`))), ':', toString(`bk_founder`), ';'))))) AS key FROM `raw`.`community` AS r FINAL)
)
WHERE key IN {keys:Array(UUID)}
GROUP BY key;

-- ═══ mentions in link_friend
-- By which event keys of a hub or a link are mentioned first, as raw has it (ClickHouse). Parameters: keys (hash keys).
-- Inputs: hub (name) or link (LinkSpec), vaults (of the event types that mention it). Grain: a key that is mentioned at all.
SELECT key, toString(min(seen_at)) AS first_seen, argMin(seen_by, (seen_at, seen_by)) AS record_source
FROM
(
    SELECT r.event_time AS seen_at, concat(toString(r.source), '/', toString(r.stream)) AS seen_by
        , r.`user_id` AS `bk_user`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS `hk_user`
        , r.`friend_id` AS `bk_friend`, toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_friend`))), ':', toString(`bk_friend`), ';'))))) AS `hk_friend`
        , if(isNull(toString(`hk_user`)) OR isNull(toString(`hk_friend`)), NULL, toUUID(lower(hex(MD5(concat(concat(toString(length(least(toString(`hk_user`), toString(`hk_friend`)))), ':', least(toString(`hk_user`), toString(`hk_friend`)), ';'), concat(toString(length(greatest(toString(`hk_user`), toString(`hk_friend`)))), ':', greatest(toString(`hk_user`), toString(`hk_friend`)), ';'))))))) AS key
    FROM `raw`.`friend` AS r FINAL
)
WHERE key IN {keys:Array(UUID)}
GROUP BY key;

-- ═══ changes: User
-- The nodes of one label that may have come or gone, for the graph database to take (PostgreSQL). Unlogged: made anew by each sync.
-- Grain: a key of the hub. `in_force`: it is alive; `ended`: it was deleted at some time. Inputs: node, owners (SatSpec), whole.
-- Parameters: since_hub, and since_<event type> of each owner: the first load that is not in the graph yet.
CREATE UNLOGGED TABLE "graph"."changes_node_user" AS
SELECT t.hk, h.bk::text AS id, t.ended,
    NOT t.ended OR EXISTS (SELECT FROM "graph"."node_user" AS n WHERE n.hk = t.hk) AS in_force
FROM
(
    SELECT k.hk, k.is_new, EXISTS (SELECT FROM "vault"."sat_user_account" AS s WHERE s.hk = k.hk AND s.is_deleted) AS ended
    FROM
    (
        SELECT hk, bool_or(is_new) AS is_new
        FROM
        (
            SELECT hk, true AS is_new FROM "vault"."hub_user" WHERE load_ts >= %(since_hub)s
            UNION ALL SELECT hk, false FROM "vault"."sat_user_account" WHERE load_ts >= %(since_user)s
        ) AS touched
        GROUP BY hk
    ) AS k
) AS t
JOIN "vault"."hub_user" AS h ON h.hk = t.hk
WHERE t.is_new OR t.ended;

-- ═══ changes: POSTED
-- The pairs of one relation that may have come or gone, for the graph database to take (PostgreSQL). Unlogged: made anew by each sync.
-- Grain: a pair of nodes. `in_force`: the vault has it now; then with its properties. Inputs: relation, whole, back (of the
-- ends, source and target, those where a node came back: its relations come back with it).
-- Parameters: since_<event type> of each part: the first load that is not in the graph yet. Not `whole`: what was touched
-- since then is asked for again, key by key; whether the ends are alive the graph database knows, nodes go first.
CREATE UNLOGGED TABLE "graph"."changes_rel_posted" AS
WITH
own_keys_1 AS MATERIALIZED (
    SELECT driving_hk AS key FROM "vault"."eff_story_author" WHERE load_ts >= %(since_story)s
    UNION
    SELECT e.driving_hk FROM "vault"."link_story_author" AS l
    JOIN "vault"."eff_story_author" AS e ON e.lhk = l.lhk WHERE l."hk_author" IN (SELECT hk FROM "graph"."changes_node_user" WHERE ended AND in_force)
    GROUP BY 1
),
own_pairs_1 AS (
    SELECT DISTINCT l."hk_author" AS source_hk, l."hk_post" AS target_hk FROM own_keys_1 AS k
    JOIN "vault"."eff_story_author" AS e ON e.driving_hk = k.key
    JOIN "vault"."link_story_author" AS l ON l.lhk = e.lhk
),
pairs AS MATERIALIZED (
    SELECT source_hk, target_hk FROM own_pairs_1
),
keys_1 AS MATERIALIZED (
    SELECT key FROM own_keys_1
),
now_in_force AS MATERIALIZED (
    (SELECT DISTINCT s.id AS source, t.id AS target
FROM keys_1 AS k
CROSS JOIN LATERAL (SELECT * FROM "vault"."v_eff_story_author" AS v WHERE v.driving_hk = k.key OFFSET 0) AS l
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_user") AS s ON s.hk = l."hk_author"
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_post") AS t ON t.hk = l."hk_post"
WHERE l.is_current
)
)
SELECT source, target, true AS in_force FROM now_in_force
UNION ALL
(SELECT s.bk::text, t.bk::text, false
FROM pairs AS p
JOIN "vault"."hub_user" AS s ON s.hk = p.source_hk
JOIN "vault"."hub_post" AS t ON t.hk = p.target_hk
EXCEPT SELECT source, target, false FROM now_in_force);

-- ═══ changes: UPLOADED
-- The pairs of one relation that may have come or gone, for the graph database to take (PostgreSQL). Unlogged: made anew by each sync.
-- Grain: a pair of nodes. `in_force`: the vault has it now; then with its properties. Inputs: relation, whole, back (of the
-- ends, source and target, those where a node came back: its relations come back with it).
-- Parameters: since_<event type> of each part: the first load that is not in the graph yet. Not `whole`: what was touched
-- since then is asked for again, key by key; whether the ends are alive the graph database knows, nodes go first.
CREATE UNLOGGED TABLE "graph"."changes_rel_uploaded" AS
WITH
own_keys_1 AS MATERIALIZED (
    SELECT driving_hk AS key FROM "vault"."eff_photo_owner" WHERE load_ts >= %(since_photo)s
    UNION
    SELECT e.driving_hk FROM "vault"."link_photo_owner" AS l
    JOIN "vault"."eff_photo_owner" AS e ON e.lhk = l.lhk WHERE l."hk_owner" IN (SELECT hk FROM "graph"."changes_node_user" WHERE ended AND in_force)
    GROUP BY 1
),
own_pairs_1 AS (
    SELECT DISTINCT l."hk_owner" AS source_hk, l."hk_media" AS target_hk FROM own_keys_1 AS k
    JOIN "vault"."eff_photo_owner" AS e ON e.driving_hk = k.key
    JOIN "vault"."link_photo_owner" AS l ON l.lhk = e.lhk
),
own_keys_2 AS MATERIALIZED (
    SELECT driving_hk AS key FROM "vault"."eff_video_owner" WHERE load_ts >= %(since_video)s
    UNION
    SELECT e.driving_hk FROM "vault"."link_video_owner" AS l
    JOIN "vault"."eff_video_owner" AS e ON e.lhk = l.lhk WHERE l."hk_owner" IN (SELECT hk FROM "graph"."changes_node_user" WHERE ended AND in_force)
    GROUP BY 1
),
own_pairs_2 AS (
    SELECT DISTINCT l."hk_owner" AS source_hk, l."hk_media" AS target_hk FROM own_keys_2 AS k
    JOIN "vault"."eff_video_owner" AS e ON e.driving_hk = k.key
    JOIN "vault"."link_video_owner" AS l ON l.lhk = e.lhk
),
pairs AS MATERIALIZED (
    SELECT source_hk, target_hk FROM own_pairs_1
    UNION SELECT source_hk, target_hk FROM own_pairs_2
),
keys_1 AS MATERIALIZED (
    SELECT key FROM own_keys_1
    UNION SELECT p.target_hk FROM pairs AS p
),
keys_2 AS MATERIALIZED (
    SELECT key FROM own_keys_2
    UNION SELECT p.target_hk FROM pairs AS p
),
now_in_force AS MATERIALIZED (
    (SELECT DISTINCT s.id AS source, t.id AS target
FROM keys_1 AS k
CROSS JOIN LATERAL (SELECT * FROM "vault"."v_eff_photo_owner" AS v WHERE v.driving_hk = k.key OFFSET 0) AS l
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_user") AS s ON s.hk = l."hk_owner"
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_media") AS t ON t.hk = l."hk_media"
WHERE l.is_current
)
    UNION (SELECT DISTINCT s.id AS source, t.id AS target
FROM keys_2 AS k
CROSS JOIN LATERAL (SELECT * FROM "vault"."v_eff_video_owner" AS v WHERE v.driving_hk = k.key OFFSET 0) AS l
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_user") AS s ON s.hk = l."hk_owner"
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_media") AS t ON t.hk = l."hk_media"
WHERE l.is_current
)
)
SELECT source, target, true AS in_force FROM now_in_force
UNION ALL
(SELECT s.bk::text, t.bk::text, false
FROM pairs AS p
JOIN "vault"."hub_user" AS s ON s.hk = p.source_hk
JOIN "vault"."hub_media" AS t ON t.hk = p.target_hk
EXCEPT SELECT source, target, false FROM now_in_force);

-- ═══ changes: FRIENDS_WITH
-- The pairs of one relation that may have come or gone, for the graph database to take (PostgreSQL). Unlogged: made anew by each sync.
-- Grain: a pair of nodes. `in_force`: the vault has it now; then with its properties. Inputs: relation, whole, back (of the
-- ends, source and target, those where a node came back: its relations come back with it).
-- Parameters: since_<event type> of each part: the first load that is not in the graph yet. Not `whole`: what was touched
-- since then is asked for again, key by key; whether the ends are alive the graph database knows, nodes go first.
CREATE UNLOGGED TABLE "graph"."changes_rel_friends_with" AS
WITH
own_keys_1 AS MATERIALIZED (
    SELECT driving_hk AS key FROM "vault"."eff_friend" WHERE load_ts >= %(since_friend)s
    UNION
    SELECT e.driving_hk FROM "vault"."link_friend" AS l
    JOIN "vault"."eff_friend" AS e ON e.lhk = l.lhk WHERE l."hk_user" IN (SELECT hk FROM "graph"."changes_node_user" WHERE ended AND in_force)
    GROUP BY 1
),
own_pairs_1 AS (
    SELECT DISTINCT l."hk_user" AS source_hk, l."hk_friend" AS target_hk FROM own_keys_1 AS k
    JOIN "vault"."eff_friend" AS e ON e.driving_hk = k.key
    JOIN "vault"."link_friend" AS l ON l.lhk = e.lhk
),
pairs AS MATERIALIZED (
    SELECT source_hk, target_hk FROM own_pairs_1
),
keys_1 AS MATERIALIZED (
    SELECT key FROM own_keys_1
),
now_in_force AS MATERIALIZED (
    (SELECT DISTINCT s.id AS source, t.id AS target
FROM keys_1 AS k
CROSS JOIN LATERAL (SELECT * FROM "vault"."v_eff_friend" AS v WHERE v.driving_hk = k.key OFFSET 0) AS l
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_user") AS s ON s.hk = l."hk_user"
JOIN (SELECT bk::text AS id, hk FROM "vault"."hub_user") AS t ON t.hk = l."hk_friend"
WHERE l.is_current
)
)
SELECT source, target, true AS in_force FROM now_in_force
UNION ALL
(SELECT s.bk::text, t.bk::text, false
FROM pairs AS p
JOIN "vault"."hub_user" AS s ON s.hk = p.source_hk
JOIN "vault"."hub_user" AS t ON t.hk = p.target_hk
EXCEPT SELECT source, target, false FROM now_in_force);

-- ═══ accounts
-- Nodes and relations as the vault has them now (PostgreSQL). Grain: a label or a type. Inputs: nodes, relations.
SELECT 'node' AS kind, 'User' AS name, count(*) AS n FROM "graph"."node_user"
UNION ALL SELECT 'node' AS kind, 'Post' AS name, count(*) AS n FROM "graph"."node_post"
UNION ALL SELECT 'node' AS kind, 'Media' AS name, count(*) AS n FROM "graph"."node_media"
UNION ALL SELECT 'node' AS kind, 'Community' AS name, count(*) AS n FROM "graph"."node_community"
UNION ALL SELECT 'relation', 'FRIENDS_WITH', count(*) FROM "graph"."rel_friends_with"
UNION ALL SELECT 'relation', 'POSTED', count(*) FROM "graph"."rel_posted"
UNION ALL SELECT 'relation', 'ATTACHED', count(*) FROM "graph"."rel_attached"
UNION ALL SELECT 'relation', 'REACTED', count(*) FROM "graph"."rel_reacted"
UNION ALL SELECT 'relation', 'SHARED', count(*) FROM "graph"."rel_shared"
UNION ALL SELECT 'relation', 'UPLOADED', count(*) FROM "graph"."rel_uploaded"
UNION ALL SELECT 'relation', 'PINNED', count(*) FROM "graph"."rel_pinned"
UNION ALL SELECT 'relation', 'SPONSORS', count(*) FROM "graph"."rel_sponsors"
UNION ALL SELECT 'relation', 'DONATED_TO', count(*) FROM "graph"."rel_donated_to";
