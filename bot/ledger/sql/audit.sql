-- name: record(team, actor, source, action, subject, details)$
INSERT INTO audit_event (team, actor, source, action, subject, details)
VALUES (:team, :actor, :source, :action, :subject, :details)
RETURNING seq;

-- name: chain(after, limit)
-- One statement, one snapshot: the head belongs to exactly these events.
SELECT event.seq, (extract(epoch FROM event.at) * 1000000)::bigint AS at_microseconds,
    event.team, event.actor, event.source, event.action, event.subject,
    event.details::text AS details, event.previous_hash, event.hash
FROM audit_event AS event
WHERE event.seq > :after
ORDER BY event.seq
LIMIT :limit;

-- name: head()^
SELECT seq, hash FROM audit_head;

-- name: first_break()$
-- The same verification by the server itself: the first number that does not fit, or null.
SELECT min(broken.seq)
FROM (
    SELECT event.seq
    FROM (
        SELECT row_number() OVER (ORDER BY seq) AS place,
            lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY seq) AS hash_before,
            each.*
        FROM audit_event AS each
    ) AS event
    JOIN audit_event AS whole USING (seq)
    WHERE event.seq <> event.place
        OR event.previous_hash <> event.hash_before
        OR event.hash <> audit_hash(whole)
    UNION ALL
    SELECT coalesce(last.seq, 0) + 1
    FROM audit_head AS head
    LEFT JOIN LATERAL (SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1) AS last ON true
    WHERE head.seq <> coalesce(last.seq, 0)
        OR head.hash <> coalesce(last.hash, decode(repeat('00', 32), 'hex'))
) AS broken;

-- name: recent(subject, limit)
SELECT seq, at, team, actor, source, action, subject, details FROM audit_event
WHERE :subject::text IS NULL OR subject = :subject
ORDER BY seq DESC
LIMIT :limit;
