"""The engine's configuration files, written at each start: Kafka client, pools, limits, and what each role may do.

The reader's rights and limits are those of clickhouse/users.d, the server's file: read from it, so that they are written
once. chDB has one user, so here they belong to a role and to a profile that the front gives to the reader's connections.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path

from clickvault.resources import CLICKHOUSE

SERVER_USERS = CLICKHOUSE / "users.d" / "clickvault.xml"

# librdkafka: found by measurement, docs/embedded.md. A fixed group_instance_id takes half a second instead of eleven to
# start consuming again after a kill -9, and asks for one consumer a table.
_SERVER = """\
<clickhouse>
    <logger><level>warning</level></logger>
    <users_config>{users}</users_config>
    <timezone>UTC</timezone>
    <async_load_databases>false</async_load_databases>
    <max_server_memory_usage_to_ram_ratio>0.7</max_server_memory_usage_to_ram_ratio>
    <mark_cache_size>268435456</mark_cache_size>
    <background_pool_size>4</background_pool_size>
    <background_message_broker_schedule_pool_size>16</background_message_broker_schedule_pool_size>
    <kafka>
        <isolation_level>read_committed</isolation_level>
        <session_timeout_ms>6000</session_timeout_ms>
        <group_instance_id>clickvault</group_instance_id>
        <topic_metadata_refresh_interval_ms>2000</topic_metadata_refresh_interval_ms>
        <reconnect_backoff_max_ms>1000</reconnect_backoff_max_ms>
        <statistics_interval_ms>1000</statistics_interval_ms>
    </kafka>
</clickhouse>
"""

# A SELECT on a queue takes messages from the pipeline, so no login may allow it. implicit_select is a convenience of
# clickhouse-local that no server has. Tables are partitioned by month and events come from 2000 on, so a block may touch
# hundreds of partitions; at the engine's limit of 100 the block is refused, and the Kafka engine, which takes this
# profile too, would read the same messages again for ever. A server asks for no right to make the external tables of a
# request; here the reader's are made in a role that may do that and nothing else. Statements are checked in ClickHouse's own language, so no
# login may change it. readonly stands here so that the reader, for whom it is fixed, can't take this profile.
_USERS = """\
<clickhouse>
    <profiles>
        <default>
            <readonly>0</readonly>
            <implicit_select>0</implicit_select>
            <max_partitions_per_insert_block>0</max_partitions_per_insert_block>
            <allow_introspection_functions>0</allow_introspection_functions>
            <allow_custom_error_code_in_throwif>1</allow_custom_error_code_in_throwif>
            <constraints>
                <stream_like_engine_allow_direct_select><const/></stream_like_engine_allow_direct_select>
                <implicit_select><const/></implicit_select>
                <dialect><const/></dialect>
            </constraints>
        </default>
    </profiles>
    <users>
        <default>
            <password></password>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT owner</query>
                <query>GRANT reader</query>
                <query>GRANT external</query>
            </grants>
        </default>
    </users>
    <roles>
        <owner><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></owner>
        <external><grants><query>GRANT CREATE TEMPORARY TABLE ON *.*</query></grants></external>
    </roles>
    <quotas><default/></quotas>
</clickhouse>
"""

# The engine in a process lets every user read `system`, where a server asks for a grant. So a row policy refuses what the
# reader of a server may not read, with the server's code. These tables a server opens to all: constants, what hides rows
# by the user's rights, and what is the session's own.
_SYSTEM = [
    "aggregate_function_combinators",
    "collations",
    "columns",
    "contributors",
    "current_roles",
    "data_type_families",
    "database_engines",
    "databases",
    "enabled_roles",
    "formats",
    "functions",
    "licenses",
    "one",
    "privileges",
    "quota_usage",
    "settings",
    "table_engines",
    "table_functions",
    "tables",
    "time_zones",
]
_REFUSED = "throwIf(NOT has(currentRoles(), 'owner'), 'Not enough privileges', 497::Int16) = 0"

# For all users together, who are one user here: the front counts the reader's queries itself.
_OF_ALL_USERS = "max_concurrent_queries_for_user"


def reader_settings() -> dict[str, str]:
    """The settings that each of the reader's connections begins with: its profile in the server's file.

    No more threads than the machine has cores: with more, a few queries of the reader would leave the owner none.
    """
    profile = {
        setting.tag: setting.text or ""
        for setting in _reader("profiles")
        if isinstance(setting.tag, str) and setting.tag not in ("constraints", _OF_ALL_USERS)
    }
    return {**profile, "max_threads": str(min(int(profile["max_threads"]), os.cpu_count() or 1))}


def fixed_settings() -> set[str]:
    """The settings that the reader may not change; with them what the limits are lifted by."""
    constraints = _reader("profiles").find("constraints")
    assert constraints is not None
    return {"profile", "readonly", *(setting.tag for setting in constraints if setting.find("const") is not None)}


def write(folder: Path) -> Path:
    """Write both files into a folder; the path of the main one."""
    users = folder / "users.xml"
    users.write_text(_users(), encoding="utf-8")
    server = folder / "config.xml"
    server.write_text(_SERVER.format(users=users), encoding="utf-8")
    return server


def _users() -> str:
    root = ET.fromstring(_USERS)
    grants = _reader("users").find("grants")
    roles, profiles, user = root.find("roles"), root.find("profiles"), root.find("users/default")
    assert grants is not None
    assert roles is not None
    assert profiles is not None
    assert user is not None
    ET.SubElement(roles, "reader").append(grants)
    profile = _reader("profiles")
    for setting in profile.findall(_OF_ALL_USERS):
        profile.remove(setting)
    profiles.append(profile)
    system = ET.SubElement(ET.SubElement(user, "databases"), "system")
    for table, condition in (("", _REFUSED), *((name, "1") for name in _SYSTEM)):
        ET.SubElement(ET.SubElement(system, "table", name=table), "filter").text = condition
    return ET.tostring(root, encoding="unicode")


def _reader(section: str) -> ET.Element:
    found = ET.parse(SERVER_USERS).getroot().find(f"{section}/reader")
    assert found is not None, f"{SERVER_USERS} has no reader in {section}"
    return found
