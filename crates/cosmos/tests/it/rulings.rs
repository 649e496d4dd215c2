//! An operator's rulings: on the version that was seen, and on no other.

use cosmos::{CosmosDesk, Note, Ruling};
use domain::{EventId, Fault};

use crate::forms::event;
use crate::peer::{Answer, Peer, reply};

fn note() -> Note {
    let text = str::to_owned;
    Note { action: text("released"), at: text("t"), by: text("ada"), why: text("mended") }
}

/// What came of a release, and what was asked.
async fn released(answer: Answer) -> (Result<bool, Fault>, Peer) {
    let seen = reply(200, &event("o", 1, "parked")).with("etag", "\"e-7\"");
    let peer = Peer::start([seen, answer]).await;
    let desk = CosmosDesk::new(peer.container());
    let id: EventId = "o.1".parse().unwrap();
    let seen = desk.event(&id).await.unwrap().unwrap();
    (desk.rule(&id, &seen, (Ruling::Release, note())).await, peer)
}

#[tokio::test]
async fn a_ruling_names_the_version_that_was_seen() {
    let (ruled, peer) = released(reply(200, "{}")).await;
    assert!(matches!(ruled, Ok(true)), "{ruled:?}");
    let asked = peer.asked().pop().unwrap();
    assert_eq!(asked.header("if-match"), "\"e-7\"");
    assert!(asked.body.contains(r#""path":"/state","value":"pending""#), "{}", asked.body);
}

#[tokio::test]
async fn whoever_was_there_first_is_not_overwritten() {
    for status in [412, 404] {
        let (ruled, _peer) = released(reply(status, "{}")).await;
        assert!(matches!(ruled, Ok(false)), "{ruled:?}");
    }
}
