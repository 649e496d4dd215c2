"""The features that the asynchronous client proves, by topic."""
