"""The edge tied to a house: what people can ask for, and what is posted."""
