-- name: insert_dispatch(id, notice_id, revision, rehearsal, team, kind, stage, severity, status, subject, body_text, body_html, body_slack, content_hash, starts_at, ends_at)^
INSERT INTO dispatch (
    id, notice_id, revision, rehearsal, team, kind, stage, severity, status, subject, body_text, body_html,
    body_slack, content_hash, starts_at, ends_at
)
VALUES (
    :id, :notice_id, :revision, :rehearsal, :team, :kind, :stage, :severity, :status, :subject, :body_text,
    :body_html, :body_slack, :content_hash, :starts_at, :ends_at
)
ON CONFLICT (notice_id, revision) WHERE NOT rehearsal DO NOTHING
RETURNING *;

-- name: insert_run(dispatch_id, channel)!
INSERT INTO dispatch_run (dispatch_id, channel) VALUES (:dispatch_id, :channel);

-- name: insert_deliveries(dispatch_id, channel, recipients, keys)!
INSERT INTO delivery (dispatch_id, channel, recipient, key)
SELECT :dispatch_id, :channel, one.recipient, one.key
FROM unnest(:recipients::text[], :keys::text[]) AS one (recipient, key)
ON CONFLICT DO NOTHING;

-- name: get_dispatch(id)^
SELECT * FROM dispatch WHERE id = :id;

-- name: hold_dispatch(id)^
SELECT * FROM dispatch WHERE id = :id FOR UPDATE;

-- name: hold_every(notice_id)
SELECT * FROM dispatch WHERE notice_id = :notice_id AND NOT rehearsal ORDER BY id FOR UPDATE;

-- name: hold_dispatch_of(delivery_id)^
SELECT * FROM dispatch WHERE id = (SELECT dispatch_id FROM delivery WHERE id = :delivery_id) FOR UPDATE;

-- name: of_delivery(id)^
SELECT * FROM dispatch WHERE id = (SELECT dispatch_id FROM delivery WHERE id = :id);

-- name: of_revision(notice_id, revision)^
SELECT * FROM dispatch WHERE notice_id = :notice_id AND revision = :revision AND NOT rehearsal;

-- name: of_notice(notice_id)
SELECT * FROM dispatch WHERE notice_id = :notice_id AND NOT rehearsal ORDER BY created_at;

-- name: runs(dispatch_id)
SELECT * FROM dispatch_run WHERE dispatch_id = :dispatch_id ORDER BY channel;

-- name: take_run(dispatch_id, channel, attempt, lease_seconds)!
UPDATE dispatch_run
SET attempt = :attempt, lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE dispatch_id = :dispatch_id AND channel = :channel
    AND (attempt IS NULL OR lease_until < clock_timestamp());

-- name: mark_lost(dispatch_id, channel, error)!
-- Only after take_run in the same transaction: whoever began these can begin no more.
UPDATE delivery
SET state = 'unknown', error = :error
WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'begun';

-- name: mark_suppressed(dispatch_id, channel, unwanted)!
UPDATE delivery
SET state = 'suppressed', finished_at = clock_timestamp()
WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'waiting'
    AND (
        EXISTS (SELECT FROM suppressed_address AS no WHERE no.address = lower(delivery.recipient))
        OR lower(recipient) IN (SELECT unnest(:unwanted::text[]))
    );

