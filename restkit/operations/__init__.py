"""From a Resource class to its Operations, once, when the class is mounted."""
