"""Assignment of customers to the segments of a model version."""
