"""What a host adds to PostgreSQL: whose object is it, which addresses lead to a pooler."""
