"""A market with known truth: only the command line, demo, tests and benchmarks may import it."""
