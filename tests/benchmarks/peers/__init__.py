"""The programs that are compared, one file each; every one offers the services that `cases` asks
for.

A file has ``hello()``, the smallest program; ``services()``, with every service of the table;
``routes(count)``; and
``nesting(depth)`` where the depth is measured. What `hello` does not need is imported in the
functions that do: the
start of the smallest program is measured too.
"""
