"""From a URL to its route, and back."""
