-- Everything lies in the schema that the search path names. Times are UTC, sizes are bytes.

-- Which world this ledger belongs to, so that a sandbox never finds itself in the real one.
CREATE TABLE installation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    mode text NOT NULL CHECK (mode IN ('sandbox', 'real')),
    team text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The written procedure's backup_log, with its names and meanings, and what it lacks.
-- backup_date, s3_location and sha256_checksum stay empty until the backup is stored: a query that takes
-- the newest backup_date then never counts a failed run as a backup.
CREATE TABLE backup_log (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    backup_date date,
    backup_type text NOT NULL CHECK (backup_type IN ('full', 'critical', 'schema', 'table', 'safety')),
    file_path text,
    file_size_bytes bigint CHECK (file_size_bytes > 0),
    sha256_checksum text CHECK (sha256_checksum ~ '^[0-9a-f]{64}$'),
    s3_location text,
    tested boolean NOT NULL DEFAULT false,
    test_date timestamptz,
    test_result text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),

    database text NOT NULL,
    format text NOT NULL CHECK (format IN ('custom', 'plain')),
    tables text[] NOT NULL DEFAULT '{}',
    team text NOT NULL,
    requested_user text NOT NULL,
    source text NOT NULL,
    requested_by text NOT NULL,
    channel text,

    state text NOT NULL DEFAULT 'queued',
    attempt text,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    snapshot_at timestamptz,
    cancel_requested_by text,
    cancel_requested_at timestamptz,

    phase text,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_expected bigint NOT NULL DEFAULT 0,
    tables_done integer NOT NULL DEFAULT 0,
    tables_expected integer NOT NULL DEFAULT 0,
    bytes_out bigint NOT NULL DEFAULT 0,

    upload_id text,
    manifest_key text,
    version_id text,
    manifest_version_id text,
    row_count bigint,
    table_count integer,
    omitted text[] NOT NULL DEFAULT '{}',
    warnings text[] NOT NULL DEFAULT '{}',
    server_version text,
    client_version text,

    error_rule text,
    error_sentence text,
    error_next_step text,
    error_detail text,

    checked_at timestamptz,
    check_ok boolean,
    check_sentence text,

    CONSTRAINT backup_state_known CHECK (state IN ('queued', 'running', 'stored', 'failed', 'cancelled')),
    CONSTRAINT backup_table_named CHECK (backup_type <> 'table' OR cardinality(tables) > 0),
    CONSTRAINT backup_queued CHECK (
        state <> 'queued'
        OR (attempt IS NULL AND lease_until IS NULL AND started_at IS NULL AND finished_at IS NULL)
    ),
    CONSTRAINT backup_running CHECK (
        state <> 'running'
        OR (
            attempt IS NOT NULL AND lease_until IS NOT NULL
            AND started_at IS NOT NULL AND finished_at IS NULL
        )
    ),
    CONSTRAINT backup_lease_while_running CHECK ((lease_until IS NOT NULL) = (state = 'running')),
    CONSTRAINT backup_final CHECK ((finished_at IS NOT NULL) = (state IN ('stored', 'failed', 'cancelled'))),
    CONSTRAINT backup_stored_whole CHECK (
        state <> 'stored'
        OR (
            backup_date IS NOT NULL AND file_path IS NOT NULL AND file_size_bytes IS NOT NULL
            AND sha256_checksum IS NOT NULL AND s3_location IS NOT NULL AND manifest_key IS NOT NULL
            AND snapshot_at IS NOT NULL AND started_at IS NOT NULL AND attempt IS NOT NULL
        )
    ),
    -- A half-done run never looks like a backup, to whichever query.
    CONSTRAINT backup_only_stored_looks_stored CHECK (
        state = 'stored'
        OR (
            backup_date IS NULL AND file_size_bytes IS NULL AND sha256_checksum IS NULL
            AND s3_location IS NULL AND version_id IS NULL AND checked_at IS NULL AND NOT tested
        )
    ),
    CONSTRAINT backup_failed_says_why CHECK (
        (state = 'failed') = (error_rule IS NOT NULL) AND (error_rule IS NULL) = (error_sentence IS NULL)
    ),
    CONSTRAINT backup_cancelled_by_somebody CHECK (
        state <> 'cancelled' OR cancel_requested_by IS NOT NULL
    ),
    CONSTRAINT backup_cancel_dated CHECK (
        (cancel_requested_by IS NULL) = (cancel_requested_at IS NULL)
    ),
    CONSTRAINT backup_check_whole CHECK ((checked_at IS NULL) = (check_ok IS NULL)),
    CONSTRAINT backup_test_whole CHECK (
        NOT tested OR (test_date IS NOT NULL AND test_result IS NOT NULL)
    )
);

