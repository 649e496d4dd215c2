//! The Functions host: runs a custom handler from its `host.json` and function folders.
