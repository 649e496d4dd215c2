//! Conditions of patches.

use super::super::Condition;
use serde_json::json;

#[test]
fn a_condition_holds_under_any_alias() {
    let document = json!({"state": "pending", "n": 1});
    for text in ["from c where c.state = 'pending'", "FROM root r WHERE r.n = 1", "from c"] {
        let holds = Condition::parse(text).unwrap().holds(&document).unwrap();
        assert!(holds, "{text}");
    }
}

#[test]
fn undefined_is_not_yes() {
    let condition = Condition::parse("from c where c.missing = 1").unwrap();
    assert!(!condition.holds(&json!({"n": 1})).unwrap());
}

#[test]
fn a_condition_is_no_query() {
    let error = Condition::parse("SELECT * FROM c").unwrap_err();
    assert_eq!(
        (error.offset, error.to_string().as_str()),
        (0, "syntax error at position 0: 'SELECT' where FROM was expected")
    );
}
