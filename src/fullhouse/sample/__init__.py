"""Who of a house an analysis is about: people, films and sales as of a day."""
