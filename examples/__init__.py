"""Programs that show restkit; each runs with `restkit run`."""
