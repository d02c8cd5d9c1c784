"""The engine's configuration files, written at each start: Kafka client, pools, limits, what no login may change."""

from __future__ import annotations

from pathlib import Path

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
# profile too, would read the same messages again for ever.
_USERS = """\
<clickhouse>
    <profiles>
        <default>
            <implicit_select>0</implicit_select>
            <max_partitions_per_insert_block>0</max_partitions_per_insert_block>
            <allow_introspection_functions>0</allow_introspection_functions>
            <constraints>
                <stream_like_engine_allow_direct_select><const/></stream_like_engine_allow_direct_select>
                <implicit_select><const/></implicit_select>
            </constraints>
        </default>
    </profiles>
    <users>
        <default>
            <password></password>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <access_management>0</access_management>
            <named_collection_control>1</named_collection_control>
        </default>
    </users>
    <quotas><default/></quotas>
</clickhouse>
"""


def write(folder: Path) -> Path:
    """Write both files into a folder; the path of the main one."""
    users = folder / "users.xml"
    users.write_text(_USERS, encoding="utf-8")
    server = folder / "config.xml"
    server.write_text(_SERVER.format(users=users), encoding="utf-8")
    return server
