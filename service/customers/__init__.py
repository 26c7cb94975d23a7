"""The customers of a dataset, one by one and in batches."""
