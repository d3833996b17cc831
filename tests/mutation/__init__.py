"""Mutation tests: small changes of the package, each of which the suite should notice."""
