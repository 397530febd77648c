-- name: outbox_add(topic, subject, stage, team, channel)^
-- The same stage of the same subject is one message, however often it is asked for.
INSERT INTO outbox (topic, subject, stage, team, channel)
VALUES (:topic, :subject, :stage, :team, :channel)
ON CONFLICT (topic, subject, stage) DO UPDATE SET channel = outbox.channel
RETURNING id::text;

-- name: outbox_get(id)^
SELECT *, id::text AS text_id FROM outbox WHERE id = :id::uuid;

-- name: outbox_forgotten(older_than_seconds)
-- Waiting, and no job will ever come for them: retries ran out, or no Slack was connected then.
SELECT *, id::text AS text_id FROM outbox
WHERE delivered_at IS NULL AND given_up_at IS NULL
    AND created_at <= clock_timestamp() - make_interval(secs => :older_than_seconds)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.task_name = 'deliver'
            AND job.args ->> 'outbox_id' = outbox.id::text
            AND job.status IN ('todo', 'doing')
    )
ORDER BY seq
LIMIT 100
FOR UPDATE SKIP LOCKED;

-- name: outbox_waiting(older_than_seconds)
SELECT *, id::text AS text_id FROM outbox
WHERE delivered_at IS NULL AND given_up_at IS NULL
    AND created_at <= clock_timestamp() - make_interval(secs => :older_than_seconds)
ORDER BY seq;

-- name: outbox_count_waiting()$
SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND given_up_at IS NULL;

-- name: outbox_delivered(id)!
UPDATE outbox
SET delivered_at = clock_timestamp(), attempts = attempts + 1, last_attempt_at = clock_timestamp(),
    last_error = NULL
WHERE id = :id::uuid AND delivered_at IS NULL AND given_up_at IS NULL;

-- name: outbox_failed_attempt(id, error, give_up)!
UPDATE outbox
SET attempts = attempts + 1, last_attempt_at = clock_timestamp(), last_error = :error,
    given_up_at = CASE WHEN :give_up THEN clock_timestamp() END
WHERE id = :id::uuid AND delivered_at IS NULL AND given_up_at IS NULL;

-- name: slack_get(topic, subject)^
SELECT channel, ts FROM slack_message WHERE topic = :topic AND subject = :subject;

-- name: slack_put(topic, subject, team, channel, ts)!
INSERT INTO slack_message (topic, subject, team, channel, ts)
VALUES (:topic, :subject, :team, :channel, :ts)
ON CONFLICT (topic, subject) DO UPDATE
SET team = excluded.team, channel = excluded.channel, ts = excluded.ts, posted_at = clock_timestamp();

-- name: inbox_take(team, key)!
INSERT INTO inbox (team, key) VALUES (:team, :key) ON CONFLICT DO NOTHING;

-- name: inbox_purge(older_than_seconds)!
DELETE FROM inbox WHERE taken_at < clock_timestamp() - make_interval(secs => :older_than_seconds);

-- name: installation_get()^
SELECT mode, team FROM installation;

-- name: installation_put(mode, team)!
INSERT INTO installation (mode, team) VALUES (:mode, :team) ON CONFLICT DO NOTHING;
