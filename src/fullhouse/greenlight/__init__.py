"""Before the greenlight: what a film has to make, how surely it will, and what a slate risks."""
