-- Times are UTC.

-- One notice on its way: the exact text that is handed over, whatever happens to its draft afterwards.
CREATE TABLE dispatch (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    notice_id text NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    rehearsal boolean NOT NULL DEFAULT false,
    team text NOT NULL,
    kind text NOT NULL,
    stage text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical', 'resolved')),
    status text NOT NULL,
    subject text NOT NULL CHECK (subject !~ '[\r\n]'),
    body_text text NOT NULL,
    body_html text NOT NULL,
    body_slack text NOT NULL,
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    starts_at timestamptz,
    ends_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);

-- A revision goes out once; rehearsals as often as wanted.
CREATE UNIQUE INDEX dispatch_once ON dispatch (notice_id, revision) WHERE NOT rehearsal;
CREATE INDEX dispatch_by_notice ON dispatch (notice_id, created_at);
CREATE INDEX dispatch_unfinished ON dispatch (created_at) WHERE finished_at IS NULL;

-- Who works on one channel of it, and until when that may be believed.
CREATE TABLE dispatch_run (
    dispatch_id text NOT NULL REFERENCES dispatch (id),
    channel text NOT NULL,
    attempt text,
    lease_until timestamptz,
    stumbles integer NOT NULL DEFAULT 0 CHECK (stumbles >= 0),
    waits_for text,
    PRIMARY KEY (dispatch_id, channel),
    CONSTRAINT run_leased CHECK ((attempt IS NULL) = (lease_until IS NULL))
);

-- One recipient. `begun` is written before the hand-over and the end after it, so that whatever dies in
-- between leaves a row that says so; it becomes `unknown` and is never sent again by itself.
CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dispatch_id text NOT NULL REFERENCES dispatch (id),
    channel text NOT NULL,
    recipient text NOT NULL,
    key text NOT NULL CHECK (key ~ '^[0-9a-f]{32}$'),
    state text NOT NULL DEFAULT 'waiting',
    attempt text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    again boolean NOT NULL DEFAULT false,
    not_before timestamptz,
    begun_at timestamptz,
    finished_at timestamptz,
    reference text,
    error text,
    settled_by text,

    UNIQUE (dispatch_id, channel, recipient),
    CONSTRAINT delivery_state_known CHECK (
        state IN ('waiting', 'begun', 'sent', 'failed', 'unknown', 'withdrawn', 'suppressed')
    ),
    CONSTRAINT delivery_waiting CHECK (
        state <> 'waiting' OR (attempt IS NULL AND begun_at IS NULL AND finished_at IS NULL)
    ),
    CONSTRAINT delivery_begun CHECK (
        state NOT IN ('begun', 'unknown')
        OR (attempt IS NOT NULL AND begun_at IS NOT NULL AND finished_at IS NULL)
    ),
    CONSTRAINT delivery_final CHECK (
        (finished_at IS NOT NULL) = (state IN ('sent', 'failed', 'withdrawn', 'suppressed'))
    ),
    -- Nothing looks sent but what the other side took, or what a person answers for.
    CONSTRAINT delivery_sent CHECK (
        state <> 'sent' OR (begun_at IS NOT NULL AND (reference IS NOT NULL OR settled_by IS NOT NULL))
    ),
    CONSTRAINT delivery_says_why CHECK (state NOT IN ('failed', 'unknown') OR error IS NOT NULL)
);

CREATE INDEX delivery_waiting ON delivery (dispatch_id, channel, id) WHERE state = 'waiting';
CREATE INDEX delivery_open ON delivery (dispatch_id, channel) WHERE state IN ('waiting', 'begun');
CREATE INDEX delivery_earlier ON delivery (recipient, channel, id) WHERE state = 'sent';

-- When a channel may be used next, by whichever process: the rate limit of all of them together.
CREATE TABLE channel_pace (
    channel text PRIMARY KEY,
    next_at timestamptz NOT NULL
);

-- Who must never be written to, in the form that addresses are compared in.
CREATE TABLE suppressed_address (
    address text PRIMARY KEY,
    reason text NOT NULL,
    added_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
