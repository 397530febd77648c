-- name: stalled(silent_seconds, live, lost)
-- Jobs whose worker is gone or silent, and those in `lost`; never those in `live`, which this process runs.
SELECT job.id, job.task_name,
    CASE job.task_name
        WHEN 'run_backup' THEN EXISTS (
            SELECT FROM backup_log WHERE id = job.args ->> 'backup_id' AND state <> 'queued'
        )
        WHEN 'run_check' THEN EXISTS (
            SELECT FROM backup_check WHERE id = job.args ->> 'check_id' AND state <> 'queued'
        )
        WHEN 'run_restore_test' THEN EXISTS (
            SELECT FROM restore_test WHERE id = job.args ->> 'test_id' AND state <> 'queued'
        )
        ELSE false
    END AS begun
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
    AND NOT (job.id = ANY (:live::bigint[]))
    AND (
        worker.id IS NULL
        OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => :silent_seconds)
        OR job.id = ANY (:lost::bigint[])
    )
ORDER BY job.id
FOR UPDATE OF job SKIP LOCKED;

-- name: held_by(workers)
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY (:workers::bigint[]);

-- name: fail_job(id)^
SELECT procrastinate_finish_job_v1(:id, 'failed', false);

-- name: retry_job(id)^
SELECT procrastinate_retry_job_v2(:id, clock_timestamp(), NULL, NULL, NULL);

-- name: delete_old_jobs(older_than_seconds)!
DELETE FROM procrastinate_jobs AS job
WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
    AND NOT EXISTS (
        SELECT FROM procrastinate_events AS event
        WHERE event.job_id = job.id
            AND event.at > clock_timestamp() - make_interval(secs => :older_than_seconds)
    );
