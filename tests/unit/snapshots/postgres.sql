-- ═══ PostgreSQL: table vault.hub_user
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_user" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_post
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_post" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_media
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_media" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_album
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_album" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_community
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_community" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.seen_post
-- When a hub's keys were first heard of (PostgreSQL): by any event that mentions them, declared or not. Inputs: hub, sats (SatSpec
-- on the hub). Insert-only: an earlier mention that comes later is another row, and the earliest counts.
-- Grain: a key, a time that was the earliest when it was loaded.
create table if not exists "vault"."seen_post" (
    hk uuid not null,
    event_time timestamptz not null,
    load_ts timestamptz not null,
    primary key (hk, event_time)
);
-- Keys from before this table: since their satellites speak, or else since they were loaded.
insert into "vault"."seen_post" (hk, event_time, load_ts)
select h.hk, coalesce(min(o.event_time), h.load_ts), h.load_ts
from "vault"."hub_post" h
left join (
    select hk, event_time from "vault"."sat_story_story"
) o on o.hk = h.hk
where not exists (select from "vault"."seen_post" s where s.hk = h.hk)
group by h.hk, h.load_ts;

-- ═══ PostgreSQL: table vault.pit_post
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a key that was heard of by its end. <satellite>_time and _id: with hk, the key of the version in force in that
-- satellite, or the ghost record's ('1900-01-01', zero id) where it says nothing yet.
create table if not exists "vault"."pit_post" (
    as_of date not null,
    "hk" uuid not null,
    primary key (as_of, "hk")
);
alter table "vault"."pit_post" add column if not exists "story_story_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_post" add column if not exists "story_story_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'pit_post';
delete from "vault"."pit_post";

-- ═══ PostgreSQL: table vault.bridge_context
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a key of post that had a partner at its end (author, media); the zero id: none in that role.
create table if not exists "vault"."bridge_context" (
    as_of date not null,
    "hk_post" uuid not null,
    primary key (as_of, "hk_post")
);
alter table "vault"."bridge_context" add column if not exists "lhk_author" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_context" add column if not exists "hk_author" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_context" add column if not exists "lhk_media" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_context" add column if not exists "hk_media" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'bridge_context';
delete from "vault"."bridge_context";

-- ═══ PostgreSQL: table vault.bridge_feelings
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a pair of reaction that was in force at its end; <satellite>_time and _id as in a PIT.
create table if not exists "vault"."bridge_feelings" (
    as_of date not null,
    "lhk" uuid not null,
    primary key (as_of, "lhk")
);
alter table "vault"."bridge_feelings" add column if not exists "hk_user" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_feelings" add column if not exists "hk_post" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_feelings" add column if not exists "reaction_feeling_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."bridge_feelings" add column if not exists "reaction_feeling_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'bridge_feelings';
delete from "vault"."bridge_feelings";

-- ═══ PostgreSQL: view vault.v_hub_user
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (User) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_user" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_user" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_user_account"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_post
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Story) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_post" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_post" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_story_story"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_media
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Photo, Video) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_media" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_media" h
left join (
    select distinct on (hk) hk, is_deleted
    from (
        select hk, event_time, source_order, is_deleted from "vault"."sat_photo_file"
        union all select hk, event_time, source_order, is_deleted from "vault"."sat_video_file"
    ) said
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_album
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Album) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_album" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_album" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_album_card"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_community
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Community) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_community" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_community" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_community_card"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_pit_post
-- A hub as it was at the end of each day (PostgreSQL). Grain: as its PIT. Inputs: s (SnapshotSpec).
-- Attributes as <event type>_<field>, NULL where their satellite says nothing yet; the members of a list as JSON.
-- is_declared: an owner (sat_story_story) said something of the key; is_deleted: what they said last was op=delete.
create or replace view "vault"."v_pit_post" as
select
    p.as_of, p.hk, h.bk,
    "sat_story_story".hk is not null as is_declared,
    coalesce("sat_story_story".is_deleted, false) as is_deleted
    , "sat_story_story"."audience" as "story_audience"
    , "sat_story_story"."expires_at" as "story_expires_at"
from "vault"."pit_post" p
join "vault"."hub_post" h on h.hk = p.hk
left join "vault"."sat_story_story" "sat_story_story" on "sat_story_story".hk = p.hk
    and "sat_story_story".event_time = p."story_story_time" and "sat_story_story".event_id = p."story_story_id"
;

-- ═══ PostgreSQL: view vault.v_bridge_context
-- A bridge with its business keys (PostgreSQL). Grain: as its bridge. Inputs: s (SnapshotSpec).
create or replace view "vault"."v_bridge_context" as
select
    b.as_of
    , b."hk_post", h.bk as "bk_post"
    , b."hk_author", h1.bk as "bk_author"
    , b."hk_media", h2.bk as "bk_media"
from "vault"."bridge_context" b
join "vault"."hub_post" h on h.hk = b."hk_post"
left join "vault"."hub_user" h1 on h1.hk = b."hk_author"
left join "vault"."hub_media" h2 on h2.hk = b."hk_media"
;

-- ═══ PostgreSQL: view vault.v_bridge_feelings
-- A bridge with its business keys and attributes (PostgreSQL). Grain: as its bridge. Inputs: s (SnapshotSpec).
create or replace view "vault"."v_bridge_feelings" as
select
    b.as_of
    , b.lhk
    , b."hk_user", h1.bk as "bk_user"
    , b."hk_post", h2.bk as "bk_post"
    , "sat_reaction_feeling"."reaction" as "reaction"
