"""Sparewheel: PostgreSQL backups in Slack, with the proof kept."""
