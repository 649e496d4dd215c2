//! What can be done to an order, row by row.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn quantity(pieces: i128) -> Quantity {
    Quantity::try_from(pieces).unwrap()
}

fn placement(pieces: i128) -> Placement {
    let (id, account_number) = ("o-1".parse().unwrap(), "A-17".parse().unwrap());
    Placement { id, account_number, quantity: quantity(pieces) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn placed(pieces: i128) -> Order {
    Order::place(placement(pieces), at(1)).into_parts().0
}

fn after(decision: Decision) -> Order {
    match decision {
        Decision::Changed(change) => change.into_parts().0,
        Decision::Unchanged | Decision::Refused(_) => panic!("no change: {decision:?}"),
    }
}

fn check(decision: &Decision, expect: Expect) {
    let said = match decision {
        Decision::Changed(change) => {
            let order = change.state();
            let events: Vec<String> = change
                .events()
                .iter()
                .map(|event| {
                    format!("{} {} at {}", event.id(), event.event_type, event.occurred_at)
                })
                .collect();
            format!("{:?} {} v{}: {events:?}", order.status, order.quantity.get(), order.version)
        }
        Decision::Unchanged => "unchanged".to_owned(),
        Decision::Refused(refusal) => format!("refused: {refusal}"),
    };
    expect.assert_eq(&said);
}

#[test]
fn placing_yields_the_order_and_its_first_event() {
    let change = Order::place(placement(3), at(5));
    check(
        &Decision::Changed(change),
        expect![[r#"Placed 3 v1: ["o-1.1 OrderPlaced at 1970-01-01T00:00:05Z"]"#]],
    );
}

#[test]
fn an_open_order_takes_another_quantity() {
    check(
        &placed(3).change_quantity(quantity(4), at(9)),
        expect![[r#"Placed 4 v2: ["o-1.2 OrderQuantityChanged at 1970-01-01T00:00:09Z"]"#]],
    );
}

#[test]
fn the_same_quantity_is_no_change_and_no_event() {
    check(&placed(3).change_quantity(quantity(3), at(9)), expect!["unchanged"]);
}

#[test]
fn cancelling_and_shipping_each_yield_one_event() {
    check(
        &placed(3).cancel(at(9)),
        expect![[r#"Cancelled 3 v2: ["o-1.2 OrderCancelled at 1970-01-01T00:00:09Z"]"#]],
    );
    check(
        &placed(3).ship(at(9)),
        expect![[r#"Shipped 3 v2: ["o-1.2 OrderShipped at 1970-01-01T00:00:09Z"]"#]],
    );
}

#[test]
fn a_cancelled_order_takes_nothing_but_the_same_again() {
    let order = after(placed(3).cancel(at(2)));
    check(&order.change_quantity(quantity(3), at(3)), expect!["refused: the order is cancelled"]);
    check(&order.ship(at(3)), expect!["refused: the order is cancelled"]);
    check(&order.cancel(at(3)), expect!["unchanged"]);
}

#[test]
fn a_shipped_order_takes_nothing_but_the_same_again() {
    let order = after(placed(3).ship(at(2)));
    check(&order.change_quantity(quantity(4), at(3)), expect!["refused: the order is shipped"]);
    check(&order.cancel(at(3)), expect!["refused: the order is shipped"]);
    check(&order.ship(at(3)), expect!["unchanged"]);
}

#[test]
fn a_changed_order_still_knows_what_it_was_placed_with() {
    let order = after(placed(3).change_quantity(quantity(8), at(2)));
    assert!(order.was_placed_as(&placement(3)));
    assert!(!order.was_placed_as(&placement(8)));
}

proptest! {
    /// Whatever is asked in whatever order: one event a change, sequences without a gap, the
    /// version is the last event's, and what was placed first is never forgotten.
    #[test]
    fn versions_count_events(deeds in prop::collection::vec((0..3_u8, 1..6_i128), 0..20)) {
        let mut order = placed(3);
        for (deed, pieces) in deeds {
            let decision = match deed {
                0 => order.change_quantity(quantity(pieces), at(2)),
                1 => order.cancel(at(2)),
                _ => order.ship(at(2)),
            };
            if let Decision::Changed(change) = decision {
                prop_assert_eq!(change.events().len(), 1);
                prop_assert_eq!(change.events()[0].sequence, order.version.next());
                order = change.into_parts().0;
                prop_assert!(order.was_placed_as(&placement(3)));
            }
        }
    }
}
