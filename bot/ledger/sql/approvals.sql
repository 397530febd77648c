-- name: insert(id, topic, subject, content_hash, title, what, why, consequence, team, requested_user, source, person, barred, roles, needed, channel, expires_seconds)!
INSERT INTO approval (
    id, topic, subject, content_hash, title, what, why, consequence, team, requested_user, source, person,
    barred, roles, needed, channel, created_at, expires_at
)
SELECT :id, :topic, :subject, :content_hash, :title, :what, :why, :consequence, :team, :requested_user,
    :source, :person, :barred, :roles, :needed, :channel, moment, moment + make_interval(secs => :expires_seconds)
FROM (SELECT clock_timestamp() AS moment) AS here;

-- name: get(id)^
SELECT approval.*, coalesce(said.decisions, '[]') AS decisions
FROM approval
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'user', user_id, 'verdict', verdict, 'comment', comment, 'version', version, 'at', at
    ) ORDER BY version) AS decisions
    FROM approval_decision WHERE approval_id = approval.id
) AS said ON true
WHERE approval.id = :id;

-- name: approve(id, content_hash, person, identities, roles, team, user, comment)^
-- The gate. Whoever waited here for another's transaction is judged by the row as that one left it.
WITH gate AS (
    UPDATE approval
    SET approvals = approvals + 1,
        decided_by = decided_by || :identities::text[],
        state = CASE WHEN approvals + 1 >= needed THEN 'approved' ELSE 'pending' END,
        ended_at = CASE WHEN approvals + 1 >= needed THEN clock_timestamp() END,
        version = version + 1
    WHERE id = :id
        AND state = 'pending'
        AND expires_at > clock_timestamp()
        AND length(:content_hash::text) >= 16 AND starts_with(content_hash, :content_hash::text)
        AND NOT (barred && :identities::text[])
        AND NOT (decided_by && :identities::text[])
        AND roles && :roles::text[]
    RETURNING id, content_hash, version, state
)
INSERT INTO approval_decision (approval_id, person, team, user_id, verdict, comment, content_hash, version)
SELECT id, :person, :team, :user, 'approve', :comment, content_hash, version FROM gate
RETURNING version;

-- name: decline(id, content_hash, person, identities, roles, team, user, comment)^
WITH gate AS (
    UPDATE approval
    SET state = 'declined', ended_at = clock_timestamp(), ended_by = :user, ended_why = :comment,
        version = version + 1
    WHERE id = :id
        AND state = 'pending'
        AND expires_at > clock_timestamp()
        AND length(:content_hash::text) >= 16 AND starts_with(content_hash, :content_hash::text)
        AND NOT (barred && :identities::text[])
        AND NOT (decided_by && :identities::text[])
        AND roles && :roles::text[]
    RETURNING id, content_hash, version
)
INSERT INTO approval_decision (approval_id, person, team, user_id, verdict, comment, content_hash, version)
SELECT id, :person, :team, :user, 'decline', :comment, content_hash, version FROM gate
RETURNING version;

-- name: break_glass(id, content_hash, person, team, user, comment)^
-- Whether it is allowed at all, and to whom, is settled before; here only that it still waits, unchanged.
WITH gate AS (
    UPDATE approval
    SET state = 'approved', broke_glass = true, ended_at = clock_timestamp(), ended_by = :user,
        ended_why = :comment, version = version + 1
    WHERE id = :id
        AND state = 'pending'
        AND expires_at > clock_timestamp()
        AND length(:content_hash::text) >= 16 AND starts_with(content_hash, :content_hash::text)
    RETURNING id, content_hash, version
)
INSERT INTO approval_decision (approval_id, person, team, user_id, verdict, comment, content_hash, version)
SELECT id, :person, :team, :user, 'break-glass', :comment, content_hash, version FROM gate
RETURNING version;

-- name: withdraw(id, user, identities)!
-- By whoever asked or wrote it.
UPDATE approval
SET state = 'withdrawn', ended_at = clock_timestamp(), ended_by = :user, version = version + 1
WHERE id = :id AND state = 'pending' AND barred && :identities::text[];

-- name: void(topic, subject, why)
-- What was approved already is void as well once the content changes.
UPDATE approval
SET state = 'void', ended_at = coalesce(ended_at, clock_timestamp()), ended_why = :why, version = version + 1
WHERE topic = :topic AND subject = :subject AND state IN ('pending', 'approved')
RETURNING id;

-- name: lock_subject(topic, subject)
SELECT id FROM approval
WHERE topic = :topic AND subject = :subject AND state IN ('pending', 'approved')
ORDER BY id
FOR UPDATE;

-- name: expire(id, at)!
UPDATE approval
SET state = 'expired', ended_at = clock_timestamp(), version = version + 1
WHERE id = :id AND state = 'pending' AND expires_at <= coalesce(:at::timestamptz, clock_timestamp());

-- name: overdue(at)
SELECT id FROM approval
WHERE state = 'pending' AND expires_at <= coalesce(:at::timestamptz, clock_timestamp())
ORDER BY expires_at
LIMIT 200;

-- name: pending()
SELECT id FROM approval WHERE state = 'pending' ORDER BY created_at, id;

-- name: of_subject(topic, subject)
SELECT id FROM approval WHERE topic = :topic AND subject = :subject ORDER BY created_at DESC, id;

-- name: find_by_prefix(prefix)
SELECT id FROM approval WHERE starts_with(id, :prefix) ORDER BY created_at DESC LIMIT 5;

-- name: remind(id, before, number)!
-- Fenced by the number before: two clocks remind once.
UPDATE approval SET reminders = :number
WHERE id = :id AND state = 'pending' AND reminders = :before;
