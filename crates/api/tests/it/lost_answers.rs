//! INVARIANT(no-answer-is-not-no): what the store did not answer is neither reported as failed nor
//! done twice.

use crate::memory::Plan;
use crate::world::{World, place};
use domain::Fault;
use expect_test::expect;

const ORDER: &str = r#"{"orderId":"o","accountNumber":"A","quantity":3}"#;

#[tokio::test]
async fn a_placement_without_answer_names_the_order_that_may_exist() {
    let world = World::new().await;
    world.store.plan([Plan::LoseAnswer]);
    world.check(&place(ORDER), expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 1

        {"type":"urn:problem-type:orders:no-answer",
         "title":"The store of the orders did not answer",
         "status":503,
         "detail":"Order o may have been written all the same. Read it, or send the same with orderId o again: whatever was done is not done twice",
         "orderId":"o"}"#]]).await;
}

#[tokio::test]
async fn no_answer_is_not_no_a_repeat_finds_what_was_placed() {
    for lost in [Plan::LoseAnswer, Plan::Fail(Fault::Unanswered("cut".into()))] {
        let world = World::new().await;
        world.store.plan([lost]);
        let first = world.ask(&place(ORDER)).await;
        assert!(first.starts_with("503"), "{first}");
        let second = world.ask(&place(ORDER)).await;
        assert!(second.starts_with("20"), "{second}");
        assert_eq!(world.store.events("o"), ["OrderPlaced"]);
    }
}

#[tokio::test]
async fn an_id_that_was_made_up_is_told_so_that_it_can_be_repeated() {
    let world = World::new().await;
    world.store.plan([Plan::LoseAnswer]);
    let answer = world.ask(&place(r#"{"accountNumber":"A","quantity":3}"#)).await;
    let (_, id) = answer.split_once(r#""orderId":""#).unwrap();
    let id = id.split('"').next().unwrap();
    let again = format!(r#"{{"orderId":"{id}","accountNumber":"A","quantity":3}}"#);
    let answer = world.ask(&place(&again)).await;
    assert!(answer.starts_with("200 OK"), "{answer}");
}

#[tokio::test]
async fn deeds_without_answer_can_be_repeated() {
    let patch = "PATCH /api/orders/o\nContent-Type: application/json\n\n{\"quantity\":5}";
    for request in [patch, "POST /api/orders/o/cancel", "POST /api/orders/o/ship"] {
        let world = World::with_order().await;
        world.store.plan([Plan::LoseAnswer]);
        let first = world.ask(request).await;
        assert!(first.starts_with("503") && first.contains("\"orderId\":\"o\""), "{first}");
        let second = world.ask(request).await;
        assert!(second.starts_with("200 OK"), "{second}");
        assert_eq!(world.store.events("o").len(), 2, "{request}");
    }
}

#[tokio::test]
async fn a_read_without_answer_has_done_nothing() {
    let world = World::with_order().await;
    world.store.plan([Plan::Fail(Fault::Unanswered("cut".into()))]);
    world
        .check(
            "GET /api/orders/o",
            expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 1

        {"type":"urn:problem-type:orders:no-answer",
         "title":"The store of the orders did not answer",
         "status":503,
         "detail":"Nothing was done; send the request again later"}"#]],
        )
        .await;
}
