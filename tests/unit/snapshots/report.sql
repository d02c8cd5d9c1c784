-- ═══ trust
SELECT count() AS runs, max(checked_at) AS last FROM ops.v_quality_runs;
