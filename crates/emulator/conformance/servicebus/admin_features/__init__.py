"""Features of the administration client."""