-- name: next(done_id, reference, dispatch_id, channel, attempt, lease_seconds, spacing_seconds, at_once_seconds)^
-- From one recipient to the next in one statement, so that each costs one journey and one transaction: the last
-- one was taken (NULL: there was none), the channel's next free moment is reserved (spacing NULL: it was before),
-- and where that is now, the next one is claimed. The run's row is written first: a run that was taken over
-- claims nothing any more. `wait`: how many seconds the free moment is away (0 or less: now).
WITH settled AS (
    UPDATE delivery
    SET state = 'sent', finished_at = clock_timestamp(), reference = :reference, error = NULL
    WHERE id = :done_id::bigint AND attempt = :attempt AND state IN ('begun', 'unknown')
),
alive AS (
    UPDATE dispatch_run
    SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
        stumbles = CASE WHEN :done_id::bigint IS NULL THEN stumbles ELSE 0 END,
        waits_for = CASE WHEN :done_id::bigint IS NULL THEN waits_for END
    WHERE dispatch_id = :dispatch_id AND channel = :channel AND attempt = :attempt
    RETURNING attempt
),
reserved AS (
    INSERT INTO channel_pace AS pace (channel, next_at)
    SELECT :channel, clock_timestamp() + make_interval(secs => :spacing_seconds::float8)
    WHERE :spacing_seconds::float8 IS NOT NULL
    ON CONFLICT (channel) DO UPDATE
    SET next_at = greatest(pace.next_at, clock_timestamp()) + make_interval(secs => :spacing_seconds::float8)
    RETURNING extract(epoch FROM pace.next_at - clock_timestamp())::float8 - :spacing_seconds::float8 AS wait
),
claimed AS (
    UPDATE delivery
    SET state = 'begun', attempt = alive.attempt, begun_at = clock_timestamp(), attempts = attempts + 1,
        not_before = NULL, error = NULL
    FROM alive LEFT JOIN reserved ON true
    WHERE coalesce(reserved.wait, 0) <= :at_once_seconds
        AND delivery.id = (
            SELECT id FROM delivery
            WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'waiting'
                AND (not_before IS NULL OR not_before <= clock_timestamp())
                AND NOT EXISTS (SELECT FROM suppressed_address AS no WHERE no.address = lower(recipient))
            ORDER BY id
            LIMIT 1
        )
        AND delivery.state = 'waiting'  -- whoever was withdrawn while this waited for the row stays so
    RETURNING delivery.*
)
SELECT coalesce((SELECT wait FROM reserved), 0) AS wait, (SELECT count(*) FROM alive) = 1 AS alive, claimed.*,
    ARRAY(
        SELECT earlier.reference
        FROM delivery AS earlier
        JOIN dispatch AS theirs ON theirs.id = earlier.dispatch_id
        JOIN dispatch AS ours ON ours.id = claimed.dispatch_id
        WHERE earlier.recipient = claimed.recipient AND earlier.channel = claimed.channel
            AND earlier.state = 'sent' AND earlier.reference IS NOT NULL
            AND theirs.notice_id = ours.notice_id AND theirs.id <> ours.id
        ORDER BY earlier.id
    ) AS earlier_references
FROM (VALUES (1)) AS always (one)
LEFT JOIN claimed ON true;

