"""Packs for cinemas and distributors: demand by city and cinema."""
