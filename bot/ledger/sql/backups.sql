-- name: insert(id, database, kind, format, tables, team, requested_user, source, requested_by, channel, schedule, due_at, late_because, lifecycle)^
INSERT INTO backup_log (
    id, database, backup_type, format, tables, team, requested_user, source, requested_by, channel,
    schedule, due_at, late_because, lifecycle
)
VALUES (
    :id, :database, :kind, :format, :tables, :team, :requested_user, :source, :requested_by, :channel,
    :schedule, :due_at, :late_because, :lifecycle
)
ON CONFLICT (id) DO NOTHING
RETURNING *;

-- name: get(id)^
SELECT * FROM backup_log WHERE id = :id;

-- name: upload(id)^
SELECT file_path, manifest_key, manifest_version_id, upload_id FROM backup_log WHERE id = :id;

-- name: find_by_prefix(prefix, team)
SELECT * FROM backup_log
WHERE starts_with(id, :prefix) AND (:team::text IS NULL OR team = :team)
ORDER BY created_at DESC
LIMIT 20;

-- name: recent(database, kind, state, limit)
SELECT * FROM backup_log
WHERE (:database::text IS NULL OR database = :database)
    AND (:kind::text IS NULL OR backup_type = :kind)
    AND (:state::text IS NULL OR state = :state)
ORDER BY created_at DESC, id
LIMIT :limit;

-- name: count(database, kind, state)$
SELECT count(*) FROM backup_log
WHERE (:database::text IS NULL OR database = :database)
    AND (:kind::text IS NULL OR backup_type = :kind)
    AND (:state::text IS NULL OR state = :state);

-- name: newest_stored(database, kind, format)^
SELECT * FROM backup_log
WHERE (:database::text IS NULL OR database = :database) AND (:kind::text IS NULL OR backup_type = :kind)
    AND (:format::text IS NULL OR format = :format)
    AND good
ORDER BY snapshot_at DESC
LIMIT 1;

-- name: running_and_queued(database)
-- The running one first, then the waiting ones in their order.
SELECT * FROM backup_log
WHERE state IN ('queued', 'running') AND (:database::text IS NULL OR database = :database)
ORDER BY state = 'running' DESC, created_at, id;

-- name: ahead(id)$
SELECT count(*)
FROM backup_log mine
JOIN backup_log other ON other.database = mine.database AND other.id <> mine.id
WHERE mine.id = :id
    AND mine.state = 'queued'
    AND (
        other.state = 'running'
        OR (other.state = 'queued' AND (other.created_at, other.id) < (mine.created_at, mine.id))
    );

-- name: usual_size(database, kind)$
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY file_size_bytes)
FROM (
    SELECT file_size_bytes FROM backup_log
    WHERE database = :database AND backup_type = :kind AND good
    ORDER BY snapshot_at DESC
    LIMIT 5
) AS last_five;

-- name: claim(id, attempt, lease_seconds)!
UPDATE backup_log AS mine
SET state = 'running',
    attempt = :attempt,
    started_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE mine.id = :id
    AND mine.state = 'queued'
    AND NOT EXISTS (
        SELECT FROM backup_log AS other WHERE other.database = mine.database AND other.state = 'running'
    );

-- name: pulse(id, attempt, lease_seconds, phase, rows_done, rows_expected, tables_done, tables_expected, bytes_out)^
UPDATE backup_log
SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    phase = :phase,
    rows_done = :rows_done,
    rows_expected = :rows_expected,
    tables_done = :tables_done,
    tables_expected = :tables_expected,
    bytes_out = :bytes_out
WHERE id = :id AND attempt = :attempt AND state = 'running'
RETURNING cancel_requested_by;

-- name: mark_upload(id, attempt, archive_key, manifest_key, upload_id)!
UPDATE backup_log
SET file_path = :archive_key, manifest_key = :manifest_key, upload_id = :upload_id
WHERE id = :id AND attempt = :attempt AND state = 'running';

