-- ═══ PostgreSQL: table vault.hub_user
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_user" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_post
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_post" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_media
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_media" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_album
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_album" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: table vault.hub_community
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_community" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: view vault.v_hub_user
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (User) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_user" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_user" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_user_account"
    order by hk, event_time desc, event_id desc
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
    order by hk, event_time desc, event_id desc
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
        select hk, event_time, event_id, is_deleted from "vault"."sat_photo_file"
        union all select hk, event_time, event_id, is_deleted from "vault"."sat_video_file"
    ) said
    order by hk, event_time desc, event_id desc
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
    order by hk, event_time desc, event_id desc
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
    order by hk, event_time desc, event_id desc
) s on s.hk = h.hk;

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
