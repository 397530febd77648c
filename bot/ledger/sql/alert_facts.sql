-- name: stored(databases, kinds, limit)
-- Of each database and kind the newest good backups, newest first.
SELECT wanted.database, kind.name AS kind, backup.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(:kinds::text[]) AS kind (name)
CROSS JOIN LATERAL (
    SELECT id, snapshot_at, file_size_bytes, row_count
    FROM backup_log
    WHERE database = wanted.database AND backup_type = kind.name AND good
    ORDER BY snapshot_at DESC
    LIMIT :limit
) AS backup;

-- name: checked(databases, kinds)
-- Of each database and kind the newest backup, good or not, where it was checked. A later proof has the last word.
SELECT wanted.database, kind.name AS kind, newest.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(:kinds::text[]) AS kind (name)
CROSS JOIN LATERAL (
    SELECT id, snapshot_at, check_ok, check_sentence, check_ok OR good AS passed
    FROM backup_log
    WHERE database = wanted.database AND backup_type = kind.name AND state = 'stored'
    ORDER BY snapshot_at DESC
    LIMIT 1
) AS newest
WHERE newest.check_ok IS NOT NULL;

-- name: failed(databases, kinds)
-- Of each database and kind the newest failure that nothing has made up for; a full backup makes up for any.
SELECT wanted.database, kind.name AS kind, failure.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(:kinds::text[]) AS kind (name)
CROSS JOIN LATERAL (
    SELECT greatest(
        (SELECT max(finished_at) FROM backup_log
         WHERE database = wanted.database AND good AND backup_type = kind.name),
        (SELECT max(finished_at) FROM backup_log
         WHERE database = wanted.database AND good AND backup_type = 'full'),
        '-infinity'
    ) AS at
) AS success
CROSS JOIN LATERAL (
    SELECT id, finished_at, error_sentence AS sentence, error_next_step AS next_step
    FROM backup_log
    WHERE database = wanted.database AND state = 'failed' AND backup_type = kind.name
        AND finished_at > success.at
    ORDER BY finished_at DESC
    LIMIT 1
) AS failure;

-- name: tested(databases)
-- Of each database the newest restore test that ended by itself.
SELECT wanted.database, test.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN LATERAL (
    SELECT id, backup_id, finished_at, verdict, findings
    FROM restore_test
    WHERE database = wanted.database AND state = 'finished' AND cancel_requested_by IS NULL
    ORDER BY finished_at DESC
    LIMIT 1
) AS test;

-- name: proved(databases)
-- A proof of what is gone by now proves nothing.
SELECT wanted.database, (
    SELECT test.finished_at
    FROM restore_test AS test
    JOIN backup_log AS backup ON backup.id = test.backup_id
    WHERE test.database = wanted.database AND test.verdict = 'PASS' AND backup.good
    ORDER BY test.finished_at DESC
    LIMIT 1
) AS proved_at
FROM unnest(:databases::text[]) AS wanted (database);

-- name: rates(databases, last)
-- Seconds a byte of the last restore tests of full backups that brought everything back.
SELECT wanted.database, percentile_cont(0.5) WITHIN GROUP (ORDER BY rate.download) AS download,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY rate.restore) AS restore, count(*) AS tests
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN LATERAL (
    SELECT test.download_seconds / test.archive_bytes AS download,
        test.restore_seconds / test.archive_bytes AS restore
    FROM restore_test AS test
    JOIN backup_log AS backup ON backup.id = test.backup_id
    WHERE test.database = wanted.database AND test.state = 'finished' AND backup.backup_type = 'full'
        AND test.download_seconds IS NOT NULL AND test.restore_seconds IS NOT NULL AND test.archive_bytes > 0
        AND (test.verdict = 'PASS' OR test.findings @> '[{"rule": "RTO_EXCEEDED"}]')
    ORDER BY test.finished_at DESC
    LIMIT :last
) AS rate
GROUP BY wanted.database;

-- name: running()
-- Backups and restore tests under way, with the median time of the last ones like them, in seconds.
SELECT running.database, running.id, running.backup_type || ' backup' AS what, running.started_at,
    (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last.finished_at - last.started_at))
        FROM (
            SELECT started_at, finished_at FROM backup_log
            WHERE database = running.database AND backup_type = running.backup_type AND state = 'stored'
            ORDER BY snapshot_at DESC
            LIMIT 5
        ) AS last
    ) AS usual
FROM backup_log AS running
WHERE running.state = 'running'
UNION ALL
SELECT running.database, running.id, 'restore test', running.started_at,
    (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last.finished_at - last.started_at))
        FROM (
            SELECT started_at, finished_at FROM restore_test
            WHERE database = running.database AND verdict = 'PASS'
            ORDER BY finished_at DESC
            LIMIT 5
        ) AS last
    )
FROM restore_test AS running
WHERE running.state = 'running';

-- name: worker_heard()$
SELECT max(last_heartbeat) FROM procrastinate_workers;

-- name: waiting(silent_seconds)
-- Of each queue the jobs that a free worker could take up at once, since when the oldest of them, and whether
-- a living worker is at another one.
SELECT job.queue_name, count(*) AS waiting, min(due.at) AS since,
    EXISTS (
        SELECT FROM procrastinate_jobs AS other
        JOIN procrastinate_workers AS worker ON worker.id = other.worker_id
        WHERE other.status = 'doing' AND other.queue_name = job.queue_name
            AND worker.last_heartbeat > clock_timestamp() - make_interval(secs => :silent_seconds)
    ) AS busy
FROM procrastinate_jobs AS job
CROSS JOIN LATERAL (
    SELECT greatest(max(event.at) FILTER (WHERE event.type IN ('deferred', 'deferred_for_retry')),
        job.scheduled_at) AS at
    FROM procrastinate_events AS event WHERE event.job_id = job.id
) AS due
WHERE job.status = 'todo' AND due.at <= clock_timestamp()
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS before
        WHERE before.lock = job.lock AND before.id < job.id AND before.status IN ('todo', 'doing')
    )
GROUP BY job.queue_name
ORDER BY job.queue_name;
