"""Readers of known public data sets."""
