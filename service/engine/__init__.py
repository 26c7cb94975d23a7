"""Job engine: the Dask cluster that runs jobs, its client and its processes."""
