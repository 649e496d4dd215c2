//! The wire forms, to the letter.

use super::*;
use domain::order::{Decision, Placement};
use domain::{Change, Timestamp};
use expect_test::{Expect, expect};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_500 + second * 1000).unwrap()
}

fn placed() -> Change<Order> {
    let placement = Placement {
        id: "order-17".parse().unwrap(),
        account_number: "A-17".parse().unwrap(),
        quantity: Quantity::try_from(3).unwrap(),
    };
    Order::place(placement, at(0))
}

fn changed(decision: Decision) -> Change<Order> {
    match decision {
        Decision::Changed(change) => change,
        Decision::Unchanged | Decision::Refused(_) => panic!("the order is open"),
    }
}

fn check_state(change: &Change<Order>, expect: Expect) {
    expect.assert_eq(&serde_json::to_string(&OrderForm::state(change.state())).unwrap());
}

fn check_data(change: &Change<Order>, expect: Expect) {
    let [event] = change.events() else { panic!("one event") };
    expect.assert_eq(&serde_json::to_string(&OrderForm::data(&event.key, &event.data)).unwrap());
}

fn read(document: &str) -> Result<Order, String> {
    let document = serde_json::from_str(document).map_err(|error| error.to_string())?;
    OrderForm::aggregate("order-17".parse().unwrap(), document)
}

#[test]
fn a_placed_order_is_written_like_this() {
    check_state(
        &placed(),
        expect![[
            r#"{"accountNumber":"A-17","quantity":3,"status":"placed","version":1,"placedAt":"2026-09-21T14:13:20.500000Z","updatedAt":"2026-09-21T14:13:20.500000Z","fingerprint":"40d87331-d203-56bc-bafc-def198aea04c"}"#
        ]],
    );
    check_data(
        &placed(),
        expect![[r#"{"orderId":"order-17","accountNumber":"A-17","quantity":3}"#]],
    );
}

#[test]
fn a_changed_quantity_is_written_like_this() {
    let quantity = Quantity::try_from(5).unwrap();
    let change = changed(placed().state().change_quantity(quantity, at(1)));
    check_state(
        &change,
        expect![[
            r#"{"accountNumber":"A-17","quantity":5,"status":"placed","version":2,"placedAt":"2026-09-21T14:13:20.500000Z","updatedAt":"2026-09-21T14:13:21.500000Z","fingerprint":"40d87331-d203-56bc-bafc-def198aea04c"}"#
        ]],
    );
    check_data(&change, expect![[r#"{"orderId":"order-17","previousQuantity":3,"quantity":5}"#]]);
}

#[test]
fn a_cancelled_order_is_written_like_this() {
    let change = changed(placed().state().cancel(at(1)));
    check_state(
        &change,
        expect![[
            r#"{"accountNumber":"A-17","quantity":3,"status":"cancelled","version":2,"placedAt":"2026-09-21T14:13:20.500000Z","updatedAt":"2026-09-21T14:13:21.500000Z","fingerprint":"40d87331-d203-56bc-bafc-def198aea04c"}"#
        ]],
    );
    check_data(&change, expect![[r#"{"orderId":"order-17"}"#]]);
}

#[test]
fn a_shipped_order_is_written_like_this() {
    let change = changed(placed().state().ship(at(1)));
    check_state(
        &change,
        expect![[
            r#"{"accountNumber":"A-17","quantity":3,"status":"shipped","version":2,"placedAt":"2026-09-21T14:13:20.500000Z","updatedAt":"2026-09-21T14:13:21.500000Z","fingerprint":"40d87331-d203-56bc-bafc-def198aea04c"}"#
        ]],
    );
    check_data(&change, expect![[r#"{"orderId":"order-17","quantity":3}"#]]);
}

#[test]
fn what_is_written_reads_back() {
    let change = changed(placed().state().ship(at(1)));
    let written = serde_json::to_string(&OrderForm::state(change.state())).unwrap();
    assert_eq!(read(&written).as_ref(), Ok(change.state()));
}

/// As it was written before there were fingerprints, and with fields of the store and of a
/// version that is not written yet.
#[test]
fn old_and_future_documents_are_read() {
    let document = r#"{"id":"order-17","partitionKey":"order-17","type":"order",
        "accountNumber":"A-17","quantity":3,"status":"placed","version":1,
        "placedAt":"2026-09-21T14:13:20.5Z","updatedAt":"2026-09-21T14:13:20.5Z",
        "currency":"EUR","_etag":"\"1\"","_ts":1790000000}"#;
    assert_eq!(read(document).as_ref(), Ok(placed().state()));
}

#[test]
fn a_document_that_cannot_be_true_is_named_with_its_field() {
    let written = serde_json::to_string(&OrderForm::state(placed().state())).unwrap();
    for (right, wrong, said) in [
        ("\"quantity\":3", "\"quantity\":0", "quantity must be a whole number"),
        ("\"A-17\"", "\"a/b\"", "accountNumber has the character"),
        ("\"version\":1", "\"version\":0", "version is 0"),
        ("\"placed\"", "\"eaten\"", "unknown variant `eaten`"),
        ("\"fingerprint\":\"", "\"fingerprint\":\"x", "fingerprint "),
    ] {
        let error = read(&written.replace(right, wrong)).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}
