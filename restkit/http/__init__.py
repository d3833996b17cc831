"""The protocol without I/O: preconditions and content negotiation (RFC 9110)."""