-- name: mark_stored(id, attempt, archive_key, manifest_key, version_id, manifest_version_id, manifest_sha256, location, size_bytes, sha256, snapshot_at, row_count, table_count, omitted, warnings, server_version, client_version)!
UPDATE backup_log
SET state = 'stored',
    finished_at = clock_timestamp(),
    lease_until = NULL,
    upload_id = NULL,
    backup_date = (:snapshot_at::timestamptz AT TIME ZONE 'UTC')::date,
    snapshot_at = :snapshot_at,
    file_path = :archive_key,
    manifest_key = :manifest_key,
    version_id = :version_id,
    manifest_version_id = :manifest_version_id,
    manifest_sha256 = :manifest_sha256,
    s3_location = :location,
    file_size_bytes = :size_bytes,
    bytes_out = :size_bytes,
    sha256_checksum = :sha256,
    row_count = :row_count,
    table_count = :table_count,
    omitted = :omitted,
    warnings = :warnings,
    server_version = :server_version,
    client_version = :client_version
WHERE id = :id AND attempt = :attempt AND state = 'running';

-- name: mark_failed(id, attempt, rule, sentence, next_step, detail)!
-- Without an attempt: one that never began.
UPDATE backup_log
SET state = 'failed',
    finished_at = clock_timestamp(),
    lease_until = NULL,
    error_rule = :rule,
    error_sentence = :sentence,
    error_next_step = :next_step,
    error_detail = :detail
WHERE id = :id
    AND ((state = 'running' AND attempt = :attempt::text) OR (state = 'queued' AND :attempt::text IS NULL));

-- name: mark_cancelled(id, attempt)!
UPDATE backup_log
SET state = 'cancelled', finished_at = clock_timestamp(), lease_until = NULL
WHERE id = :id AND attempt = :attempt AND state = 'running' AND cancel_requested_by IS NOT NULL;

-- name: request_cancel(id, requested_by)^
-- A waiting one is over at once; a running one is told at its next pulse. The first to ask is kept.
UPDATE backup_log
SET cancel_requested_by = coalesce(cancel_requested_by, :requested_by),
    cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
    state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
    finished_at = CASE state WHEN 'queued' THEN clock_timestamp() END
WHERE id = :id AND state IN ('queued', 'running')
RETURNING state;

-- name: take_over(attempt, lease_seconds)
UPDATE backup_log
SET attempt = :attempt, lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE id IN (
    SELECT id FROM backup_log
    WHERE state = 'running' AND lease_until < clock_timestamp()
    FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: abandoned(older_than_seconds)
SELECT * FROM backup_log AS waiting
WHERE waiting.state = 'queued'
    AND waiting.created_at < clock_timestamp() - make_interval(secs => :older_than_seconds)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.task_name = 'run_backup'
            AND job.args ->> 'backup_id' = waiting.id
            AND job.status IN ('todo', 'doing')
    )
    -- A command line that waits for its turn begins as soon as the other run is over.
    AND NOT EXISTS (
        SELECT FROM backup_log AS other
        WHERE other.database = waiting.database
            AND (
                other.state = 'running'
                OR other.finished_at > clock_timestamp() - make_interval(secs => :older_than_seconds)
            )
    )
ORDER BY waiting.created_at
FOR UPDATE OF waiting SKIP LOCKED;

-- name: mark_checked(id, ok, sentence)!
UPDATE backup_log SET checked_at = clock_timestamp(), check_ok = :ok, check_sentence = :sentence
WHERE id = :id AND state = 'stored';

-- name: mark_cleared(id)!
UPDATE backup_log SET upload_id = NULL WHERE id = :id AND state IN ('failed', 'cancelled');

-- name: uncleared(older_than_seconds)
SELECT * FROM backup_log
WHERE state IN ('failed', 'cancelled') AND upload_id IS NOT NULL
    AND finished_at < clock_timestamp() - make_interval(secs => :older_than_seconds)
ORDER BY finished_at
LIMIT 20
FOR UPDATE SKIP LOCKED;
