-- What is known against a stored backup: since when, why, and who saw it. Empty again once it is disproved.
-- Only a good one counts as a backup, to whichever query.
ALTER TABLE backup_log
    ADD COLUMN gone_at timestamptz,
    ADD COLUMN gone_why text,
    ADD COLUMN gone_seen_by text CHECK (gone_seen_by IN ('look', 'check', 'restore test')),
    ADD COLUMN damaged_at timestamptz,
    ADD COLUMN damaged_why text,
    ADD COLUMN damaged_seen_by text CHECK (damaged_seen_by IN ('look', 'check', 'restore test')),
    ADD COLUMN good boolean NOT NULL GENERATED ALWAYS AS (
        state = 'stored' AND gone_at IS NULL AND damaged_at IS NULL
    ) STORED,
    ADD CONSTRAINT backup_gone_whole CHECK (
        (gone_at IS NULL) = (gone_why IS NULL) AND (gone_at IS NULL) = (gone_seen_by IS NULL)
    ),
    ADD CONSTRAINT backup_damaged_whole CHECK (
        (damaged_at IS NULL) = (damaged_why IS NULL) AND (damaged_at IS NULL) = (damaged_seen_by IS NULL)
    ),
    ADD CONSTRAINT backup_doubted_was_stored CHECK (
        state = 'stored' OR (gone_at IS NULL AND damaged_at IS NULL)
    );

-- What checks and restore tests found before there was a place for it; a later proof has the last word.
UPDATE backup_log SET damaged_at = checked_at, damaged_why = coalesce(check_sentence, 'Its check failed.'),
    damaged_seen_by = 'check'
WHERE check_ok IS FALSE AND (test_result IS DISTINCT FROM 'PASS' OR test_date < checked_at);

UPDATE backup_log SET damaged_at = test.finished_at, damaged_why = finding ->> 'sentence',
    damaged_seen_by = 'restore test'
FROM restore_test AS test
CROSS JOIN LATERAL (
    SELECT found AS finding FROM jsonb_array_elements(test.findings) AS found
    WHERE found ->> 'rule' IN (
        'ARCHIVE_MISSING', 'MANIFEST_MISSING', 'ARCHIVE_SIZE_DIFFERS', 'ARCHIVE_HASH_DIFFERS',
        'ARCHIVE_UNREADABLE', 'ARCHIVE_LACKS_ROWS', 'ARCHIVE_HOLDS_MORE', 'MANIFEST_UNREADABLE',
        'MANIFEST_DIFFERS', 'CONTENT_DIFFERS', 'ROWS_UNEXPECTED'
    )
    LIMIT 1
) AS against
WHERE test.backup_id = backup_log.id AND test.verdict = 'FAIL' AND test.finished_at = backup_log.test_date
    AND damaged_at IS NULL;

CREATE INDEX backup_good ON backup_log (database, backup_type, snapshot_at DESC)
    INCLUDE (file_size_bytes) WHERE good;
CREATE INDEX backup_good_end ON backup_log (database, backup_type, finished_at DESC) WHERE good;
DROP INDEX backup_stored_end;
CREATE INDEX backup_doubted ON backup_log (database, snapshot_at DESC) WHERE state = 'stored' AND NOT good;
CREATE INDEX test_passed_backup ON restore_test (database, finished_at DESC) INCLUDE (backup_id)
    WHERE verdict = 'PASS';
DROP INDEX test_passed;
