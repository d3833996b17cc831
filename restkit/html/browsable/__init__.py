"""Browsable pages: JSON resources as pages for browsers, with `App(browsable=True)`."""
