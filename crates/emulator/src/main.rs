//! A local Azure: Cosmos DB, Service Bus and the Functions host, for development and tests.

fn main() {}
