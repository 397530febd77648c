-- name: mark_gone(id, why, seen_by)!
-- The first to see it is kept.
UPDATE backup_log SET gone_at = clock_timestamp(), gone_why = :why, gone_seen_by = :seen_by
WHERE id = :id AND state = 'stored' AND gone_at IS NULL;

-- name: mark_damaged(id, why, seen_by)!
UPDATE backup_log SET damaged_at = clock_timestamp(), damaged_why = :why, damaged_seen_by = :seen_by
WHERE id = :id AND state = 'stored' AND damaged_at IS NULL;

-- name: clear_gone(id, read_from)!
-- What was seen after the reading began is not disproved by it.
UPDATE backup_log SET gone_at = NULL, gone_why = NULL, gone_seen_by = NULL
WHERE id = :id AND gone_at <= :read_from;

-- name: clear_damaged(id, read_from, seen_by)!
-- Only what these saw is disproved, and only what they saw before.
UPDATE backup_log SET damaged_at = NULL, damaged_why = NULL, damaged_seen_by = NULL
WHERE id = :id AND damaged_at <= :read_from AND damaged_seen_by = ANY(:seen_by);

-- name: newest_there(database, kind, format)
-- The newest that is not known to be gone; a damaged one is there.
SELECT * FROM backup_log
WHERE (:database::text IS NULL OR database = :database) AND backup_type = :kind AND format = :format
    AND state = 'stored' AND gone_at IS NULL
ORDER BY snapshot_at DESC
LIMIT 1;

-- name: newest_there_of_all(limit)
SELECT * FROM backup_log
WHERE state = 'stored' AND gone_at IS NULL
ORDER BY snapshot_at DESC
LIMIT :limit;

-- name: known(database, limit)
-- What a look at the storage may disprove: the newest, and others by turns, so that none waits for ever.
SELECT * FROM backup_log
WHERE database = :database AND state = 'stored' AND NOT good
    AND (gone_at IS NOT NULL OR damaged_seen_by = 'look')
ORDER BY row_number() OVER (ORDER BY snapshot_at DESC) > :limit::int / 2, random()
LIMIT :limit;

-- name: since_good(databases, kinds)
-- Of each kind what is not good and newer than the newest good one, newest first, at most five of a kind.
SELECT bad.*
FROM unnest(:databases::text[]) AS wanted (database)
CROSS JOIN unnest(:kinds::text[]) AS kind (name)
CROSS JOIN LATERAL (
    SELECT * FROM backup_log
    WHERE database = wanted.database AND backup_type = kind.name AND state = 'stored' AND NOT good
        AND snapshot_at > coalesce((
            SELECT max(snapshot_at) FROM backup_log
            WHERE database = wanted.database AND backup_type = kind.name AND good
        ), '-infinity')
    ORDER BY snapshot_at DESC
    LIMIT 5
) AS bad
ORDER BY bad.snapshot_at DESC;
