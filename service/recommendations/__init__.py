"""How many segments a dataset holds."""
