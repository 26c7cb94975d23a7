"""Customer segmentation: the part that thinks, without HTTP and without a database."""
