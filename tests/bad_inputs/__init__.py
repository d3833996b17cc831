"""Bad inputs over raw sockets at the bookstore, served by gunicorn: ``python -m tests.bad_inputs``.

``attacks`` makes requests by kind and seed, ``wire`` sends them, ``oracle`` judges what comes back.
"""
