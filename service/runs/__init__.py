"""Assignment runs: all customers of a dataset, assigned to segments by a job."""
