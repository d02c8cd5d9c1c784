-- ═══ ingest: s3_count
-- Lines of the S3 objects that are about to be loaded: what "sent" is measured by.
-- Inputs: paths Array(String), with the bucket in front, as _path gives them. Grain: one row an object.
SELECT _path AS path, count() AS lines
FROM s3(s3_events, filename = 'events/**', format = 'LineAsString')
WHERE has({paths:Array(String)}, _path)
GROUP BY path;
