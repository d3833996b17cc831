"""Benchmarks: what a request costs, counted in instructions. Run by hand or by a script,
never as a timed assertion.
"""
