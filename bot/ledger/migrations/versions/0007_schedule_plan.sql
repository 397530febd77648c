-- The cron line and zone by which `last_due` was counted. A clock of another plan fires nothing of it.
-- `doubted_at`: since when clocks of another configuration looked, and none of this plan has answered.
ALTER TABLE schedule
    ADD COLUMN plan text,
    ADD COLUMN doubted_at timestamptz;

-- Whoever took an alert has it for a day or so; then everybody is asked again.
ALTER TABLE alert_event DROP CONSTRAINT alert_event_what_check;
ALTER TABLE alert_event ADD CONSTRAINT alert_event_what_check CHECK (
    what IN ('opened', 'reopened', 'acknowledged', 'reminded', 'escalated', 'worsened', 'lapsed', 'resolved')
);

-- What is over is forgotten by its age.
CREATE INDEX alert_over ON alert (resolved_at) WHERE state = 'resolved';
