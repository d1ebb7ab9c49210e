"""Themes: what they must colour, how they are read, which there are."""
