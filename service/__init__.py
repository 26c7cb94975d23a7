"""Customer segmentation as a service."""

RELEASE = "0.1.0"
