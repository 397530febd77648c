-- Whoever had not been written to by then never will be.
ALTER TABLE dispatch
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by text,
    ADD CONSTRAINT dispatch_withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL));

UPDATE dispatch
SET withdrawn_at = stopped.at, withdrawn_by = stopped.by_user
FROM (
    SELECT DISTINCT ON (notice_id, number) notice_id, number, at, by_user
    FROM notice_event
    WHERE what = 'stopped'
    ORDER BY notice_id, number, seq
) AS stopped
WHERE dispatch.notice_id = stopped.notice_id AND dispatch.revision = stopped.number AND NOT dispatch.rehearsal;
