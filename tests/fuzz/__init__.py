"""Fuzzers of every parser: a few examples in the suite, many by ``python -m tests.fuzz``.

Each test draws texts, hands them to one parser, and holds the result against a second opinion: an
own model of the rules, Werkzeug, the standard library, PyJWT, or what was written before.
"""
