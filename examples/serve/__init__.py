"""The demo's house, served to two rival studios."""
