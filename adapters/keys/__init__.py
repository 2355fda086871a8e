"""Keep the keys under which personal values are sealed: one a session, wrapped under a master key."""
