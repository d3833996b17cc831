"""A store in memory, with the behaviour of one on a database: for prototypes and for tests."""
