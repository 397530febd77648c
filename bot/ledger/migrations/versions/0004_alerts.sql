-- What is wrong, since when, and who knows of it. Times are UTC.
CREATE TABLE alert (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    key text NOT NULL,
    rule text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('warning', 'critical')),
    database text,
    sentence text NOT NULL,
    next_step text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'open', 'acknowledged', 'resolved')),
    -- The number of its newest event: whoever writes names the one they saw, so that one of two clocks wins.
    seq integer NOT NULL DEFAULT 0,
    seen_at timestamptz NOT NULL,
    missing_since timestamptz,
    opened_at timestamptz,
    raised_at timestamptz,
    told_at timestamptz,
    level integer NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 3),
    acknowledged_at timestamptz,
    acknowledged_user text,
    acknowledged_source text,
    resolved_at timestamptz,
    resolution text CHECK (resolution IN ('gone', 'not-configured')),

    -- One that waits was never told; one that was told has its dates.
    CONSTRAINT alert_waiting_untold CHECK (
        (state = 'waiting') = (opened_at IS NULL)
        AND (opened_at IS NULL) = (raised_at IS NULL)
        AND (opened_at IS NULL) = (told_at IS NULL)
        AND (state <> 'waiting' OR seq = 0)
    ),
    CONSTRAINT alert_acknowledged_by_somebody CHECK (
        (state <> 'acknowledged' OR acknowledged_at IS NOT NULL)
        AND (state <> 'open' OR acknowledged_at IS NULL)
        AND (acknowledged_at IS NULL) = (acknowledged_user IS NULL)
        AND (acknowledged_at IS NULL) = (acknowledged_source IS NULL)
    ),
    CONSTRAINT alert_resolved_whole CHECK (
        (state = 'resolved') = (resolved_at IS NOT NULL) AND (state = 'resolved') = (resolution IS NOT NULL)
    )
);

-- However many clocks look at once: one alert for one thing that is wrong.
CREATE UNIQUE INDEX alert_one_at_a_time ON alert (key) WHERE state <> 'resolved';
CREATE INDEX alert_resolved ON alert (key, resolved_at DESC) WHERE state = 'resolved';
CREATE INDEX alert_by_time ON alert (opened_at DESC) WHERE opened_at IS NOT NULL;

-- The life of an alert, a line each; the thread under its message shows the same.
CREATE TABLE alert_event (
    alert_id text NOT NULL REFERENCES alert (id),
    seq integer NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (
        what IN ('opened', 'reopened', 'acknowledged', 'reminded', 'escalated', 'worsened', 'resolved')
    ),
    level integer NOT NULL CHECK (level BETWEEN 0 AND 3),
    sentence text NOT NULL,
    by_user text,
    by_source text,
    PRIMARY KEY (alert_id, seq),
    CHECK ((what = 'acknowledged') = (by_user IS NOT NULL) AND (by_user IS NULL) = (by_source IS NULL))
);

-- Small dates that outlive a process: since when a database is known, when storage was last looked at.
CREATE TABLE alert_mark (
    name text PRIMARY KEY,
    at timestamptz NOT NULL
);

-- What is asked every minute, of however many rows.
CREATE INDEX backup_stored ON backup_log (database, backup_type, snapshot_at DESC)
    INCLUDE (file_size_bytes) WHERE state = 'stored';
CREATE INDEX backup_stored_end ON backup_log (database, backup_type, finished_at DESC)
    WHERE state = 'stored';
CREATE INDEX backup_failed ON backup_log (database, finished_at DESC) WHERE state = 'failed';

-- A restore test belongs to its backup's database for good, and is asked for by it.
ALTER TABLE restore_test ADD COLUMN database text;
UPDATE restore_test SET database = backup.database FROM backup_log AS backup WHERE backup.id = backup_id;
ALTER TABLE restore_test ALTER COLUMN database SET NOT NULL;
CREATE INDEX test_finished ON restore_test (database, finished_at DESC) WHERE state = 'finished';
CREATE INDEX test_passed ON restore_test (database, finished_at DESC) WHERE verdict = 'PASS';
