//! Live and ready.

use crate::memory::Plan;
use crate::world::{World, check};
use domain::Fault;
use expect_test::expect;

#[tokio::test]
async fn a_running_process_is_live() {
    check(
        "GET /api/health/live",
        expect![[r#"
        200 OK
        content-type: application/json

        {"status":"live"}"#]],
    )
    .await;
}

#[tokio::test]
async fn with_a_store_it_is_ready() {
    check(
        "GET /api/health/ready",
        expect![[r#"
        200 OK
        content-type: application/json

        {"status":"ready",
         "dependencies":[{"name":"store",
         "ready":true}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_the_set_up_is_said() {
    let world = World::new().await;
    let problem = "database shop has no container orders".into();
    world.store.plan([Plan::Fail(Fault::Misconfigured { problem })]);
    world
        .check(
            "GET /api/health/ready",
            expect![[r#"
        503 Service Unavailable
        content-type: application/json

        {"status":"not ready",
         "dependencies":[{"name":"store",
         "ready":false,
         "reason":"database shop has no container orders"}]}"#]],
        )
        .await;
}

#[tokio::test]
async fn causes_stay_inside() {
    let world = World::new().await;
    world.store.plan([Plan::Fail(Fault::Unavailable("10.0.0.8:443: refused".into()))]);
    world
        .check(
            "GET /api/health/ready",
            expect![[r#"
        503 Service Unavailable
        content-type: application/json

        {"status":"not ready",
         "dependencies":[{"name":"store",
         "ready":false,
         "reason":"cannot be reached"}]}"#]],
        )
        .await;
}
