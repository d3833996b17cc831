"""Tests of restkit.testing."""
