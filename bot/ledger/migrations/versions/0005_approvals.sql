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
