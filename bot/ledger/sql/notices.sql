-- name: insert(id, kind, product, databases, audiences, team, channel, owner, source, request_key)!
INSERT INTO notice (id, kind, product, databases, audiences, team, channel, owner, source, request_key)
VALUES (:id, :kind, :product, :databases, :audiences, :team, :channel, :owner, :source, :request_key)
ON CONFLICT (request_key) DO NOTHING;

-- name: by_key(request_key)$
SELECT id FROM notice WHERE request_key = :request_key;

-- name: get(id)^
SELECT * FROM notice WHERE id = :id;

-- name: lock(id)^
SELECT * FROM notice WHERE id = :id FOR UPDATE;

-- name: find_by_prefix(prefix)
SELECT * FROM notice WHERE starts_with(id, :prefix) ORDER BY created_at DESC LIMIT 5;

-- name: newest(limit)
SELECT * FROM notice ORDER BY created_at DESC, id LIMIT :limit;

-- name: newest_of_kind(kind, product)^
SELECT * FROM notice
WHERE kind = :kind AND (:product::text IS NULL OR product = :product)
ORDER BY created_at DESC
LIMIT 1;

-- name: unfinished()
SELECT * FROM notice WHERE phase IN ('draft', 'live') ORDER BY created_at, id;

-- name: covering(database, at)$
SELECT EXISTS (
    SELECT FROM notice
    WHERE phase = 'live' AND databases @> ARRAY[:database::text]
        AND window_start <= :at AND :at < window_end
);

-- name: told_before(notice_id)
SELECT DISTINCT delivery.channel, delivery.recipient
FROM delivery
JOIN dispatch ON dispatch.id = delivery.dispatch_id
WHERE dispatch.notice_id = :notice_id AND NOT dispatch.rehearsal AND delivery.state IN ('sent', 'unknown')
ORDER BY delivery.channel, delivery.recipient;

-- name: counted(notice_id, number, recipients, reach)!
-- Whom a text and all that it covers reach; the text itself is as it was.
UPDATE notice_revision SET recipients = :recipients, reach = :reach, count_problem = ''
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number);

-- name: not_counted(notice_id, number, problem)!
UPDATE notice_revision SET count_problem = :problem
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number) AND state = 'draft';

-- name: hold(notice_id, number, recipients)!
-- The audience is another than the one that was confirmed: somebody is asked before it goes out.
UPDATE notice_revision SET held_recipients = :recipients
WHERE notice_id = :notice_id AND number = :number AND state = 'scheduled'
    AND held_recipients IS DISTINCT FROM :recipients;

-- name: confirm_held(notice_id, number, recipients, confirmed_by)!
-- The last yes once more, to exactly the number that was asked about; for all that it covers too.
UPDATE notice_revision
SET confirmed_recipients = :recipients, held_recipients = NULL, confirmed_by = :confirmed_by
WHERE notice_id = :notice_id AND state = 'scheduled' AND (number = :number OR covered_by = :number)
    AND EXISTS (
        SELECT FROM notice_revision AS asked
        WHERE asked.notice_id = :notice_id AND asked.number = :number AND asked.state = 'scheduled'
            AND asked.held_recipients = :recipients
    );

-- name: next_number(notice_id)$
SELECT coalesce(max(number), 0) + 1 FROM notice_revision WHERE notice_id = :notice_id;

-- name: insert_revision(notice_id, number, request_key, stage, title, severity, status, variables, subject, body_text, body_html, body_slack, audiences, content_hash, bundle_hash, author, authors, send_at, covered_by, window_start, window_end, promised_at, ends, needed)!
INSERT INTO notice_revision (
    notice_id, number, request_key, stage, title, severity, status, variables, subject, body_text, body_html,
    body_slack, audiences, content_hash, bundle_hash, author, authors, send_at, covered_by,
    window_start, window_end, promised_at, ends, needed
)
VALUES (
    :notice_id, :number, :request_key, :stage, :title, :severity, :status, :variables, :subject, :body_text,
    :body_html, :body_slack, :audiences, :content_hash, :bundle_hash, :author, :authors,
    :send_at, :covered_by, :window_start, :window_end, :promised_at, :ends, :needed
);

-- name: revision_by_key(notice_id, request_key)^
SELECT * FROM notice_revision WHERE notice_id = :notice_id AND request_key = :request_key;

-- name: revisions(notice_id)
SELECT * FROM notice_revision WHERE notice_id = :notice_id ORDER BY number;

-- name: submit(notice_id, number, approval_id)!
-- The text itself and all that it covers.
UPDATE notice_revision SET state = 'submitted', approval_id = :approval_id, note = ''
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number) AND state = 'draft'
    AND recipients IS NOT NULL;

-- name: approve(notice_id, number, approval_id, until)!
UPDATE notice_revision SET state = 'approved', approved_until = :until
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number) AND state = 'submitted'
    AND approval_id = :approval_id;

-- name: back_to_draft(notice_id, number, note)!
UPDATE notice_revision SET state = 'draft', approval_id = NULL, approved_until = NULL, note = :note
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number)
    AND state IN ('submitted', 'approved');

