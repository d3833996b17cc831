"""Drawn pictures of the documentation: ``python -m tests.diagrams`` writes docs/images/*.svg."""
