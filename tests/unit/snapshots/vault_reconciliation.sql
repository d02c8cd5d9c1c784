-- ═══ reconciliation in clickhouse
-- What the vault must hold (ClickHouse). Grain: a table of the vault. Inputs: the registry. Parameters: end_<PIT>.
-- Each raw table is read once. `keys` counts a hub's keys over all event types that mention it, `n` everything else.
SELECT check.1 AS name, uniqExactIfMerge(check.2) + sum(check.3) AS n
FROM
(
    SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_user_account: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`user` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_user_profile_person: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_user_profile_words: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_user_profile_contact: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`user_profile` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_user_badges_badge: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`user_badges` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`friend_id`), ''), true), toUInt64(0)),
        ('vault.link_friend: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((least(ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`friend_id`), '')), greatest(ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`friend_id`), ''))), true))),
        ('vault.eff_friend: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`friend` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.pit_post: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), r.event_time < {end_pit_post:DateTime64(6, 'UTC')} AND true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`author_id`), ''), true), toUInt64(0)),
        ('vault.hub_media: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`media_id`), ''), true), toUInt64(0)),
        ('vault.link_story_author: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`author_id`), '')), true))),
        ('vault.eff_story_author: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_story_media: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`media_id`), '')), true))),
        ('vault.eff_story_media: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_story_story: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`story` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.pit_post: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), r.event_time < {end_pit_post:DateTime64(6, 'UTC')} AND true), toUInt64(0)),
        ('vault.link_reaction: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`post_id`), '')), true))),
        ('vault.eff_reaction: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_reaction_feeling: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`reaction` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.pit_post: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), r.event_time < {end_pit_post:DateTime64(6, 'UTC')} AND true), toUInt64(0)),
        ('vault.link_share: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`share` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_media: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`media_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`owner_id`), ''), true), toUInt64(0)),
        ('vault.hub_album: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`album_id`), ''), isNotNull(r.`album_id`) AND true), toUInt64(0)),
        ('vault.link_photo_owner: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`owner_id`), '')), true))),
        ('vault.eff_photo_owner: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_photo_album: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`album_id`), '')), isNotNull(r.`album_id`) AND true))),
        ('vault.eff_photo_album: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_photo_file: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`photo` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.pit_post: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), r.event_time < {end_pit_post:DateTime64(6, 'UTC')} AND true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`moderator_id`), ''), true), toUInt64(0)),
        ('vault.link_pinned_post: distinct combinations in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`community_id`), ''), ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`moderator_id`), '')), true))),
        ('vault.eff_pinned_post: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_pinned_post_pin: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`pinned_post` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`sponsor_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`creator_id`), ''), true), toUInt64(0)),
        ('vault.link_sponsorship: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`sponsor_id`), ''), ifNull(toString(r.`creator_id`), '')), true))),
        ('vault.sat_sponsorship_terms: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`sponsorship` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`donor_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`creator_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), isNotNull(r.`post_id`) AND true), toUInt64(0)),
        ('vault.pit_post: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), r.event_time < {end_pit_post:DateTime64(6, 'UTC')} AND isNotNull(r.`post_id`) AND true), toUInt64(0)),
        ('vault.link_donation: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`donation` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_user_status_presence: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`user_status` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_media: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`media_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`owner_id`), ''), true), toUInt64(0)),
        ('vault.hub_album: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`album_id`), ''), isNotNull(r.`album_id`) AND true), toUInt64(0)),
        ('vault.link_video_owner: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`owner_id`), '')), true))),
        ('vault.eff_video_owner: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_video_album: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`album_id`), '')), isNotNull(r.`album_id`) AND true))),
        ('vault.eff_video_album: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_video_file: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`video` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_album: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`album_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`owner_id`), ''), true), toUInt64(0)),
        ('vault.link_album_owner: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`album_id`), ''), ifNull(toString(r.`owner_id`), '')), true))),
        ('vault.eff_album_owner: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_album_card: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`album` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`founder_id`), ''), true), toUInt64(0)),
        ('vault.link_community_founder: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`community_id`), ''), ifNull(toString(r.`founder_id`), '')), true))),
        ('vault.eff_community_founder: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_community_card: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_community_rules: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`community` AS r FINAL
)
WHERE name != ''
GROUP BY name;

-- ═══ reconciliation in postgres
-- What the vault holds (PostgreSQL). Grain: a table of the vault. Inputs: the registry.
select 'vault.hub_user: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_user"
union all select 'vault.hub_post: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_post"
union all select 'vault.hub_media: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_media"
union all select 'vault.hub_album: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_album"
union all select 'vault.hub_community: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_community"
union all select 'vault.sat_user_account: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_account"
union all select 'vault.sat_user_profile_person: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_profile_person"
union all select 'vault.sat_user_profile_words: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_profile_words"
union all select 'vault.sat_user_profile_contact: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_profile_contact"
union all select 'vault.sat_user_badges_badge: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_badges_badge"
union all select 'vault.link_friend: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_friend"
union all select 'vault.eff_friend: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_friend"
union all select 'vault.link_story_author: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_story_author"
union all select 'vault.eff_story_author: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_story_author"
union all select 'vault.link_story_media: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_story_media"
union all select 'vault.eff_story_media: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_story_media"
union all select 'vault.sat_story_story: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_story_story"
union all select 'vault.link_reaction: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_reaction"
union all select 'vault.eff_reaction: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_reaction"
union all select 'vault.sat_reaction_feeling: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_reaction_feeling"
union all select 'vault.link_share: distinct events in raw = rows' as name, count(*) as n from "vault"."link_share"
union all select 'vault.link_photo_owner: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_photo_owner"
union all select 'vault.eff_photo_owner: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_photo_owner"
union all select 'vault.link_photo_album: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_photo_album"
union all select 'vault.eff_photo_album: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_photo_album"
union all select 'vault.sat_photo_file: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_photo_file"
union all select 'vault.link_pinned_post: distinct combinations in raw = rows' as name, count(*) as n from "vault"."link_pinned_post"
union all select 'vault.eff_pinned_post: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_pinned_post"
union all select 'vault.sat_pinned_post_pin: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_pinned_post_pin"
union all select 'vault.link_sponsorship: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_sponsorship"
union all select 'vault.sat_sponsorship_terms: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_sponsorship_terms"
union all select 'vault.link_donation: distinct events in raw = rows' as name, count(*) as n from "vault"."link_donation"
union all select 'vault.sat_user_status_presence: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_status_presence"
union all select 'vault.link_video_owner: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_video_owner"
union all select 'vault.eff_video_owner: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_video_owner"
union all select 'vault.link_video_album: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_video_album"
union all select 'vault.eff_video_album: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_video_album"
union all select 'vault.sat_video_file: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_video_file"
union all select 'vault.link_album_owner: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_album_owner"
union all select 'vault.eff_album_owner: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_album_owner"
union all select 'vault.sat_album_card: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_album_card"
union all select 'vault.link_community_founder: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_community_founder"
union all select 'vault.eff_community_founder: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_community_founder"
union all select 'vault.sat_community_card: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_community_card"
union all select 'vault.sat_community_rules: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_community_rules";
