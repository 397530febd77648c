-- A topic or a stage more is a line of Python, not a migration.
ALTER TABLE outbox DROP CONSTRAINT outbox_topic_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_topic_check CHECK (topic ~ '^[a-z][a-z-]{1,39}$');
ALTER TABLE outbox DROP CONSTRAINT outbox_stage_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_stage_check CHECK (stage ~ '^[a-z][a-z0-9:-]{1,79}$');
