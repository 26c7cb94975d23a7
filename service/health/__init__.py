"""For the orchestrator."""
