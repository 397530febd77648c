-- A topic or a stage more is a line of Python, not a migration.
ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_topic_check CHECK (topic ~ '^[a-z][a-z-]{1,39}$');
ALTER TABLE outbox DROP CONSTRAINT outbox_stage_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_stage_check CHECK (stage ~ '^[a-z][a-z0-9:-]{1,79}$');

-- What a clock has seen configured. `last_due` is the newest time that was fired or passed over: it only
-- goes forward, and moving it is what decides between clocks.
CREATE TABLE schedule (
    key text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9_-]{0,39}/[a-z][a-z0-9_-]{0,39}$'),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_due timestamptz
);

-- One row for each schedule and instant, ever. `local_time` is set where a wall-clock time comes once a date,
-- whatever instant a clock with other rules about zones makes of it.
CREATE TABLE schedule_fire (
    schedule text NOT NULL REFERENCES schedule (key),
    fire_time timestamptz NOT NULL,
    local_time timestamp,
    kind text NOT NULL,
    fired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    missed integer NOT NULL DEFAULT 0 CHECK (missed >= 0),
    state text NOT NULL CHECK (state IN ('queued', 'begun', 'failed', 'paused', 'missed')),
    settled_at timestamptz,
    outcome text,
    PRIMARY KEY (schedule, fire_time),
    UNIQUE (schedule, local_time),
    CONSTRAINT fire_settled CHECK ((state = 'queued') = (settled_at IS NULL)),
    CONSTRAINT fire_begun_something CHECK (state <> 'begun' OR outcome IS NOT NULL),
    CONSTRAINT fire_failed_says_why CHECK (state <> 'failed' OR outcome IS NOT NULL),
    -- A clock that runs ahead waits for the ledger's time.
    CONSTRAINT fire_not_early CHECK (fired_at >= fire_time)
);

CREATE INDEX fire_by_time ON schedule_fire (fire_time);

CREATE TABLE schedule_pause (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    schedule text NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    team text NOT NULL,
    paused_user text NOT NULL,
    source text NOT NULL,
    channel text,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    reminded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reminders integer NOT NULL DEFAULT 0,
    ended_at timestamptz,
    ended_user text,
    ended_source text,
    CONSTRAINT pause_has_a_length CHECK (ends_at > paused_at),
    CONSTRAINT pause_ended_by_somebody CHECK (
        (ended_at IS NULL) = (ended_user IS NULL) AND (ended_at IS NULL) = (ended_source IS NULL)
    )
);

CREATE UNIQUE INDEX pause_one_at_a_time ON schedule_pause (schedule) WHERE ended_at IS NULL;
CREATE INDEX pause_by_end ON schedule_pause (schedule, ends_at);

-- What a schedule asked for, where no person did; `late_because` where that came after its time.
-- `lifecycle` is the folder that a bucket's rules go by.
ALTER TABLE backup_log
    ADD COLUMN schedule text,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN late_because text,
    ADD COLUMN lifecycle text,
    ADD CONSTRAINT backup_due_whole CHECK (
        (schedule IS NULL) = (due_at IS NULL) AND (late_because IS NULL OR due_at IS NOT NULL)
    );
CREATE UNIQUE INDEX backup_once_a_fire ON backup_log (schedule, due_at) WHERE schedule IS NOT NULL;

ALTER TABLE restore_test
    ADD COLUMN schedule text,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN late_because text,
    ADD CONSTRAINT test_due_whole CHECK (
        (schedule IS NULL) = (due_at IS NULL) AND (late_because IS NULL OR due_at IS NOT NULL)
    );
CREATE UNIQUE INDEX test_once_a_fire ON restore_test (schedule, due_at) WHERE schedule IS NOT NULL;
