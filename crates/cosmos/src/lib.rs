//! Azure Cosmos DB for NoSQL over reqwest.
