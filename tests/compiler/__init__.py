"""The proof that compiled schemas mean what marshmallow means."""
