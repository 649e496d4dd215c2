//! One row per line of the table.

use fe2o3_amqp_types::definitions::{AmqpError, ConnectionError, LinkError};
use fe2o3_amqp_types::messaging::{Accepted, Modified, Rejected, Released};
use fe2o3_amqp_types::primitives::Symbol;

use super::*;

fn said(condition: &str) -> Said {
    Said { condition: condition.to_owned(), description: "so".to_owned() }
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Throttled { after: Some(after) } if BUSY_PAUSE <= *after => "throttled",
        Fault::Throttled { .. } => "throttled too shortly",
        Fault::Unavailable(_) => "unavailable",
        Fault::Unanswered(_) => "unanswered",
        Fault::Conflict => "conflict",
        Fault::Rejected { .. } => "rejected",
        Fault::Misconfigured { .. } => "misconfigured",
    }
}

const TABLE: [(&str, &str, &str); 27] = [
    ("com.microsoft:server-busy", "throttled", "throttled"),
    ("com.microsoft:timeout", "unanswered", "unavailable"),
    ("amqp:internal-error", "unanswered", "unavailable"),
    ("com.microsoft:operation-cancelled", "unanswered", "unavailable"),
    ("amqp:link:detach-forced", "unavailable", "unavailable"),
    ("amqp:connection:forced", "unavailable", "unavailable"),
    ("amqp:link:stolen", "unavailable", "unavailable"),
    ("amqp:link:transfer-limit-exceeded", "unavailable", "unavailable"),
    ("amqp:session:window-violation", "unavailable", "unavailable"),
    ("amqp:resource-locked", "unavailable", "unavailable"),
    ("amqp:illegal-state", "unavailable", "unavailable"),
    ("amqp:not-found", "misconfigured", "misconfigured"),
    ("amqp:resource-deleted", "misconfigured", "misconfigured"),
    ("com.microsoft:entity-disabled", "misconfigured", "misconfigured"),
    ("amqp:unauthorized-access", "misconfigured", "misconfigured"),
    ("com.microsoft:auth-failed", "misconfigured", "misconfigured"),
    ("amqp:resource-limit-exceeded", "misconfigured", "misconfigured"),
    ("amqp:link:redirect", "misconfigured", "misconfigured"),
    ("amqp:link:message-size-exceeded", "rejected", "misconfigured"),
    ("com.microsoft:argument-error", "rejected", "misconfigured"),
    ("com.microsoft:argument-out-of-range", "rejected", "misconfigured"),
    ("amqp:not-allowed", "rejected", "misconfigured"),
    ("amqp:not-implemented", "rejected", "misconfigured"),
    ("amqp:precondition-failed", "rejected", "misconfigured"),
    ("amqp:invalid-field", "rejected", "misconfigured"),
    ("amqp:decode-error", "rejected", "misconfigured"),
    ("com.example:never-heard-of", "rejected", "unavailable"),
];

#[test]
fn every_condition_means_what_the_table_says() {
    for (condition, on_transfer, on_link) in TABLE {
        assert_eq!(kind(&rejection(said(condition))), on_transfer, "{condition} on a transfer");
        assert_eq!(kind(&of_unsent(&said(condition))), on_link, "{condition} on the link");
    }
}

#[test]
fn only_an_accepted_transfer_was_taken() {
    assert!(of_transfer(Outcome::Accepted(Accepted {})).is_ok());
    for outcome in [
        Outcome::Rejected(Rejected { error: None }),
        Outcome::Released(Released {}),
        Outcome::Modified(Modified {
            delivery_failed: None,
            undeliverable_here: None,
            message_annotations: None,
        }),
    ] {
        assert_eq!(kind(&of_transfer(outcome).unwrap_err()), "unavailable");
    }
}

#[test]
fn a_rejection_names_its_condition_and_its_words() {
    let error = Error::new(LinkError::MessageSizeExceeded, Some("too large".to_owned()), None);
    let fault = of_transfer(Outcome::Rejected(Rejected { error: Some(error) })).unwrap_err();
    assert_eq!(fault.to_string(), "rejected: amqp:link:message-size-exceeded: too large");
}

#[test]
fn conditions_have_their_names_from_the_wire() {
    let custom = ErrorCondition::Custom(Symbol::from("com.microsoft:server-busy"));
    let names = [
        (AmqpError::NotFound.into(), "amqp:not-found"),
        (ConnectionError::ConnectionForced.into(), "amqp:connection:forced"),
        (LinkError::DetachForced.into(), "amqp:link:detach-forced"),
        (custom, "com.microsoft:server-busy"),
    ];
    for (condition, name) in names {
        assert_eq!(condition_name(&condition), name);
    }
}

#[test]
fn a_condition_without_words_ends_without_a_colon() {
    let said = Said { condition: "amqp:not-found".to_owned(), description: String::new() };
    assert_eq!(said.to_string(), "amqp:not-found");
}
