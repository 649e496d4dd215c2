"""Features of azure-servicebus, blocking; each has an entity, session or message of its own."""
