-- name: insert(id, backup_id, team, requested_user, source, requested_by, channel)^
INSERT INTO backup_check (
    id, backup_id, team, requested_user, source, requested_by, channel, bytes_expected
)
SELECT :id, backup.id, :team, :requested_user, :source, :requested_by, :channel, backup.file_size_bytes
FROM backup_log AS backup
WHERE backup.id = :backup_id AND backup.state = 'stored'
RETURNING *;

-- name: get(id)^
SELECT * FROM backup_check WHERE id = :id;

-- name: recent(backup_id, limit)
SELECT * FROM backup_check WHERE backup_id = :backup_id ORDER BY created_at DESC LIMIT :limit;

-- name: claim(id, attempt, lease_seconds)!
UPDATE backup_check
SET state = 'running',
    attempt = :attempt,
    started_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id = :id AND state = 'queued';

-- name: pulse(id, attempt, bytes_read, lease_seconds)!
UPDATE backup_check
SET bytes_read = :bytes_read, lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id = :id AND attempt = :attempt AND state = 'running';

-- name: finish(id, attempt, verdict, findings, read_through)^
-- Without an attempt: one that never began. PASS means that every byte was read.
UPDATE backup_check
SET state = 'finished',
    finished_at = clock_timestamp(),
    lease_until = NULL,
    verdict = :verdict,
    findings = :findings,
    read_through = :read_through,
    bytes_read = CASE :verdict::text WHEN 'PASS' THEN bytes_expected ELSE bytes_read END
WHERE id = :id
    AND ((state = 'running' AND attempt = :attempt::text) OR (state = 'queued' AND :attempt::text IS NULL))
RETURNING backup_id;

-- name: take_over(attempt, lease_seconds)
UPDATE backup_check
SET attempt = :attempt, lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id IN (
    SELECT id FROM backup_check
    WHERE state = 'running' AND lease_until < clock_timestamp()
    FOR UPDATE SKIP LOCKED
)
RETURNING *;