from "vault"."bridge_feelings" b
left join "vault"."hub_user" h1 on h1.hk = b."hk_user"
left join "vault"."hub_post" h2 on h2.hk = b."hk_post"
left join "vault"."sat_reaction_feeling" "sat_reaction_feeling" on "sat_reaction_feeling".hk = b.lhk
    and "sat_reaction_feeling".event_time = b."reaction_feeling_time" and "sat_reaction_feeling".event_id = b."reaction_feeling_id"
;

-- ═══ PostgreSQL: table vault.sat_user_centrality
CREATE TABLE IF NOT EXISTS "vault"."sat_user_centrality" (
    hk uuid NOT NULL, -- of vault.hub_user
    as_of date NOT NULL,
    relation text NOT NULL,
    "degree" bigint NOT NULL,
    "in_degree" bigint NOT NULL,
    "out_degree" bigint NOT NULL,
    "pagerank" double precision NOT NULL,
    "betweenness" double precision NOT NULL,
    "closeness" double precision NOT NULL,
    "harmonic" double precision NOT NULL,
    "clustering" double precision NOT NULL,
    "triangles" bigint NOT NULL,
    "core" bigint NOT NULL,
    "component" bigint NOT NULL,
    "community" bigint NOT NULL,
    load_ts timestamptz NOT NULL DEFAULT now(),
    record_source text NOT NULL DEFAULT 'graph',
    PRIMARY KEY (hk, as_of, relation)
);

-- ═══ PostgreSQL: file vault.sat_user_centrality_day
CREATE INDEX IF NOT EXISTS "sat_user_centrality_day" ON "vault"."sat_user_centrality" (as_of, relation);

-- ═══ PostgreSQL: file graph
CREATE SCHEMA IF NOT EXISTS graph;

-- ═══ PostgreSQL: view graph.node_user
CREATE OR REPLACE VIEW "graph"."node_user" AS
SELECT bk::text AS id, hk
FROM "vault"."v_hub_user"
WHERE is_deleted IS NOT TRUE;

-- ═══ PostgreSQL: view graph.node_post
CREATE OR REPLACE VIEW "graph"."node_post" AS
SELECT bk::text AS id, hk
FROM "vault"."v_hub_post"
WHERE is_deleted IS NOT TRUE;

-- ═══ PostgreSQL: view graph.node_media
CREATE OR REPLACE VIEW "graph"."node_media" AS
SELECT bk::text AS id, hk
FROM "vault"."v_hub_media"
WHERE is_deleted IS NOT TRUE;

-- ═══ PostgreSQL: view graph.node_community
CREATE OR REPLACE VIEW "graph"."node_community" AS
SELECT bk::text AS id, hk
FROM "vault"."v_hub_community"
WHERE is_deleted IS NOT TRUE;

-- ═══ PostgreSQL: view graph.rel_friends_with
CREATE OR REPLACE VIEW "graph"."rel_friends_with" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_friend" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_user" AS t ON t.hk = l."hk_friend"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_posted
CREATE OR REPLACE VIEW "graph"."rel_posted" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_story_author" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_author"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_attached
CREATE OR REPLACE VIEW "graph"."rel_attached" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_story_media" AS l
JOIN "graph"."node_media" AS s ON s.hk = l."hk_media"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_reacted
CREATE OR REPLACE VIEW "graph"."rel_reacted" AS
SELECT DISTINCT ON (s.id, t.id) s.id AS source, t.id AS target, "sat_reaction_feeling"."reaction"
FROM "vault"."v_eff_reaction" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
LEFT JOIN "vault"."v_sat_reaction_feeling" AS "sat_reaction_feeling"
  ON "sat_reaction_feeling".hk = l."lhk" AND "sat_reaction_feeling".is_current
WHERE l.is_current
ORDER BY s.id, t.id, l.valid_from DESC, l.lhk;

-- ═══ PostgreSQL: view graph.rel_shared
CREATE OR REPLACE VIEW "graph"."rel_shared" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."link_share" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post";

-- ═══ PostgreSQL: view graph.rel_uploaded
CREATE OR REPLACE VIEW "graph"."rel_uploaded" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_photo_owner" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_owner"
JOIN "graph"."node_media" AS t ON t.hk = l."hk_media"
WHERE l.is_current
UNION
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_video_owner" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_owner"
JOIN "graph"."node_media" AS t ON t.hk = l."hk_media"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_pinned
CREATE OR REPLACE VIEW "graph"."rel_pinned" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_pinned_post" AS l
JOIN "graph"."node_community" AS s ON s.hk = l."hk_community"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_sponsors
CREATE OR REPLACE VIEW "graph"."rel_sponsors" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."link_sponsorship" AS l
JOIN "vault"."v_sat_sponsorship_terms" AS f ON f.hk = l.lhk AND f.is_current AND f.is_deleted IS NOT TRUE
JOIN "graph"."node_user" AS s ON s.hk = l."hk_sponsor"
JOIN "graph"."node_user" AS t ON t.hk = l."hk_creator";

-- ═══ PostgreSQL: view graph.rel_donated_to
CREATE OR REPLACE VIEW "graph"."rel_donated_to" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."link_donation" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_donor"
JOIN "graph"."node_user" AS t ON t.hk = l."hk_creator";
