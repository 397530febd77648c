-- name: insert(id, backup_id, asked_for, way, team, requested_user, source, requested_by, channel, schedule, due_at, late_because)^
INSERT INTO restore_test (
    id, backup_id, database, asked_for, way, team, requested_user, source, requested_by, channel,
    schedule, due_at, late_because
)
SELECT
    :id, backup.id, backup.database, :asked_for, :way, :team, :requested_user, :source, :requested_by, :channel,
    :schedule, :due_at, :late_because
FROM backup_log AS backup
WHERE backup.id = :backup_id AND backup.state = 'stored'
RETURNING *;

-- name: get(id)^
SELECT * FROM restore_test WHERE id = :id;

-- name: of_fire(schedule, due_at)^
SELECT * FROM restore_test WHERE schedule = :schedule AND due_at = :due_at;

-- name: find_by_prefix(prefix)
SELECT * FROM restore_test WHERE starts_with(id, :prefix) OR starts_with(backup_id, :prefix)
ORDER BY created_at DESC
LIMIT 20;

-- name: unfinished()
SELECT * FROM restore_test WHERE state <> 'finished' ORDER BY state = 'running' DESC, created_at, id;

-- name: claim(id, attempt, lease_seconds)!
UPDATE restore_test
SET state = 'running',
    attempt = :attempt,
    started_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id = :id AND state = 'queued';

-- name: pulse(id, attempt, lease_seconds, step, done, expected)^
UPDATE restore_test
SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    step = :step,
    done = :done,
    expected = :expected
WHERE id = :id AND attempt = :attempt AND state = 'running'
RETURNING cancel_requested_by;

-- name: mark_scratch(id, attempt, scratch)!
UPDATE restore_test SET scratch = :scratch
WHERE id = :id AND attempt = :attempt AND state = 'running';

-- name: mark_dropped(id)!
UPDATE restore_test SET scratch = NULL, kept_until = NULL WHERE id = :id;

-- name: finish(id, attempt, verdict, findings, archive_bytes, archive_sha256, archive_version_id, download_seconds, restore_seconds, verify_seconds, proof_key, keep_seconds)^
-- Without an attempt: one that never began. Without keep_seconds: what is left of it may go at once.
UPDATE restore_test
SET state = 'finished',
    finished_at = clock_timestamp(),
    lease_until = NULL,
    verdict = :verdict,
    findings = :findings,
    archive_bytes = :archive_bytes,
    archive_sha256 = :archive_sha256,
    archive_version_id = :archive_version_id,
    download_seconds = :download_seconds,
    restore_seconds = :restore_seconds,
    verify_seconds = :verify_seconds,
    proof_key = :proof_key,
    kept_until = CASE WHEN scratch IS NOT NULL
        THEN clock_timestamp() + make_interval(secs => coalesce(:keep_seconds::double precision, 0)) END
WHERE id = :id
    AND ((state = 'running' AND attempt = :attempt::text) OR (state = 'queued' AND :attempt::text IS NULL))
RETURNING backup_id;

-- name: request_cancel(id, requested_by)^
-- The first to ask is kept.
UPDATE restore_test SET cancel_requested_by = coalesce(cancel_requested_by, :requested_by)
WHERE id = :id AND state <> 'finished'
RETURNING state;

-- name: take_over(attempt, lease_seconds)
UPDATE restore_test
SET attempt = :attempt, lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id IN (
    SELECT id FROM restore_test
    WHERE state = 'running' AND lease_until < clock_timestamp()
    FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: abandoned(older_than_seconds)
SELECT * FROM restore_test AS waiting
WHERE waiting.state = 'queued'
    AND waiting.created_at < clock_timestamp() - make_interval(secs => :older_than_seconds)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.task_name = 'run_restore_test'
            AND job.args ->> 'test_id' = waiting.id
            AND job.status IN ('todo', 'doing')
    )
ORDER BY waiting.created_at
FOR UPDATE OF waiting SKIP LOCKED;

-- name: scratch_due()
-- Kept long enough: finished, a scratch database by name, and its time is over.
SELECT * FROM restore_test
WHERE state = 'finished' AND scratch IS NOT NULL AND kept_until < clock_timestamp()
ORDER BY kept_until
LIMIT 20;

-- name: postpone_drop(id)!
-- A staging server that is away is asked again after a quarter of the time that has gone by, for all workers.
UPDATE restore_test
SET kept_until = clock_timestamp()
    + least(interval '1 hour', greatest(interval '1 minute', (clock_timestamp() - finished_at) / 4))
WHERE id = :id AND state = 'finished';

-- name: mark_tested(id, result, tested_at)!
UPDATE backup_log SET tested = true, test_date = :tested_at, test_result = :result
WHERE id = :id AND state = 'stored';