-- name: confirm(notice_id, number, bundle_hash, recipients, confirmed_by, now)
-- The last yes: once, for exactly this text, while the approval holds.
UPDATE notice_revision
SET confirmed_by = :confirmed_by, confirmed_recipients = :recipients,
    state = CASE WHEN send_at > :now THEN 'scheduled' ELSE 'sending' END,
    sending_at = CASE WHEN send_at > :now THEN NULL ELSE clock_timestamp() END
WHERE notice_id = :notice_id AND number = :number AND state = 'approved' AND bundle_hash = :bundle_hash
    AND approved_until > :now
    AND EXISTS (
        SELECT FROM approval
        WHERE id = notice_revision.approval_id AND state = 'approved'
            AND content_hash = notice_revision.bundle_hash
    )
RETURNING state;

-- name: confirm_covered(notice_id, number, recipients, confirmed_by)!
UPDATE notice_revision
SET state = 'scheduled', confirmed_by = :confirmed_by, confirmed_recipients = :recipients
WHERE notice_id = :notice_id AND covered_by = :number AND state = 'approved';

-- name: begin(notice_id, number)!
-- What was scheduled goes out: one clock of several begins it.
UPDATE notice_revision
SET state = 'sending', sending_at = clock_timestamp(), held_recipients = NULL
WHERE notice_id = :notice_id AND number = :number AND state = 'scheduled';

-- name: sent(notice_id, number)!
UPDATE notice_revision SET state = 'sent', sent_at = clock_timestamp()
WHERE notice_id = :notice_id AND number = :number AND state = 'sending';

-- name: skip(notice_id, number, note)!
UPDATE notice_revision SET state = 'skipped', note = :note, held_recipients = NULL
WHERE notice_id = :notice_id AND number = :number AND state = 'scheduled';

-- name: end_open(notice_id, number, state, note)!
-- Replaced or withdrawn, with all that it covers and that is not on its way yet.
UPDATE notice_revision SET state = :state, note = :note, approved_until = NULL, held_recipients = NULL
WHERE notice_id = :notice_id AND (number = :number OR covered_by = :number)
    AND state IN ('draft', 'submitted', 'approved', 'scheduled');

-- name: replace_scheduled(notice_id, besides, stage, note)!
-- What waits for its time and is not true any more. Without a stage: all of it.
UPDATE notice_revision SET state = 'replaced', note = :note, held_recipients = NULL
WHERE notice_id = :notice_id AND state = 'scheduled' AND number <> :besides
    AND coalesce(covered_by, 0) <> :besides AND (:stage::text IS NULL OR stage = :stage);

-- name: told(id, window_start, window_end, promised_at, fresh)!
-- Customers are being told: what the matter is known by from now on.
UPDATE notice
SET phase = 'live',
    window_start = coalesce(:window_start, window_start),
    window_end = coalesce(:window_end, window_end),
    promised_at = :promised_at::timestamptz,
    promise_reminders = 0,
    asked = CASE WHEN :fresh THEN '{}' ELSE asked END
WHERE id = :id AND phase IN ('draft', 'live');

-- name: set_phase(id, phase)!
UPDATE notice SET phase = :phase, ended_at = clock_timestamp(), promised_at = NULL,
    window_start = CASE WHEN :phase = 'withdrawn' THEN NULL ELSE window_start END,
    window_end = CASE WHEN :phase = 'withdrawn' THEN NULL ELSE window_end END
WHERE id = :id AND phase IN ('draft', 'live');

-- name: set_audience(id, audiences, databases, product)!
UPDATE notice SET audiences = :audiences, databases = :databases, product = :product
WHERE id = :id AND phase = 'draft';

-- name: mark_asked(id, stage)!
UPDATE notice SET asked = asked || ARRAY[:stage::text]
WHERE id = :id AND NOT asked @> ARRAY[:stage::text];

-- name: mark_promise(id, number)!
UPDATE notice SET promise_reminders = :number
WHERE id = :id AND phase = 'live' AND promise_reminders < :number;

-- name: bump(id)$
UPDATE notice SET version = version + 1 WHERE id = :id RETURNING version;

-- name: add_event(notice_id, what, by, number, stage, note)$
INSERT INTO notice_event (notice_id, seq, what, by_user, number, stage, note)
SELECT :notice_id, coalesce(max(seq), 0) + 1, :what, :by, :number, :stage, :note
FROM notice_event WHERE notice_id = :notice_id
RETURNING seq;

-- name: events(notice_id)
SELECT * FROM notice_event WHERE notice_id = :notice_id ORDER BY seq;

-- name: work(now)
-- Notices with a text that may be due, waits for its confirmation, or is on its way; and all that live.
SELECT notice.id FROM notice
WHERE notice.phase = 'live'
    OR EXISTS (
        SELECT FROM notice_revision AS each
        WHERE each.notice_id = notice.id
            AND (
                each.state = 'sending'
                OR (each.state = 'scheduled' AND each.send_at <= :now)
                OR (each.state = 'approved' AND each.approved_until <= :now)
            )
    )
ORDER BY notice.created_at, notice.id;
