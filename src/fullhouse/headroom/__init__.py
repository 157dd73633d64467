"""How many tickets an audience would buy if all of it had heard of a film."""
