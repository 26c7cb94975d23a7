"""Jobs: background work that outlives its request."""
