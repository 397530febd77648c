-- Times are UTC.

-- A yes that is asked of other people, bound to the hash of exactly what they were shown.
CREATE TABLE approval (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    topic text NOT NULL CHECK (topic ~ '^[a-z][a-z-]{1,39}$'),
    subject text NOT NULL,
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    title text NOT NULL,
    what text[] NOT NULL,
    why text NOT NULL,
    consequence text NOT NULL,
    team text NOT NULL,
    requested_user text NOT NULL,
    source text NOT NULL,
    person text NOT NULL,
    -- Every name of the requester and of whoever wrote the content: none of them may say yes.
    barred text[] NOT NULL CHECK (cardinality(barred) > 0),
    roles text[] NOT NULL CHECK (cardinality(roles) > 0),
    needed integer NOT NULL CHECK (needed BETWEEN 1 AND 9),
    channel text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    approvals integer NOT NULL DEFAULT 0 CHECK (approvals >= 0),
    decided_by text[] NOT NULL DEFAULT '{}',
    broke_glass boolean NOT NULL DEFAULT false,
    ended_at timestamptz,
    ended_by text,
    ended_why text NOT NULL DEFAULT '',
    reminders integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,

    CONSTRAINT approval_state_known CHECK (
        state IN ('pending', 'approved', 'declined', 'expired', 'withdrawn', 'void')
    ),
    CONSTRAINT approval_expires_later CHECK (expires_at > created_at),
    CONSTRAINT approval_ended CHECK ((state = 'pending') = (ended_at IS NULL)),
    -- Nothing looks approved for want of a no.
    CONSTRAINT approval_was_given CHECK (state <> 'approved' OR approvals >= needed OR broke_glass),
    CONSTRAINT approval_pending_lacks CHECK (state <> 'pending' OR (approvals < needed AND NOT broke_glass)),
    -- Nobody who asked or wrote is among those who said yes, whoever writes this row. Breaking glass is apart.
    CONSTRAINT approval_by_others CHECK (NOT (barred && decided_by)),
    CONSTRAINT approval_counted CHECK ((approvals = 0) = (cardinality(decided_by) = 0))
);

CREATE UNIQUE INDEX approval_one_pending ON approval (topic, subject) WHERE state = 'pending';
CREATE INDEX approval_by_subject ON approval (topic, subject, created_at DESC);
CREATE INDEX approval_unfinished ON approval (expires_at) WHERE state = 'pending';

CREATE TABLE approval_decision (
    approval_id text NOT NULL REFERENCES approval (id),
    person text NOT NULL,
    team text NOT NULL,
    user_id text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approve', 'decline', 'break-glass')),
    comment text NOT NULL DEFAULT '',
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    version integer NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (approval_id, person),
    UNIQUE (approval_id, version)
);

-- One matter that customers are told of: a maintenance, an emergency.
CREATE TABLE notice (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z]{8}$'),
    kind text NOT NULL,
    product text NOT NULL,
    databases text[] NOT NULL DEFAULT '{}',
    audiences text[] NOT NULL CHECK (cardinality(audiences) > 0),
    team text NOT NULL,
    channel text,
    owner text NOT NULL,
    source text NOT NULL,
    request_key text NOT NULL UNIQUE,
    phase text NOT NULL DEFAULT 'draft' CHECK (phase IN ('draft', 'live', 'over', 'withdrawn')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- What customers were told last; empty until they were told something.
    window_start timestamptz,
    window_end timestamptz,
    promised_at timestamptz,
    promise_reminders integer NOT NULL DEFAULT 0,
    asked text[] NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    ended_at timestamptz,

    CONSTRAINT notice_window CHECK (
        (window_start IS NULL) = (window_end IS NULL) AND (window_end IS NULL OR window_end > window_start)
    ),
    CONSTRAINT notice_told CHECK (phase <> 'draft' OR (window_start IS NULL AND promised_at IS NULL)),
    CONSTRAINT notice_ended CHECK ((ended_at IS NOT NULL) = (phase IN ('over', 'withdrawn')))
);

CREATE INDEX notice_by_time ON notice (created_at DESC);
CREATE INDEX notice_unfinished ON notice (phase) WHERE phase IN ('draft', 'live');

