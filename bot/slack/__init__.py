"""The edge to Slack: payload in, Reply out as Block Kit."""
