"""Tests of restkit.cli."""
