-- name: standing(keys)
SELECT key, plan, coalesce(last_due, seen_at) AS since, clock_timestamp() AS now
FROM schedule WHERE key = ANY (:keys::text[]);

-- name: fire(schedule, plan, fire_time, local_time, kind, missed, state, outcome)^
-- The row of `schedule` is locked first: two clocks take turns, and the second finds the time gone by.
WITH moved AS (
    UPDATE schedule SET last_due = :fire_time
    WHERE key = :schedule AND (last_due IS NULL OR last_due < :fire_time)
        AND (:plan::text IS NULL OR plan = :plan)
    RETURNING key
)
INSERT INTO schedule_fire (schedule, fire_time, local_time, kind, missed, state, outcome, settled_at)
SELECT
    key, :fire_time, :local_time, :kind, :missed, :state, :outcome,
    CASE WHEN :state = 'queued' THEN NULL ELSE clock_timestamp() END
FROM moved
ON CONFLICT DO NOTHING
RETURNING schedule;

-- name: lock(keys)
-- What another clock is writing this very moment is passed by, not waited for.
SELECT key FROM schedule WHERE key = ANY (:keys::text[]) ORDER BY key FOR UPDATE SKIP LOCKED;

-- name: fire_many(keys, plans, fire_times, local_times, kinds, missed)
-- As `fire`, for many schedules at once.
WITH wanted AS (
    SELECT * FROM unnest(
        :keys::text[], :plans::text[], :fire_times::timestamptz[], :local_times::timestamp[], :kinds::text[],
        :missed::integer[]
    ) AS each (key, plan, fire_time, local_time, kind, missed)
), moved AS (
    UPDATE schedule SET last_due = wanted.fire_time
    FROM wanted
    WHERE schedule.key = wanted.key AND schedule.plan = wanted.plan
        AND (schedule.last_due IS NULL OR schedule.last_due < wanted.fire_time)
    RETURNING wanted.*
)
INSERT INTO schedule_fire (schedule, fire_time, local_time, kind, missed, state)
SELECT key, fire_time, local_time, kind, missed, 'queued' FROM moved
ON CONFLICT DO NOTHING
RETURNING schedule, fire_time;

-- name: claim(schedule, fire_time)^
SELECT * FROM schedule_fire
WHERE schedule = :schedule AND fire_time = :fire_time AND state = 'queued'
FOR UPDATE;

-- name: settle(schedule, fire_time, state, outcome)!
UPDATE schedule_fire SET state = :state, outcome = :outcome, settled_at = clock_timestamp()
WHERE schedule = :schedule AND fire_time = :fire_time AND state = 'queued';

-- name: get(schedule, fire_time)^
SELECT * FROM schedule_fire WHERE schedule = :schedule AND fire_time = :fire_time;

-- name: newest(keys)
SELECT found.*
FROM unnest(:keys::text[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT * FROM schedule_fire WHERE schedule = wanted.key ORDER BY fire_time DESC LIMIT 1
) AS found;

-- name: purge(older_than_seconds)!
-- A schedule's newest fire stays, however old.
DELETE FROM schedule_fire AS fire
USING schedule
WHERE schedule.key = fire.schedule
    AND fire.fire_time < clock_timestamp() - make_interval(secs => :older_than_seconds)
    AND fire.fire_time < schedule.last_due
    AND fire.state <> 'queued';

-- name: pause(id, schedule, reason, team, user, source, channel, ends_at)^
INSERT INTO schedule_pause (id, schedule, reason, team, paused_user, source, channel, ends_at)
VALUES (:id, :schedule, :reason, :team, :user, :source, :channel, :ends_at)
ON CONFLICT (schedule) WHERE ended_at IS NULL DO NOTHING
RETURNING *;

-- name: end_pause(schedule, user, source)^
-- One whose time is over already ended then, not now.
UPDATE schedule_pause
SET ended_at = least(clock_timestamp(), ends_at), ended_user = :user, ended_source = :source
WHERE schedule = :schedule AND ended_at IS NULL
RETURNING *;

-- name: end_over(user, source)
UPDATE schedule_pause SET ended_at = ends_at, ended_user = :user, ended_source = :source
WHERE ended_at IS NULL AND ends_at <= clock_timestamp()
RETURNING *;

-- name: get_pause(id)^
SELECT * FROM schedule_pause WHERE id = :id;

-- name: pauses(keys, since)
-- Those that stand, and those that stood at any time after `since`.
SELECT * FROM schedule_pause
WHERE schedule = ANY (:keys::text[])
    AND (ended_at IS NULL OR ended_at > :since::timestamptz)
ORDER BY paused_at;

-- name: remind(every_seconds)
UPDATE schedule_pause SET reminded_at = clock_timestamp(), reminders = reminders + 1
WHERE ended_at IS NULL AND ends_at > clock_timestamp()
    AND reminded_at < clock_timestamp() - make_interval(secs => :every_seconds)
RETURNING *;

-- name: runs(keys)
-- For each schedule the newest run that it asked for.
SELECT wanted.key AS schedule, backup.id, 'backup' AS what, backup.state AS how, backup.created_at AS at,
    backup.due_at, backup.finished_at
FROM unnest(:keys::text[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT * FROM backup_log WHERE schedule = wanted.key ORDER BY due_at DESC LIMIT 1
) AS backup
UNION ALL
SELECT wanted.key, test.id, 'restore-test', coalesce(test.verdict, test.state), test.created_at,
    test.due_at, test.finished_at
FROM unnest(:keys::text[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT * FROM restore_test WHERE schedule = wanted.key ORDER BY due_at DESC LIMIT 1
) AS test;

-- name: try_lock(number)$
SELECT pg_try_advisory_xact_lock(:number);
