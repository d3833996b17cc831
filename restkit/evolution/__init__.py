"""The changes between two OpenAPI documents, and which of them break clients."""
