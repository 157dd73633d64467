"""What cinemas are shown: demand by city and cinema."""
