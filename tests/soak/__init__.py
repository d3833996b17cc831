"""The notes of the examples under load for a long time: ``python -m tests.soak --minutes 30``.

``run`` serves and measures, ``load`` sends what many clients would send, and some bad traffic.
"""
