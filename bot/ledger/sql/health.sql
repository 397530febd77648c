-- name: runs(database, since)
-- What was stored since then, and of each kind the newest one from before.
SELECT backup_type AS kind, snapshot_at, finished_at, file_size_bytes AS size_bytes,
    extract(epoch FROM finished_at - started_at)::double precision AS seconds
FROM backup_log
WHERE database = :database AND state = 'stored' AND snapshot_at >= :since
    AND backup_type IN ('full', 'critical', 'schema', 'safety')
UNION ALL
SELECT kind, newest.*
FROM unnest(ARRAY['full', 'critical', 'schema', 'safety']) AS kind
CROSS JOIN LATERAL (
    SELECT snapshot_at, finished_at, file_size_bytes,
        extract(epoch FROM finished_at - started_at)::double precision
    FROM backup_log
    WHERE database = :database AND state = 'stored' AND snapshot_at < :since AND backup_type = kind
    ORDER BY snapshot_at DESC
    LIMIT 1
) AS newest
ORDER BY snapshot_at;

-- name: first_of_each(database, kinds, due)
-- Of each stretch between two due times the first snapshot, and the newest one from before all of them.
SELECT min(snapshot_at) AS at
FROM backup_log
WHERE database = :database AND state = 'stored' AND backup_type = ANY(:kinds)
    AND snapshot_at >= (:due::timestamptz[])[1]
GROUP BY width_bucket(snapshot_at, :due::timestamptz[])
UNION ALL
SELECT max(newest.snapshot_at)
FROM unnest(:kinds::text[]) AS kind
CROSS JOIN LATERAL (
    SELECT snapshot_at FROM backup_log
    WHERE database = :database AND state = 'stored' AND backup_type = kind
        AND snapshot_at < (:due::timestamptz[])[1]
    ORDER BY snapshot_at DESC
    LIMIT 1
) AS newest
HAVING max(newest.snapshot_at) IS NOT NULL
ORDER BY at;

-- name: kept(database, since)^
SELECT count(*) AS backups, coalesce(sum(file_size_bytes), 0)::bigint AS size_bytes,
    coalesce(sum(file_size_bytes) FILTER (WHERE snapshot_at >= :since), 0)::bigint AS grown_bytes
FROM backup_log
WHERE database = :database AND state = 'stored';

-- name: recoveries(database, since)^
-- Tests of full backups that brought everything back; verification is part of it, as a restore test says.
SELECT count(*) AS tests,
    max(test.download_seconds + test.restore_seconds + coalesce(test.verify_seconds, 0)) AS slowest
FROM restore_test AS test
JOIN backup_log AS backup ON backup.id = test.backup_id
WHERE test.database = :database AND test.state = 'finished' AND test.finished_at >= :since
    AND backup.backup_type = 'full'
    AND test.download_seconds IS NOT NULL AND test.restore_seconds IS NOT NULL
    AND (test.verdict = 'PASS' OR test.findings @> '[{"rule": "RTO_EXCEEDED"}]');

-- name: databases()
-- Every database that was ever asked for, one step through the index for each.
WITH RECURSIVE name AS (
    (SELECT database FROM backup_log ORDER BY database LIMIT 1)
    UNION ALL
    SELECT (SELECT next.database FROM backup_log AS next WHERE next.database > name.database
            ORDER BY next.database LIMIT 1)
    FROM name
    WHERE name.database IS NOT NULL
)
SELECT database FROM name WHERE database IS NOT NULL;