-- One text of it. What it says is never changed: an edit is a new number.
CREATE TABLE notice_revision (
    notice_id text NOT NULL REFERENCES notice (id),
    number integer NOT NULL CHECK (number > 0),
    request_key text,
    stage text NOT NULL,
    title text NOT NULL,
    severity text NOT NULL,
    status text NOT NULL,
    state text NOT NULL DEFAULT 'draft',
    variables jsonb NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    body_slack text NOT NULL,
    audiences text[] NOT NULL CHECK (cardinality(audiences) > 0),
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    bundle_hash text NOT NULL CHECK (bundle_hash ~ '^[0-9a-f]{64}$'),
    recipients integer NOT NULL CHECK (recipients >= 0),
    author text NOT NULL,
    authors text[] NOT NULL CHECK (cardinality(authors) > 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    send_at timestamptz,
    covered_by integer,
    window_start timestamptz,
    window_end timestamptz,
    promised_at timestamptz,
    ends boolean NOT NULL,
    needed integer NOT NULL,
    approval_id text REFERENCES approval (id),
    approved_until timestamptz,
    confirmed_by text,
    sending_at timestamptz,
    sent_at timestamptz,
    note text NOT NULL DEFAULT '',

    PRIMARY KEY (notice_id, number),
    UNIQUE (notice_id, request_key),
    FOREIGN KEY (notice_id, covered_by) REFERENCES notice_revision (notice_id, number),
    CONSTRAINT revision_state_known CHECK (
        state IN (
            'draft', 'submitted', 'approved', 'scheduled', 'sending', 'sent', 'replaced', 'withdrawn', 'skipped'
        )
    ),
    -- Nothing goes out that nobody has read, and nothing without the last yes.
    CONSTRAINT revision_was_read CHECK (
        state NOT IN ('submitted', 'approved', 'scheduled', 'sending', 'sent') OR approval_id IS NOT NULL
    ),
    CONSTRAINT revision_was_confirmed CHECK (
        state NOT IN ('scheduled', 'sending', 'sent') OR confirmed_by IS NOT NULL
    ),
    CONSTRAINT revision_scheduled CHECK (state <> 'scheduled' OR send_at IS NOT NULL),
    CONSTRAINT revision_approved CHECK (state <> 'approved' OR approved_until IS NOT NULL),
    CONSTRAINT revision_sending CHECK ((sending_at IS NOT NULL) = (state IN ('sending', 'sent'))),
    CONSTRAINT revision_sent CHECK ((sent_at IS NOT NULL) = (state = 'sent')),
    CONSTRAINT revision_covered_earlier CHECK (covered_by < number)
);

-- People work on one text of a notice at a time.
CREATE UNIQUE INDEX revision_one_open ON notice_revision (notice_id)
WHERE state IN ('draft', 'submitted', 'approved') AND covered_by IS NULL;
CREATE INDEX revision_due ON notice_revision (send_at) WHERE state = 'scheduled';
CREATE INDEX revision_unfinished ON notice_revision (state) WHERE state IN ('approved', 'scheduled', 'sending');

-- What an immutable text says stays as it is, whoever writes.
CREATE FUNCTION notice_revision_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what revision %.% says is never changed', OLD.notice_id, OLD.number
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER notice_revision_keep
BEFORE UPDATE OF stage, variables, subject, body_text, body_html, body_slack, audiences, content_hash,
    bundle_hash, authors, send_at, covered_by ON notice_revision
FOR EACH ROW
WHEN (
    (OLD.stage, OLD.variables, OLD.subject, OLD.body_text, OLD.body_html, OLD.body_slack, OLD.audiences,
        OLD.content_hash, OLD.bundle_hash, OLD.authors, OLD.send_at, OLD.covered_by)
    IS DISTINCT FROM
    (NEW.stage, NEW.variables, NEW.subject, NEW.body_text, NEW.body_html, NEW.body_slack, NEW.audiences,
        NEW.content_hash, NEW.bundle_hash, NEW.authors, NEW.send_at, NEW.covered_by)
)
EXECUTE FUNCTION notice_revision_keep();

-- What happened to it, a line each, as its thread and its export show them.
CREATE TABLE notice_event (
    notice_id text NOT NULL REFERENCES notice (id),
    seq integer NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    what text NOT NULL,
    by_user text NOT NULL,
    number integer,
    stage text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (notice_id, seq)
);
