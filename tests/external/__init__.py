"""What other people's programs make of restkit:
fuzzers, linters of documents, generators of clients, a browser.
"""
