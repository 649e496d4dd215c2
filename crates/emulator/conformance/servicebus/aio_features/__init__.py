"""Features as the asynchronous client has them."""
