-- ═══ trust
SELECT count() AS runs, (SELECT min(checked_at) FROM ops.v_checks) AS last FROM ops.v_quality_runs;
