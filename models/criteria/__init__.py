"""The criteria: a new one is one file here and its name in the line below."""
