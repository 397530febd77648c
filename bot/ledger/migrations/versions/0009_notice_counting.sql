-- Recipients are counted after the text is written: no number means that nobody knows yet.
ALTER TABLE notice_revision
    ALTER COLUMN recipients DROP NOT NULL,
    ADD COLUMN reach jsonb, -- the number by channel, and how many are left out
    ADD COLUMN count_problem text NOT NULL DEFAULT '', -- why they could not be counted
    -- The number that the last yes was given to; where it is another by the time of sending, `held_recipients`
    -- is that one, and somebody is asked again.
    ADD COLUMN confirmed_recipients integer CHECK (confirmed_recipients > 0),
    ADD COLUMN held_recipients integer CHECK (held_recipients > 0),
    -- Nobody approves or sends a text without knowing how many it reaches.
    ADD CONSTRAINT revision_was_counted CHECK (
        recipients IS NOT NULL OR state NOT IN ('submitted', 'approved', 'scheduled', 'sending', 'sent')
    ),
    ADD CONSTRAINT revision_held CHECK (held_recipients IS NULL OR state = 'scheduled');

UPDATE notice_revision SET confirmed_recipients = recipients
WHERE state IN ('scheduled', 'sending', 'sent') AND recipients > 0;
