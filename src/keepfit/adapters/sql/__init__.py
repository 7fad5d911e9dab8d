"""keepfit's own state in SQLite or PostgreSQL: one small store for each port."""
