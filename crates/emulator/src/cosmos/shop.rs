//! The order service's database, as its Bicep makes it on Azure.

use super::core::{Account, Refusal};
use serde_json::{Value, json};

/// Makes the database and its containers.
pub(super) fn provision(account: &mut Account, at: i64) -> Result<(), Refusal> {
    account.create_database(&json!({"id": "shop"}), None, at)?;
    account.create_container("shop", orders(), None, at)?;
    account.create_container("shop", leases(), None, at)?;
    Ok(())
}

/// Only what queries use is indexed: indexing is what makes writes dear.
fn orders() -> Value {
    let indexed = ["type", "state", "accountNumber", "placedAt", "occurredAt", "sequence"];
    let included: Vec<Value> =
        indexed.iter().map(|name| json!({"path": format!("/{name}/?")})).collect();
    json!({
        "id": "orders",
        "partitionKey": {"paths": ["/partitionKey"], "kind": "Hash", "version": 2},
        "defaultTtl": -1,
        "indexingPolicy": {
            "indexingMode": "consistent",
            "automatic": true,
            "includedPaths": included,
            "excludedPaths": [{"path": "/*"}],
            "compositeIndexes": [[
                {"path": "/placedAt", "order": "descending"},
                {"path": "/id", "order": "descending"},
            ]],
        },
    })
}

fn leases() -> Value {
    json!({
        "id": "leases",
        "partitionKey": {"paths": ["/id"], "kind": "Hash", "version": 2},
    })
}