CREATE UNIQUE INDEX backup_one_running_per_database ON backup_log (database) WHERE state = 'running';
CREATE INDEX backup_by_time ON backup_log (created_at DESC);
CREATE INDEX backup_by_database ON backup_log (database, backup_type, created_at DESC);
CREATE INDEX backup_unfinished ON backup_log (state) WHERE state IN ('queued', 'running');

-- A check reads a stored backup's bytes back. One that could not be done says so; it never says PASS.
CREATE TABLE backup_check (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    backup_id text NOT NULL REFERENCES backup_log (id),
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
    bytes_read bigint NOT NULL DEFAULT 0,
    bytes_expected bigint NOT NULL DEFAULT 0,
    verdict text CHECK (verdict IN ('PASS', 'FAIL', 'COULD NOT VERIFY')),
    findings text[] NOT NULL DEFAULT '{}',
    read_through text,

    CONSTRAINT check_queued CHECK (state <> 'queued' OR (attempt IS NULL AND started_at IS NULL)),
    CONSTRAINT check_running CHECK (
        (state = 'running') = (lease_until IS NOT NULL)
        AND (state <> 'running' OR (attempt IS NOT NULL AND started_at IS NOT NULL))
    ),
    CONSTRAINT check_finished CHECK (
        (state = 'finished') = (finished_at IS NOT NULL) AND (state = 'finished') = (verdict IS NOT NULL)
    ),
    CONSTRAINT check_pass_was_run CHECK (verdict <> 'PASS' OR (attempt IS NOT NULL AND bytes_read > 0)),
    CONSTRAINT check_not_passed_says_why CHECK (verdict = 'PASS' OR verdict IS NULL OR cardinality(findings) > 0)
);

CREATE INDEX check_by_backup ON backup_check (backup_id, created_at DESC);
CREATE INDEX check_unfinished ON backup_check (state) WHERE state <> 'finished';

-- Messages that matter: written with what they report, delivered at least once.
CREATE TABLE outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL CHECK (topic IN ('backup', 'check')),
    subject text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('opened', 'verdict', 'details')),
    team text NOT NULL,
    channel text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    last_attempt_at timestamptz,
    last_error text,
    delivered_at timestamptz,
    given_up_at timestamptz,
    UNIQUE (topic, subject, stage),
    CHECK (delivered_at IS NULL OR given_up_at IS NULL)
);

CREATE INDEX outbox_waiting ON outbox (seq) WHERE delivered_at IS NULL AND given_up_at IS NULL;

-- Which message of Slack's speaks of what, so that it can be updated.
CREATE TABLE slack_message (
    topic text NOT NULL,
    subject text NOT NULL,
    team text NOT NULL,
    channel text NOT NULL,
    ts text NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, subject)
);

-- Deliveries already taken: Slack repeats what was not acknowledged in time.
CREATE TABLE inbox (
    team text NOT NULL,
    key text NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team, key)
);

CREATE INDEX inbox_by_time ON inbox (taken_at);

-- The audit trail: a chain of hashes. What is written once stays.
CREATE TABLE audit_event (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    team text NOT NULL,
    actor text NOT NULL,
    source text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE audit_head (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- One field of the hashed bytes: its length in bytes, a colon, its UTF-8 bytes, a comma. No two different
-- rows can give the same bytes.
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT convert_to(octet_length(convert_to(value, 'UTF8'))::text || ':', 'UTF8')
        || convert_to(value, 'UTF8') || convert_to(',', 'UTF8')
$$;

CREATE FUNCTION audit_hash(event audit_event) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(
        event.previous_hash
        || audit_field(event.seq::text)
        || audit_field((extract(epoch FROM event.at) * 1000000)::bigint::text)
        || audit_field(event.team)
        || audit_field(event.actor)
        || audit_field(event.source)
        || audit_field(event.action)
        || audit_field(event.subject)
        || audit_field(event.details::text)
    )
$$;

-- Number, time and hashes are never the writer's: whoever inserts, the chain goes on. The head's row lock
-- makes writers take turns until their transaction ends.
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.at := clock_timestamp();
    NEW.previous_hash := head.hash;
    NEW.hash := audit_hash(NEW);
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_link BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_link();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is written once: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_keep BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- Depth 0 would be a bare UPDATE; within audit_link() it is 1 and allowed.
CREATE TRIGGER audit_head_move BEFORE UPDATE ON audit_head
    FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION audit_refuse();
