"""From a method's return value to a response."""
