//! The control routes themselves: what they answer, also to mistakes.

use crate::support::Local;
use serde_json::json;

#[tokio::test]
async fn a_split_and_a_merge_change_the_ranges() {
    let local = Local::start().await;
    let (status, split) = local.control("POST", "/cosmos/shop/orders/split", "").await;
    assert_eq!((status, split["partitionKeyRanges"].as_array().map(Vec::len)), (200, Some(2)));
    let (status, merged) = local.control("POST", "/cosmos/shop/orders/merge", "").await;
    assert_eq!((status, merged["partitionKeyRanges"].as_array().map(Vec::len)), (200, Some(1)));
    let (status, refused) = local.control("POST", "/cosmos/shop/nothing/merge", "").await;
    assert_eq!(status, 404, "{refused}");
}

#[tokio::test]
async fn the_clock_goes_forward_and_the_state_tells_the_time() {
    let local = Local::start().await;
    let now = |state: &serde_json::Value| {
        state["now"]
            .as_str()
            .and_then(|now| now.parse::<jiff::Timestamp>().ok())
            .expect("an instant")
    };
    let before = now(&local.control("GET", "/state", "").await.1);
    let (status, _) = local.control("POST", "/clock/advance", r#"{"seconds":3600}"#).await;
    let after = now(&local.control("GET", "/state", "").await.1);
    assert_eq!(status, 200);
    assert!(before + jiff::SignedDuration::from_hours(1) <= after, "{before} {after}");
}

#[tokio::test]
async fn a_clock_that_is_advanced_beyond_all_times_stops_at_the_last() {
    let local = Local::start().await;
    // The most that is taken at once is a century: it is the year 9999 after eighty of them.
    for _ in 0..90 {
        let far = format!(r#"{{"seconds":{}}}"#, 100 * 366 * 86_400_u64);
        assert_eq!(local.control("POST", "/clock/advance", &far).await.0, 200);
    }
    assert_eq!(local.control("GET", "/state", "").await.0, 200);
}

/// Each mistake, and what its answer has to name.
const MISTAKES: &[(&str, &[&str])] = &[
    ("", &["EOF"]),
    ("[]", &["target"]),
    (r#"{"action":"throttle"}"#, &["target"]),
    (r#"{"target":"sql","action":"throttle"}"#, &["sql", "cosmos", "servicebus"]),
    (r#"{"target":"cosmos"}"#, &["action"]),
    (r#"{"target":"cosmos","action":"explode"}"#, &["explode", "throttle", "drop-before"]),
    (
        r#"{"target":"cosmos","action":"throttle","operation":"upsert"}"#,
        &["upsert", "batch", "patch", "any"],
    ),
    (r#"{"target":"cosmos","action":"throttle","howOften":2}"#, &["howOften", "count"]),
    (r#"{"target":"cosmos","action":"throttle","entity":"orders"}"#, &["entity", "operation"]),
    (r#"{"target":"cosmos","action":"throttle","count":0}"#, &["count", "1 or more"]),
    (r#"{"target":"cosmos","action":"throttle","count":-1}"#, &["-1", "u32"]),
    (r#"{"target":"cosmos","action":"status","status":42}"#, &["status", "400 to 599"]),
    (r#"{"target":"cosmos","action":"delay"}"#, &["delayMs"]),
    (r#"{"target":"cosmos","action":"throttle","delayMs":5}"#, &["delayMs", "action delay"]),
    (r#"{"target":"servicebus","action":"throttle"}"#, &["throttle", "server-busy", "drop-after"]),
    (
        r#"{"target":"servicebus","action":"reject","operation":"flow"}"#,
        &["flow", "transfer", "attach", "any"],
    ),
    (r#"{"target":"servicebus","action":"reject","status":503}"#, &["status", "condition"]),
    (r#"{"target":"servicebus","action":"delay","delayMs":0}"#, &["delayMs", "1 to"]),
    (r#"{"target":"servicebus","action":"delay","delayMs":1,"condition":"a:b"}"#, &["condition"]),
    (r#"{"target":"servicebus","action":"reject","entity":""}"#, &["entity"]),
];

#[tokio::test]
async fn a_mistake_in_a_fault_is_told_with_what_would_be_right() {
    let local = Local::start().await;
    for (body, named) in MISTAKES {
        let (status, answer) = local.control("POST", "/faults", body).await;
        assert_eq!(status, 400, "{body}: {answer}");
        let error = answer["error"].as_str().expect("an error");
        for name in *named {
            assert!(error.contains(name), "{name} is missing: {body}: {error}");
        }
        let example = answer["example"].as_str().expect("an example");
        assert_eq!(local.control("POST", "/faults", example).await.0, 200, "{example}");
        local.forget().await;
    }
    assert_eq!(local.faults().await, json!([]));
}

#[tokio::test]
async fn a_mistake_in_an_advance_is_told_with_what_would_be_right() {
    let local = Local::start().await;
    for (body, named) in [
        ("", "EOF"),
        (r#"{"seconds":-1}"#, "-1"),
        (r#"{"minutes":1}"#, "minutes"),
        ("{}", "seconds"),
    ] {
        let (status, answer) = local.control("POST", "/clock/advance", body).await;
        assert_eq!((status, &answer["example"]), (400, &json!(r#"{"seconds":60}"#)));
        assert!(answer["error"].as_str().expect("an error").contains(named), "{answer}");
    }
}