-- name: hold_channel(channel, seconds)!
INSERT INTO channel_pace AS pace (channel, next_at)
VALUES (:channel, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (channel) DO UPDATE
SET next_at = greatest(pace.next_at, clock_timestamp() + make_interval(secs => :seconds));

-- name: settle_sent(id, attempt, reference)!
-- A late answer counts too: what was given up as unknown meanwhile is known then.
UPDATE delivery
SET state = 'sent', finished_at = clock_timestamp(), reference = :reference, error = NULL
WHERE id = :id AND attempt = :attempt AND state IN ('begun', 'unknown');

-- name: settle_failed(id, attempt, error)!
UPDATE delivery
SET state = 'failed', finished_at = clock_timestamp(), error = :error
WHERE id = :id AND attempt = :attempt AND state IN ('begun', 'unknown');

-- name: settle_unknown(id, attempt, error)!
UPDATE delivery SET state = 'unknown', error = :error
WHERE id = :id AND attempt = :attempt AND state = 'begun';

-- name: settle_waiting(id, attempt, error, wait_seconds, counted)!
-- Surely not handed over. Where the channel and not the recipient is at fault, the attempt does not count.
-- Where the sending was withdrawn meanwhile, it is too. The share lock is against a withdrawal that is being
-- written now: it either sees this row wait, or is seen here.
WITH stopped AS (
    SELECT withdrawn_at IS NOT NULL AS it
    FROM dispatch
    WHERE id = (SELECT dispatch_id FROM delivery WHERE id = :id)
    FOR SHARE
)
UPDATE delivery
SET state = CASE WHEN stopped.it THEN 'withdrawn' ELSE 'waiting' END,
    finished_at = CASE WHEN stopped.it THEN clock_timestamp() END,
    attempt = NULL, begun_at = NULL, error = :error,
    not_before = clock_timestamp() + make_interval(secs => :wait_seconds),
    attempts = attempts - CASE WHEN :counted THEN 0 ELSE 1 END
FROM stopped
WHERE id = :id AND attempt = :attempt AND state IN ('begun', 'unknown');

-- name: stumble(dispatch_id, channel, attempt, waits_for)$
UPDATE dispatch_run
SET stumbles = stumbles + 1, waits_for = :waits_for
WHERE dispatch_id = :dispatch_id AND channel = :channel AND attempt = :attempt
RETURNING stumbles;

-- name: fail_waiting(dispatch_id, channel, error)!
UPDATE delivery
SET state = 'failed', finished_at = clock_timestamp(), error = :error
WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'waiting';

-- name: release(dispatch_id, channel, attempt)!
UPDATE dispatch_run
SET attempt = NULL, lease_until = NULL
WHERE dispatch_id = :dispatch_id AND channel = :channel AND attempt = :attempt;

-- name: due_in(dispatch_id, channel)$
-- Seconds until the next waiting recipient may be tried; NULL where none waits.
SELECT max(due.seconds)
FROM (
    SELECT greatest(
        extract(epoch FROM min(coalesce(not_before, clock_timestamp())) - clock_timestamp()), 0
    )::float8 AS seconds
    FROM delivery
    WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'waiting'
    HAVING count(*) > 0
) AS due;

-- name: finish(dispatch_id)^
UPDATE dispatch
SET finished_at = clock_timestamp()
WHERE id = :dispatch_id AND finished_at IS NULL
    AND NOT EXISTS (
        SELECT FROM delivery
        WHERE delivery.dispatch_id = dispatch.id AND delivery.state IN ('waiting', 'begun')
    )
RETURNING *;

-- name: reopen(dispatch_id)!
UPDATE dispatch SET finished_at = NULL WHERE id = :dispatch_id;

-- name: counts(dispatch_id)
SELECT channel, state, count(*)::int AS number
FROM delivery WHERE dispatch_id = :dispatch_id
GROUP BY channel, state ORDER BY channel;

-- name: troubles(dispatch_id, state, limit)
SELECT id, channel, recipient, state, error, attempts, begun_at
FROM delivery WHERE dispatch_id = :dispatch_id AND state = :state
ORDER BY id LIMIT :limit;

-- name: every(dispatch_id)
SELECT * FROM delivery WHERE dispatch_id = :dispatch_id ORDER BY id;

-- name: retry_failed(dispatch_id, channel)
UPDATE delivery
SET state = 'waiting', attempt = NULL, begun_at = NULL, finished_at = NULL, not_before = NULL, attempts = 0
WHERE dispatch_id = :dispatch_id AND state = 'failed' AND (:channel::text IS NULL OR channel = :channel)
RETURNING channel;

-- name: resolve_sent(id, by)^
UPDATE delivery
SET state = 'sent', finished_at = clock_timestamp(), settled_by = :by
WHERE id = :id AND state = 'unknown'
RETURNING dispatch_id, channel;

-- name: resolve_again(id, by)^
UPDATE delivery
SET state = 'waiting', attempt = NULL, begun_at = NULL, settled_by = :by, again = true, not_before = NULL
WHERE id = :id AND state = 'unknown'
RETURNING dispatch_id, channel;

-- name: restart(dispatch_id, channel)!
UPDATE dispatch_run SET stumbles = 0, waits_for = NULL
WHERE dispatch_id = :dispatch_id AND channel = :channel;

-- name: withdraw_dispatch(dispatch_id, by)!
-- Written before its recipients: whoever would have one of them wait again looks here first.
UPDATE dispatch
SET withdrawn_at = clock_timestamp(), withdrawn_by = :by
WHERE id = :dispatch_id AND finished_at IS NULL AND withdrawn_at IS NULL;

-- name: withdraw(dispatch_id)!
UPDATE delivery SET state = 'withdrawn', finished_at = clock_timestamp()
WHERE dispatch_id = :dispatch_id AND state = 'waiting';

-- name: forgotten(silent_seconds)
-- Channels on which somebody still waits, nobody works, and no job will ever come.
SELECT run.dispatch_id, run.channel
FROM dispatch
JOIN dispatch_run AS run ON run.dispatch_id = dispatch.id
WHERE dispatch.finished_at IS NULL
    AND dispatch.created_at < clock_timestamp() - make_interval(secs => :silent_seconds)
    AND (run.lease_until IS NULL OR run.lease_until < clock_timestamp())
    AND EXISTS (
        SELECT FROM delivery
        WHERE delivery.dispatch_id = run.dispatch_id AND delivery.channel = run.channel
            AND delivery.state IN ('waiting', 'begun')
    )
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.task_name = 'run_deliveries'
            AND job.args ->> 'dispatch_id' = run.dispatch_id AND job.args ->> 'channel' = run.channel
            AND job.status IN ('todo', 'doing')
    )
ORDER BY dispatch.created_at
LIMIT 100;

-- name: suppress(address, reason, added_by)!
INSERT INTO suppressed_address (address, reason, added_by)
VALUES (:address, :reason, :added_by)
ON CONFLICT DO NOTHING;

-- name: unsuppress(address)!
DELETE FROM suppressed_address WHERE address = :address;

-- name: suppressed()
SELECT address FROM suppressed_address;

-- name: give_back(dispatch_id, channel, attempt, kept)!
-- What this attempt claimed and surely never handed over, because it did not learn of the claim.
WITH stopped AS (
    SELECT withdrawn_at IS NOT NULL AS it FROM dispatch WHERE id = :dispatch_id FOR SHARE
)
UPDATE delivery
SET state = CASE WHEN stopped.it THEN 'withdrawn' ELSE 'waiting' END,
    finished_at = CASE WHEN stopped.it THEN clock_timestamp() END,
    attempt = NULL, begun_at = NULL, attempts = attempts - 1
FROM stopped
WHERE dispatch_id = :dispatch_id AND channel = :channel AND state = 'begun' AND attempt = :attempt
    AND id <> :kept;
