-- ═══ accounts in clickhouse
-- What the vault must hold (ClickHouse). Grain: a table of the vault. Inputs: the registry.
-- Each raw table is read once. `keys` counts a hub's keys over all event types that mention it, `n` everything else.
SELECT account.1 AS name, uniqExactIfMerge(account.2) + sum(account.3) AS n
FROM
(
    SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_user_account: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`user` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.sat_profile_person: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_profile_words: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_profile_contact: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`profile` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`friend_id`), ''), true), toUInt64(0)),
        ('vault.link_friend: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((least(ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`friend_id`), '')), greatest(ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`friend_id`), ''))), true))),
        ('vault.eff_friend: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`friend` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`follower_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`followee_id`), ''), true), toUInt64(0)),
        ('vault.link_follower: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`follower_id`), ''), ifNull(toString(r.`followee_id`), '')), true))),
        ('vault.eff_follower: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`follower` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`author_id`), ''), true), toUInt64(0)),
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), isNotNull(r.`community_id`) AND true), toUInt64(0)),
        ('vault.link_post_author: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`author_id`), '')), true))),
        ('vault.eff_post_author: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_post_community: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`community_id`), '')), isNotNull(r.`community_id`) AND true))),
        ('vault.eff_post_community: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_post_content: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`post` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_comment: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`comment_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`author_id`), ''), true), toUInt64(0)),
        ('vault.hub_comment: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`parent_id`), ''), isNotNull(r.`parent_id`) AND true), toUInt64(0)),
        ('vault.link_comment_post: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`comment_id`), ''), ifNull(toString(r.`post_id`), '')), true))),
        ('vault.eff_comment_post: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_comment_author: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`comment_id`), ''), ifNull(toString(r.`author_id`), '')), true))),
        ('vault.eff_comment_author: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_comment_parent: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`comment_id`), ''), ifNull(toString(r.`parent_id`), '')), isNotNull(r.`parent_id`) AND true))),
        ('vault.eff_comment_parent: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_comment_content: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`comment` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.link_reaction: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`post_id`), '')), true))),
        ('vault.eff_reaction: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_reaction_feeling: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`reaction` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.link_like: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`post_id`), '')), true))),
        ('vault.eff_like: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`like` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.link_share: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`share` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.link_post_view: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`post_view` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_media: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`media_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`owner_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), isNotNull(r.`post_id`) AND true), toUInt64(0)),
        ('vault.link_media_owner: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`owner_id`), '')), true))),
        ('vault.eff_media_owner: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.link_media_post: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`media_id`), ''), ifNull(toString(r.`post_id`), '')), isNotNull(r.`post_id`) AND true))),
        ('vault.eff_media_post: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_media_file: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`media` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`founder_id`), ''), true), toUInt64(0)),
        ('vault.link_community_founder: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`community_id`), ''), ifNull(toString(r.`founder_id`), '')), true))),
        ('vault.eff_community_founder: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_community_card: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_community_rules: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`community` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.link_group_member: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`community_id`), '')), true))),
        ('vault.sat_group_member_membership: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`group_member` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`user_id`), ''), true), toUInt64(0)),
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.link_group_moderator: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`user_id`), ''), ifNull(toString(r.`community_id`), '')), true))),
        ('vault.eff_group_moderator: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`group_moderator` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`moderator_id`), ''), true), toUInt64(0)),
        ('vault.link_pinned_post: distinct combinations in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(r.`community_id`), ''), ifNull(toString(r.`post_id`), ''), ifNull(toString(r.`moderator_id`), '')), true))),
        ('vault.eff_pinned_post: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('vault.sat_pinned_post_pin: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`pinned_post` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_user: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`reporter_id`), ''), true), toUInt64(0)),
        ('vault.hub_post: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`post_id`), ''), true), toUInt64(0)),
        ('vault.hub_community: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`community_id`), ''), isNotNull(r.`community_id`) AND true), toUInt64(0)),
        ('vault.link_report: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`report` AS r FINAL
)
WHERE name != ''
GROUP BY name;

-- ═══ accounts in postgres
-- What the vault holds (PostgreSQL). Grain: a table of the vault. Inputs: the registry.
select 'vault.hub_user: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_user"
union all select 'vault.hub_post: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_post"
union all select 'vault.hub_comment: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_comment"
union all select 'vault.hub_media: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_media"
union all select 'vault.hub_community: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_community"
union all select 'vault.sat_user_account: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_user_account"
union all select 'vault.sat_profile_person: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_profile_person"
union all select 'vault.sat_profile_words: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_profile_words"
union all select 'vault.sat_profile_contact: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_profile_contact"
union all select 'vault.link_friend: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_friend"
union all select 'vault.eff_friend: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_friend"
union all select 'vault.link_follower: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_follower"
union all select 'vault.eff_follower: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_follower"
union all select 'vault.link_post_author: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_post_author"
union all select 'vault.eff_post_author: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_post_author"
union all select 'vault.link_post_community: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_post_community"
union all select 'vault.eff_post_community: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_post_community"
union all select 'vault.sat_post_content: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_post_content"
union all select 'vault.link_comment_post: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_comment_post"
union all select 'vault.eff_comment_post: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_comment_post"
union all select 'vault.link_comment_author: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_comment_author"
union all select 'vault.eff_comment_author: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_comment_author"
union all select 'vault.link_comment_parent: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_comment_parent"
union all select 'vault.eff_comment_parent: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_comment_parent"
union all select 'vault.sat_comment_content: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_comment_content"
union all select 'vault.link_reaction: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_reaction"
union all select 'vault.eff_reaction: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_reaction"
union all select 'vault.sat_reaction_feeling: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_reaction_feeling"
union all select 'vault.link_like: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_like"
union all select 'vault.eff_like: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_like"
union all select 'vault.link_share: distinct events in raw = rows' as name, count(*) as n from "vault"."link_share"
union all select 'vault.link_post_view: distinct events in raw = rows' as name, count(*) as n from "vault"."link_post_view"
union all select 'vault.link_media_owner: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_media_owner"
union all select 'vault.eff_media_owner: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_media_owner"
union all select 'vault.link_media_post: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_media_post"
union all select 'vault.eff_media_post: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_media_post"
union all select 'vault.sat_media_file: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_media_file"
union all select 'vault.link_community_founder: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_community_founder"
union all select 'vault.eff_community_founder: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_community_founder"
union all select 'vault.sat_community_card: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_community_card"
union all select 'vault.sat_community_rules: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_community_rules"
union all select 'vault.link_group_member: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_group_member"
union all select 'vault.sat_group_member_membership: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_group_member_membership"
union all select 'vault.link_group_moderator: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_group_moderator"
union all select 'vault.eff_group_moderator: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_group_moderator"
union all select 'vault.link_pinned_post: distinct combinations in raw = rows' as name, count(*) as n from "vault"."link_pinned_post"
union all select 'vault.eff_pinned_post: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_pinned_post"
union all select 'vault.sat_pinned_post_pin: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_pinned_post_pin"
union all select 'vault.link_report: distinct events in raw = rows' as name, count(*) as n from "vault"."link_report";
