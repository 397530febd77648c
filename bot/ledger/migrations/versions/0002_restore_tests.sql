-- A restore test brings a stored backup back and compares it. What it could not look at never says PASS.
CREATE TABLE restore_test (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    backup_id text NOT NULL REFERENCES backup_log (id),
    asked_for text NOT NULL,
    team text NOT NULL,
    requested_user text NOT NULL,
    source text NOT NULL,
    requested_by text NOT NULL,
    channel text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),

    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'finished')),
    attempt text,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    cancel_requested_by text,

    step text,
    done bigint NOT NULL DEFAULT 0,
    expected bigint NOT NULL DEFAULT 0,
    way text NOT NULL CHECK (way IN ('everything', 'customer')),

    archive_bytes bigint,
    archive_sha256 text,
    archive_version_id text,
    download_seconds double precision,
    restore_seconds double precision,
    verify_seconds double precision,

    verdict text CHECK (verdict IN ('PASS', 'FAIL', 'COULD NOT VERIFY')),
    findings jsonb NOT NULL DEFAULT '[]',
    proof_key text,

    -- Written before the scratch database is made, emptied when it is gone: whoever clears up goes by it.
    scratch text,
    kept_until timestamptz,

    CONSTRAINT test_queued CHECK (state <> 'queued' OR (attempt IS NULL AND started_at IS NULL)),
    CONSTRAINT test_running CHECK (
        (state = 'running') = (lease_until IS NOT NULL)
        AND (state <> 'running' OR (attempt IS NOT NULL AND started_at IS NOT NULL))
    ),
    CONSTRAINT test_finished CHECK (
        (state = 'finished') = (finished_at IS NOT NULL) AND (state = 'finished') = (verdict IS NOT NULL)
    ),
    -- A PASS belongs to one archive's bytes, all of them fetched, restored and looked at.
    CONSTRAINT test_pass_was_run CHECK (
        verdict <> 'PASS'
        OR (
            attempt IS NOT NULL AND archive_sha256 IS NOT NULL AND download_seconds IS NOT NULL
            AND restore_seconds IS NOT NULL AND verify_seconds IS NOT NULL
        )
    ),
    CONSTRAINT test_not_passed_says_why CHECK (
        verdict = 'PASS' OR verdict IS NULL OR jsonb_array_length(findings) > 0
    )
);

CREATE INDEX test_by_backup ON restore_test (backup_id, created_at DESC);
CREATE INDEX test_unfinished ON restore_test (state) WHERE state <> 'finished';
CREATE INDEX test_with_scratch ON restore_test (kept_until) WHERE scratch IS NOT NULL;

ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_topic_check CHECK (topic IN ('backup', 'check', 'restore-test'));
