"""The demo: a small market that this project made up."""
