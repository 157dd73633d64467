"""Talent: who is credited in which film, what their names add to its gross, who is rising."""
