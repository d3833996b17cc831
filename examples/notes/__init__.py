"""Notes with every guard on: who calls, what they may do, which rows and fields, and how often.

Run it with ``restkit run examples.notes``; ``RESTKIT_JWT_KEY`` is the secret of the tokens.
"""

from .app import app, create_app

__all__ = ["app", "create_app"]
