"""From a request to the validated values that a method declares."""
