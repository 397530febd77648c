"""The edge to a terminal."""
