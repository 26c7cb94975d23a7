"""What segments are like."""
