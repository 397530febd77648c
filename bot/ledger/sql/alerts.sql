-- name: get(id)^
SELECT * FROM alert WHERE id = :id;

-- name: find_by_prefix(prefix)
-- One that waits was told to nobody, and cannot be meant.
SELECT * FROM alert WHERE starts_with(id, :prefix) AND state <> 'waiting'
ORDER BY opened_at DESC
LIMIT 20;

-- name: live()
SELECT * FROM alert WHERE state <> 'resolved';

-- name: lately_resolved(since)
SELECT DISTINCT ON (key) * FROM alert
WHERE state = 'resolved' AND resolved_at > :since
ORDER BY key, resolved_at DESC;

-- name: told(database)
-- Critical ones first, then the oldest.
SELECT * FROM alert
WHERE state IN ('open', 'acknowledged') AND (:database::text IS NULL OR database = :database)
ORDER BY severity = 'critical' DESC, state = 'open' DESC, opened_at, id;

-- name: resolved_since(since, limit)
SELECT * FROM alert
WHERE state = 'resolved' AND opened_at IS NOT NULL AND resolved_at > :since
ORDER BY resolved_at DESC
LIMIT :limit;

-- name: insert(id, key, rule, severity, database, sentence, next_step, seen_at)!
-- Another clock may have been quicker, or the id be taken: then nothing is written.
INSERT INTO alert (id, key, rule, severity, database, sentence, next_step, state, seen_at)
VALUES (:id, :key, :rule, :severity, :database, :sentence, :next_step, 'waiting', :seen_at)
ON CONFLICT DO NOTHING;

-- name: save(id, was, severity, sentence, next_step, state, seq, missing_since, opened_at, raised_at, told_at, level, acknowledged_at, acknowledged_user, acknowledged_source, resolved_at, resolution)!
UPDATE alert
SET severity = :severity, sentence = :sentence, next_step = :next_step, state = :state, seq = :seq,
    missing_since = :missing_since, opened_at = :opened_at, raised_at = :raised_at, told_at = :told_at,
    level = :level, acknowledged_at = :acknowledged_at, acknowledged_user = :acknowledged_user,
    acknowledged_source = :acknowledged_source, resolved_at = :resolved_at, resolution = :resolution
WHERE id = :id AND seq = :was;

-- name: forget(id)!
DELETE FROM alert WHERE id = :id AND state = 'waiting';

-- name: add_event(alert_id, seq, at, what, level, sentence, by_user, by_source)!
INSERT INTO alert_event (alert_id, seq, at, what, level, sentence, by_user, by_source)
VALUES (:alert_id, :seq, :at, :what, :level, :sentence, :by_user, :by_source);

-- name: events(alert_id)
SELECT seq, at, what, level, sentence, by_user, by_source FROM alert_event
WHERE alert_id = :alert_id
ORDER BY seq;

-- name: purge(before)!
WITH gone AS (
    DELETE FROM alert_event AS event
    USING alert
    WHERE alert.id = event.alert_id AND alert.state = 'resolved' AND alert.resolved_at < :before
)
DELETE FROM alert WHERE state = 'resolved' AND resolved_at < :before;

-- name: now()$
SELECT clock_timestamp();

-- name: mark_once(names, at)!
INSERT INTO alert_mark (name, at) SELECT name, :at FROM unnest(:names::text[]) AS name
ON CONFLICT DO NOTHING;

-- name: mark(name, at)!
INSERT INTO alert_mark (name, at) VALUES (:name, :at)
ON CONFLICT (name) DO UPDATE SET at = excluded.at;

-- name: unmark(name)!
DELETE FROM alert_mark WHERE name = :name;

-- name: marks()
SELECT name, at FROM alert_mark;

-- name: marks_of(names)
SELECT name, at FROM alert_mark WHERE name = ANY (:names::text[]);

-- name: undelivered(older_than_seconds)
-- What people should have been told by now.
SELECT id::text FROM outbox
WHERE topic = 'alert' AND delivered_at IS NULL AND given_up_at IS NULL
    AND created_at <= clock_timestamp() - make_interval(secs => :older_than_seconds)
ORDER BY seq
LIMIT 50;
