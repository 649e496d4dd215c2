//! Golden texts of lease documents, and what is none.

use super::*;
use expect_test::{Expect, expect};

const BASE: &str = "outbox-alone-h_AQIDBA==_AQIDBIAAAAc=..";

fn prefix() -> Prefix {
    Prefix::new("h", "AQIDBIAAAAc=").unwrap()
}

fn a_lease(part: Part) -> Lease {
    Lease {
        part,
        owner: Some("host1".into()),
        continuation: Some("\"42\"".into()),
        written_at: "2026-11-23T20:24:24.1234567Z".parse().unwrap(),
        stored_at: Timestamp::from_second(7).unwrap(),
        properties: Json::from_valid("{\"a\":[1,\"x\"]}"),
        tag: Tag("\"e\"".into()),
    }
}

#[track_caller]
fn check(lease: &Lease, expect: Expect) {
    let text = serde_json::to_string(&LeaseDocument::of(&prefix(), lease)).unwrap();
    expect.assert_eq(&text);
    let stored = text.replacen('{', "{\"_etag\":\"\\\"e\\\"\",\"_ts\":7,", 1);
    let Read::Lease(read) = read(&prefix(), &stored) else { panic!("{stored}") };
    let written_at = "2026-11-23T20:24:24.123456Z".parse().unwrap();
    assert_eq!(*read, Lease { written_at, ..lease.clone() });
}

#[test]
fn a_range_has_a_lease_of_version_0() {
    let stretch = Some(Stretch::new("", "FF"));
    check(
        &a_lease(Part::Range { id: "0".into(), stretch }),
        expect![[
            r#"{"id":"outbox-alone-h_AQIDBA==_AQIDBIAAAAc=..0","version":0,"LeaseToken":"0","FeedRange":{"Range":{"min":"","max":"FF"}},"Owner":"host1","ContinuationToken":"\"42\"","timestamp":"2026-11-23T20:24:24.123456Z","properties":{"a":[1,"x"]},"Mode":"Incremental Feed"}"#
        ]],
    );
}

#[test]
fn a_stretch_has_a_lease_of_version_1() {
    check(
        &Lease {
            owner: None,
            continuation: None,
            ..a_lease(Part::Stretch(Stretch::new("", "1F")))
        },
        expect![[
            r#"{"id":"outbox-alone-h_AQIDBA==_AQIDBIAAAAc=..-1F","version":1,"LeaseToken":"-1F","FeedRange":{"Range":{"min":"","max":"1F"}},"Owner":null,"ContinuationToken":null,"timestamp":"2026-11-23T20:24:24.123456Z","properties":{"a":[1,"x"]},"Mode":"Incremental Feed"}"#
        ]],
    );
}

#[test]
fn a_lease_of_the_dotnet_sdk_is_read() {
    let text = format!(
        r#"{{"id":"{BASE}0","_etag":"\"e\"","version":0,"LeaseToken":"0","FeedRange":{{"Range":{{"min":"","max":"FF"}}}},"Owner":"h","ContinuationToken":"\"1\"","timestamp":"2026-11-23T20:24:24.1234567Z","properties":{{}},"Mode":"Incremental Feed","_ts":9,"_rid":"r"}}"#
    );
    let Read::Lease(lease) = read(&prefix(), &text) else { panic!("{text}") };
    assert_eq!(lease.owner.as_deref(), Some("h"));
    assert_eq!(lease.continuation.as_deref(), Some("\"1\""));
    assert_eq!(lease.tag, Tag("\"e\"".into()));
}

#[test]
fn an_old_lease_says_less_and_is_read_too() {
    let text = format!(r#"{{"id":"{BASE}4","_etag":"e","PartitionId":"4","Owner":"","_ts":9}}"#);
    let Read::Lease(lease) = read(&prefix(), &text) else { panic!("{text}") };
    assert_eq!(lease.part, Part::Range { id: "4".into(), stretch: None });
    assert_eq!((lease.owner, lease.continuation), (None, None));
    assert_eq!(lease.written_at, Timestamp::from_second(9).unwrap());
}

#[test]
fn what_is_no_lease_is_a_stranger_with_the_reason() {
    let field = |text: &str| format!(r#"{{"id":"{BASE}0","_etag":"e","_ts":9{text}}}"#);
    for (fields, reason) in [
        ("", "missing field `LeaseToken`"),
        (r#","LeaseToken":7"#, "invalid type: integer `7`, expected a string"),
        (r#","LeaseToken":"1""#, r#"its LeaseToken is "1", its id says "0""#),
        (r#","LeaseToken":"0","version":2"#, "its version is 2, not 0 or 1"),
        (r#","LeaseToken":"0","version":1"#, "its FeedRange is not its LeaseToken"),
        (r#","LeaseToken":"0","Owner":{}"#, "invalid type: map, expected a string"),
        (
            r#","LeaseToken":"0","Mode":"Full-Fidelity Feed""#,
            r#"its Mode is not "Incremental Feed""#,
        ),
        (r#","LeaseToken":"0","properties":[]"#, "its properties are no object"),
    ] {
        let Read::Stranger(stranger) = read(&prefix(), &field(fields)) else { panic!("{fields}") };
        assert_eq!((stranger.id, stranger.token), (format!("{BASE}0"), "0".to_owned()));
        assert!(stranger.reason.starts_with(reason), "{fields}: {}", stranger.reason);
    }
}
