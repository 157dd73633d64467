"""Two real films, forecast as of the days before and after they opened."""
