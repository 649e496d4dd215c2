//! Cosmos DB for NoSQL: a storage core, and the gateway's HTTP wire over it.
