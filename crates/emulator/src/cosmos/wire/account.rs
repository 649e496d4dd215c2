//! The account document, which tells a client where to go on: here.

use super::call::Call;
use super::reply::Reply;
use super::resources::not_served;
use crate::cosmos::core::Refusal;
use http::Method;
use serde_json::json;

/// The one region of the emulator.
const REGION: &str = "East US";
/// What SDKs read from the account before they plan queries themselves.
const QUERY_ENGINE: &str = concat!(
    r#"{"maxSqlQueryInputLength":262144,"maxJoinsPerSqlQuery":5,"maxLogicalAndPerSqlQuery":500,"#,
    r#""maxLogicalOrPerSqlQuery":500,"maxUdfRefPerSqlQuery":10,"maxInExpressionItemsCount":16000,"#,
    r#""queryMaxInMemorySortDocumentCount":500,"maxQueryRequestTimeoutFraction":0.9,"#,
    r#""sqlAllowNonFiniteNumbers":false,"sqlAllowAggregateFunctions":true,"sqlAllowSubQuery":true,"#,
    r#""sqlAllowScalarSubQuery":true,"allowNewKeywords":true,"sqlAllowLike":true,"#,
    r#""sqlAllowGroupByClause":true,"maxSpatialQueryCells":12,"spatialMaxGeometryPointCount":256,"#,
    r#""sqlAllowTop":true,"enableSpatialIndexing":true}"#
);

/// `GET /`
pub(super) fn describe(call: &Call) -> Result<Reply, Refusal> {
    if call.method != Method::GET {
        return Err(not_served(call));
    }
    let scheme = call.header("x-forwarded-proto").unwrap_or("http");
    let endpoint = format!("{scheme}://{}/", call.host);
    let location = json!([{"name": REGION, "databaseAccountEndpoint": endpoint}]);
    let replicas =
        json!({"asyncReplication": false, "minReplicaSetSize": 1, "maxReplicasetSize": 4});
    let account = json!({
        "_self": "",
        "id": "emulator",
        "_rid": "emulator",
        "media": "//media/",
        "addresses": "//addresses/",
        "_dbs": "//dbs/",
        "writableLocations": location,
        "readableLocations": location,
        "enableMultipleWriteLocations": false,
        "userReplicationPolicy": replicas,
        "systemReplicationPolicy": replicas,
        "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
        "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
        "queryEngineConfiguration": QUERY_ENGINE,
    });
    Ok(Reply::json(200, &account))
}
