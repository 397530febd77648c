"""A Slack workspace and database servers for a first look, and for tests."""
