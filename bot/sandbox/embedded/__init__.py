"""PostgreSQL servers that come with the product: two clusters on loopback, for a first look and for tests."""
