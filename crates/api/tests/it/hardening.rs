//! What OWASP's list for APIs names, as far as it applies: see SECURITY.md.

use crate::memory::Plan;
use crate::world::{World, place};
use domain::Fault;

#[tokio::test]
async fn an_id_that_another_account_took_tells_nothing_of_its_order() {
    let world = World::new().await;
    let theirs = place(r#"{"orderId":"o","accountNumber":"THEIR-ACCOUNT","quantity":4711}"#);
    assert!(world.ask(&theirs).await.starts_with("201"));
    let ours = world.ask(&place(r#"{"orderId":"o","accountNumber":"OURS","quantity":1}"#)).await;
    assert!(ours.starts_with("409"), "{ours}");
    assert!(!ours.contains("THEIR-ACCOUNT") && !ours.contains("4711"), "{ours}");
}

#[tokio::test]
async fn one_idempotency_key_of_two_accounts_is_two_orders() {
    let world = World::new().await;
    let keyed = |account: &str| {
        format!(
            "POST /api/orders\nContent-Type: application/json\nIdempotency-Key: k-1\n\n\
             {{\"accountNumber\":\"{account}\",\"quantity\":1}}"
        )
    };
    for account in ["A", "B"] {
        let answer = world.ask(&keyed(account)).await;
        assert!(answer.starts_with("201"), "{answer}");
    }
}

#[tokio::test]
async fn what_only_the_service_sets_cannot_be_set_by_a_client() {
    let world = World::with_order().await;
    for field in [
        r#""status":"shipped""#,
        r#""version":9"#,
        r#""placedAt":"2020-01-01T00:00:00Z""#,
        r#""updatedAt":"2020-01-01T00:00:00Z""#,
        r#""id":"x""#,
        r#""partitionKey":"x""#,
        r#""type":"event""#,
        r#""state":"processed""#,
        r#""fingerprint":"x""#,
        r#""ttl":1"#,
        r#""_etag":"x""#,
    ] {
        let placing = place(&format!(r#"{{"accountNumber":"A","quantity":1,{field}}}"#));
        let changing = format!(
            "PATCH /api/orders/o\nContent-Type: application/json\n\n{{\"quantity\":5,{field}}}"
        );
        for request in [placing, changing] {
            let answer = world.ask(&request).await;
            assert!(answer.starts_with("422"), "{field}: {answer}");
        }
    }
    assert_eq!(world.store.calls(), [""; 0]);
}

#[tokio::test]
async fn a_change_cannot_move_an_order_to_another_account() {
    let world = World::with_order().await;
    let moving = "PATCH /api/orders/o\nContent-Type: application/json\n\n\
                  {\"quantity\":5,\"accountNumber\":\"B\"}";
    let answer = world.ask(moving).await;
    assert!(answer.starts_with("422"), "{answer}");
}

#[tokio::test]
async fn no_list_is_longer_than_a_page() {
    let world = World::new().await;
    for limit in ["101", "1000000", "-1", "0", "99999999999999999999"] {
        let answer = world.ask(&format!("GET /api/orders?accountNumber=A&limit={limit}")).await;
        assert!(answer.starts_with("422"), "{limit}: {answer}");
    }
}

#[tokio::test]
async fn no_answer_tells_what_is_behind_the_service() {
    let world = World::with_order().await;
    for fault in [
        Fault::Unavailable("db-17.internal refused".into()),
        Fault::Unanswered("db-17.internal reset".into()),
        Fault::Misconfigured { problem: "the key of db-17.internal is wrong".to_owned() },
    ] {
        world.store.plan([Plan::Fail(fault)]);
        let answer = world.ask("GET /api/orders/o").await;
        assert!(answer.starts_with("503"), "{answer}");
        for word in ["db-17", "internal", "key", "src/", "panicked", "cosmos", "hyper"] {
            assert!(!answer.to_lowercase().contains(word), "{word}: {answer}");
        }
    }
}
