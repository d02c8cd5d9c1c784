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

-- ═══ PostgreSQL: table vault.hub_comment
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_comment" (
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

-- ═══ PostgreSQL: table vault.hub_community
-- One hub (PostgreSQL). Grain: one business key, from whichever event type mentioned it first. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_community" (
    hk uuid primary key,
    bk uuid not null,
    load_ts timestamptz not null,
    record_source text not null
);

-- ═══ PostgreSQL: view vault.v_hub_user
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sat (SatSpec of its owner).
-- is_declared: the owner (User) said something of it; is_deleted: the newest thing it said was op=delete.
create or replace view "vault"."v_hub_user" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_user" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_user_account"
    order by hk, event_time desc, event_id desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_post
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sat (SatSpec of its owner).
-- is_declared: the owner (Post) said something of it; is_deleted: the newest thing it said was op=delete.
create or replace view "vault"."v_hub_post" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_post" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_post_content"
    order by hk, event_time desc, event_id desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_comment
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sat (SatSpec of its owner).
-- is_declared: the owner (Comment) said something of it; is_deleted: the newest thing it said was op=delete.
create or replace view "vault"."v_hub_comment" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_comment" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_comment_content"
    order by hk, event_time desc, event_id desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_media
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sat (SatSpec of its owner).
-- is_declared: the owner (Media) said something of it; is_deleted: the newest thing it said was op=delete.
create or replace view "vault"."v_hub_media" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_media" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_media_file"
    order by hk, event_time desc, event_id desc
) s on s.hk = h.hk;

-- ═══ PostgreSQL: view vault.v_hub_community
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sat (SatSpec of its owner).
-- is_declared: the owner (Community) said something of it; is_deleted: the newest thing it said was op=delete.
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

-- ═══ PostgreSQL: view graph.node_comment
CREATE OR REPLACE VIEW "graph"."node_comment" AS
SELECT bk::text AS id, hk
FROM "vault"."v_hub_comment"
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

-- ═══ PostgreSQL: view graph.rel_follows
CREATE OR REPLACE VIEW "graph"."rel_follows" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_follower" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_follower"
JOIN "graph"."node_user" AS t ON t.hk = l."hk_followee"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_posted
CREATE OR REPLACE VIEW "graph"."rel_posted" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_post_author" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_author"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_published_in
CREATE OR REPLACE VIEW "graph"."rel_published_in" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_post_community" AS l
JOIN "graph"."node_post" AS s ON s.hk = l."hk_post"
JOIN "graph"."node_community" AS t ON t.hk = l."hk_community"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_commented
CREATE OR REPLACE VIEW "graph"."rel_commented" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_comment_author" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_author"
JOIN "graph"."node_comment" AS t ON t.hk = l."hk_comment"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_on_post
CREATE OR REPLACE VIEW "graph"."rel_on_post" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_comment_post" AS l
JOIN "graph"."node_comment" AS s ON s.hk = l."hk_comment"
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

-- ═══ PostgreSQL: view graph.rel_liked
CREATE OR REPLACE VIEW "graph"."rel_liked" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_like" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_shared
CREATE OR REPLACE VIEW "graph"."rel_shared" AS
SELECT DISTINCT ON (s.id, t.id) s.id AS source, t.id AS target, l."kind"
FROM "vault"."link_share" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
ORDER BY s.id, t.id, l.event_time DESC, l.event_id DESC;

-- ═══ PostgreSQL: view graph.rel_attached
CREATE OR REPLACE VIEW "graph"."rel_attached" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_media_post" AS l
JOIN "graph"."node_media" AS s ON s.hk = l."hk_media"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_member_of
CREATE OR REPLACE VIEW "graph"."rel_member_of" AS
SELECT DISTINCT ON (s.id, t.id) s.id AS source, t.id AS target, "sat_group_member_membership"."rank"
FROM "vault"."link_group_member" AS l
JOIN "vault"."v_sat_group_member_membership" AS f ON f.hk = l.lhk AND f.is_current AND f.is_deleted IS NOT TRUE
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_community" AS t ON t.hk = l."hk_community"
LEFT JOIN "vault"."v_sat_group_member_membership" AS "sat_group_member_membership"
  ON "sat_group_member_membership".hk = l."lhk" AND "sat_group_member_membership".is_current
ORDER BY s.id, t.id, f.valid_from DESC, l.lhk;

-- ═══ PostgreSQL: view graph.rel_moderates
CREATE OR REPLACE VIEW "graph"."rel_moderates" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_group_moderator" AS l
JOIN "graph"."node_user" AS s ON s.hk = l."hk_user"
JOIN "graph"."node_community" AS t ON t.hk = l."hk_community"
WHERE l.is_current;

-- ═══ PostgreSQL: view graph.rel_pinned
CREATE OR REPLACE VIEW "graph"."rel_pinned" AS
SELECT DISTINCT s.id AS source, t.id AS target
FROM "vault"."v_eff_pinned_post" AS l
JOIN "graph"."node_community" AS s ON s.hk = l."hk_community"
JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"
WHERE l.is_current;
