"""One folder or object-store prefix that many requests share."""
