-- name: insert(keys, plans)!
INSERT INTO schedule (key, plan)
SELECT * FROM unnest(:keys::text[], :plans::text[]) AS mine (key, plan) ORDER BY key
ON CONFLICT (key) DO NOTHING;

-- name: doubted(keys, plans, patience_seconds, taken_out_seconds)
-- Those that `begin` would take for taken out, though not long ago. They stay as they are until it is over.
SELECT known.key, coalesce(known.last_due, known.seen_at) AS since, known.doubted_at
FROM schedule AS known
JOIN unnest(:keys::text[], :plans::text[]) AS mine (key, plan) USING (key, plan)
WHERE known.doubted_at < clock_timestamp() - make_interval(secs => :patience_seconds)
    AND known.doubted_at > clock_timestamp() - make_interval(secs => :taken_out_seconds)
ORDER BY known.key
FOR UPDATE OF known;

-- name: trust(keys)!
UPDATE schedule SET doubted_at = NULL WHERE key = ANY (:keys::text[]);

-- name: outdated(keys, plans)
-- Those that are planned otherwise now. They stay as they are until it is over.
SELECT known.key, known.plan AS before, coalesce(known.last_due, known.seen_at) AS since, clock_timestamp() AS now
FROM schedule AS known
JOIN unnest(:keys::text[], :plans::text[]) AS mine (key, plan) USING (key)
WHERE known.plan <> mine.plan
ORDER BY known.key
FOR UPDATE OF known;

-- name: begin(keys, plans, patience_seconds)
-- A clock begins with these plans: what is counted anew is what is planned otherwise, and what was doubted so
-- long that it was out of the configuration. A row without a plan is of a version that kept none.
WITH found AS (
    SELECT known.key, known.plan AS before, mine.plan AS wanted,
        (
            known.plan <> mine.plan
            OR known.doubted_at < clock_timestamp() - make_interval(secs => :patience_seconds)
        ) IS TRUE AS anew
    FROM schedule AS known
    JOIN unnest(:keys::text[], :plans::text[]) AS mine (key, plan) USING (key)
    WHERE known.plan IS DISTINCT FROM mine.plan OR known.doubted_at IS NOT NULL
    ORDER BY known.key
    FOR UPDATE OF known
)
UPDATE schedule AS known
SET plan = found.wanted, doubted_at = NULL,
    last_due = CASE
        WHEN found.anew THEN greatest(known.last_due, clock_timestamp()) ELSE known.last_due
    END
FROM found
WHERE known.key = found.key
RETURNING known.key, found.before, found.wanted, found.anew, known.last_due AS since;

-- name: hold(keys, plans, patience_seconds)
-- A clock that runs with these plans: it confirms those that rule, doubts the others, and takes over from
-- a plan that nobody confirmed for so long. What another clock is writing is looked at the next time.
WITH found AS (
    SELECT known.key, known.plan AS before, mine.plan AS wanted, (known.plan = mine.plan) IS TRUE AS ours,
        (
            mine.plan IS NOT NULL
            AND known.doubted_at < clock_timestamp() - make_interval(secs => :patience_seconds)
        ) IS TRUE AS over
    FROM schedule AS known
    LEFT JOIN unnest(:keys::text[], :plans::text[]) AS mine (key, plan) USING (key)
    WHERE ((known.plan = mine.plan) IS TRUE) = (known.doubted_at IS NOT NULL)
        OR (
            known.plan IS DISTINCT FROM mine.plan AND mine.plan IS NOT NULL
            AND known.doubted_at < clock_timestamp() - make_interval(secs => :patience_seconds)
        )
    ORDER BY known.key
    FOR UPDATE OF known SKIP LOCKED
)
UPDATE schedule AS known
SET plan = CASE WHEN found.over THEN found.wanted ELSE known.plan END,
    doubted_at = CASE WHEN found.ours OR found.over THEN NULL ELSE clock_timestamp() END,
    last_due = CASE
        WHEN found.over AND NOT found.ours THEN greatest(known.last_due, known.doubted_at)
        ELSE known.last_due
    END
FROM found
WHERE known.key = found.key
RETURNING known.key, found.before, found.wanted, found.over AND NOT found.ours AS anew, known.last_due AS since;

-- name: plans(keys)
SELECT key, plan FROM schedule WHERE key = ANY (:keys::text[]);
