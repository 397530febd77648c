-- Of the manifest's bytes as they were written: without it whoever can write to the bucket could change what a
-- backup says of itself. Unknown for backups of older versions.
ALTER TABLE backup_log ADD COLUMN manifest_sha256 text CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$');
