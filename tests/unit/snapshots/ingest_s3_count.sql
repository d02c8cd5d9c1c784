-- ═══ ingest: s3_count
-- Lines of one S3 object as ClickHouse reads it: for an object that is compressed in a way that only ClickHouse decodes, and to have the
-- engine's own words about one that can't be read. Lands nothing.
-- Inputs: filename (as s3() takes it), path (with the bucket in front, as _path gives it). Grain: one row.
SELECT count() AS lines
FROM s3(s3_events, filename = {filename:String}, format = 'LineAsString')
WHERE _path = {path:String}
SETTINGS s3_request_timeout_ms = 30000, s3_connect_timeout_ms = 5000, s3_max_single_read_retries = 3, s3_retry_attempts = 5, use_hive_partitioning = 0, use_cache_for_count_from_files = 0;
