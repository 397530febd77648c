-- name: newest(databases, kinds)
-- Of each database and kind the newest good backup.
SELECT newest.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(:kinds::text[]) AS kind (name)
CROSS JOIN LATERAL (
    SELECT * FROM backup_log
    WHERE database = wanted.database AND backup_type = kind.name AND good
    ORDER BY snapshot_at DESC
    LIMIT 1
) AS newest;

-- name: standing_failures(databases)
-- Of each database the newest; a step through an index for each kind, however many failures there ever were.
SELECT DISTINCT ON (failure.database) failure.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(ARRAY['full', 'critical', 'schema', 'safety']) AS kind
CROSS JOIN LATERAL (
    SELECT greatest(
        (SELECT max(finished_at) FROM backup_log
         WHERE database = wanted.database AND good AND backup_type = kind),
        (SELECT max(finished_at) FROM backup_log
         WHERE database = wanted.database AND good AND backup_type = 'full'),
        '-infinity'
    ) AS at
) AS success
CROSS JOIN LATERAL (
    SELECT * FROM backup_log
    WHERE database = wanted.database AND state = 'failed' AND backup_type = kind
        AND finished_at >= success.at
    ORDER BY finished_at DESC
    LIMIT 1
) AS failure
ORDER BY failure.database, failure.finished_at DESC;

-- name: usual_sizes(databases, kind)
SELECT wanted.database, (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY file_size_bytes)
    FROM (
        SELECT file_size_bytes FROM backup_log
        WHERE database = wanted.database AND backup_type = :kind AND good
        ORDER BY snapshot_at DESC
        LIMIT 5
    ) AS last_five
) AS size_bytes
FROM unnest(:databases::text[]) AS wanted (database);

-- name: runs(database, since)
-- What was stored since then, and of each kind the newest one from before.
SELECT backup_type AS kind, snapshot_at, finished_at, file_size_bytes AS size_bytes,
    extract(epoch FROM finished_at - started_at)::double precision AS seconds
FROM backup_log
WHERE database = :database AND good AND snapshot_at >= :since
    AND backup_type IN ('full', 'critical', 'schema', 'safety')
UNION ALL
SELECT kind, newest.*
FROM unnest(ARRAY['full', 'critical', 'schema', 'safety']) AS kind
CROSS JOIN LATERAL (
    SELECT snapshot_at, finished_at, file_size_bytes,
        extract(epoch FROM finished_at - started_at)::double precision
    FROM backup_log
    WHERE database = :database AND good AND snapshot_at < :since AND backup_type = kind
    ORDER BY snapshot_at DESC
    LIMIT 1
) AS newest
ORDER BY snapshot_at;

-- name: first_of_each(database, kinds, own, due)
-- Of each stretch between two due times the first snapshot, and the first of the kinds that are meant.
SELECT min(snapshot_at) AS at, min(snapshot_at) FILTER (WHERE backup_type = ANY(:own)) AS own
FROM backup_log
WHERE database = :database AND good AND backup_type = ANY(:kinds)
    AND snapshot_at >= (:due::timestamptz[])[1]
GROUP BY width_bucket(snapshot_at, :due::timestamptz[])
ORDER BY at;

-- name: kept(database, since)^
-- What is gone or damaged is counted apart, through an index of its own.
SELECT count(*) AS backups, coalesce(sum(file_size_bytes), 0)::bigint AS size_bytes,
    coalesce(sum(file_size_bytes) FILTER (WHERE snapshot_at >= :since), 0)::bigint AS grown_bytes,
    (
        SELECT count(*) FROM backup_log WHERE database = :database AND state = 'stored' AND NOT good
    ) AS doubted
FROM backup_log
WHERE database = :database AND good;

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

-- name: lost_proofs(databases)
-- Of each database the newest proof, where its backup does not count any more.
SELECT DISTINCT ON (test.database) test.database,
    CASE WHEN backup.gone_at IS NOT NULL THEN 'gone' ELSE 'damaged' END AS doubt
FROM restore_test AS test
JOIN backup_log AS backup ON backup.id = test.backup_id
WHERE test.database = ANY(:databases::text[]) AND test.verdict = 'PASS' AND NOT backup.good
ORDER BY test.database, test.finished_at DESC;

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
