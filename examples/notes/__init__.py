"""Notes with every guard on: who calls, what they may do, which rows and fields, and how often.

Run it with ``restkit run examples.notes``. ``RESTKIT_JWT_KEY`` is the secret of the tokens, and
``RESTKIT_REDIS_URL`` the Redis with the counts and stored responses of all workers.
"""
