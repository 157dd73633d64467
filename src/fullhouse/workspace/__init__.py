"""One folder or object-store prefix that many requests share."""

CACHE = "cache"
"""The folder of a local workspace that holds files derived from its tables."""
