"""A customer's database: clients, snapshot, dump, inventory, pre-flight."""
