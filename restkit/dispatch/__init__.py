"""From the WSGI environ to the response: the composed App that requests run through."""
