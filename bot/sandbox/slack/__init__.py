"""A small server that speaks Slack to an unmodified app: to try the product, and to test it against."""
