"""The features that the synchronous client proves, by topic."""
