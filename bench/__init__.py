"""Measurements of this product beside the ways it replaces: `make bench`."""
