//! The relay's side: unpublished events, the sweep, and the change feed.

use cosmos::CosmosOutbox;
use domain::Reading;
use domain::ports::{Feed, FeedPage, FeedPart, FeedPosition, Outbox};

use crate::forms::{document, event, now, page};
use crate::peer::{ONE_RANGE, Peer, TWO_RANGES, ranges, reply};

fn outbox(peer: &Peer) -> CosmosOutbox {
    CosmosOutbox::new(peer.container())
}

fn range(id: &str) -> FeedPart {
    FeedPart { range: id.to_owned(), within: None }
}

fn ids(readings: &[Reading]) -> Vec<String> {
    let id = |reading: &Reading| match reading {
        Reading::Event(entry) => entry.envelope.id().to_string(),
        Reading::Other => "other".to_owned(),
        Reading::Unreadable { id, .. } => format!("unreadable {id}"),
    };
    readings.iter().map(id).collect()
}

#[tokio::test]
async fn unpublished_events_are_one_query_within_the_key() {
    let events = [event("o", 2, "parked"), event("o", 3, "pending")];
    let peer = Peer::start([reply(200, &page(&events))]).await;
    let entries = outbox(&peer).unpublished(&"o".parse().unwrap()).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(peer.asked().len(), 1);
    assert!(peer.asked()[0].body.contains("NOT (IS_STRING(c.state) AND c.state IN ('processed'"));
}

#[tokio::test]
async fn nothing_overtakes_an_event_that_cannot_be_read() {
    let broken = event("o", 2, "pending").replace("\"data\":", "\"dota\":");
    let events = [event("o", 1, "pending"), broken, event("o", 3, "pending")];
    let peer = Peer::start([reply(200, &page(&events))]).await;
    let entries = outbox(&peer).unpublished(&"o".parse().unwrap()).await.unwrap();
    assert_eq!(entries.len(), 1);
}

/// The sequences that may be sent of events 3, 2 and 1 where the second is like this.
async fn before_broken(second: String) -> Vec<u32> {
    let events = [event("o", 3, "pending"), second, event("o", 1, "pending")];
    let peer = Peer::start([reply(200, &page(&events))]).await;
    let entries = outbox(&peer).unpublished(&"o".parse().unwrap()).await.unwrap();
    entries.iter().map(|entry| entry.envelope.sequence.get()).collect()
}

#[tokio::test]
async fn in_order_per_order_also_behind_an_event_of_a_state_or_place_that_nobody_knows() {
    let broken = |is: &str, becomes: &str| {
        let document = event("o", 2, "pending");
        assert!(document.contains(is), "{document}");
        document.replace(is, becomes)
    };
    assert_eq!(before_broken(event("o", 2, "pending")).await, [1, 2, 3]);
    assert_eq!(before_broken(event("o", 2, "held")).await, [1]);
    assert_eq!(before_broken(broken(r#""state":"pending","#, "")).await, [1]);
    assert_eq!(before_broken(broken(r#""sequence":2"#, r#""sequence":"2""#)).await, [1]);
    assert_eq!(before_broken(broken(r#""id":"o.2""#, r#""id":"o.7""#)).await, [1]);
    let nowhere = broken(r#""id":"o.2""#, r#""id":"o""#);
    assert_eq!(before_broken(nowhere.replace(r#""sequence":2"#, r#""sequence":-2"#)).await, [0; 0]);
}

#[tokio::test]
async fn a_sweep_goes_through_every_range_page_by_page() {
    let peer = Peer::start(ranges(TWO_RANGES)).await;
    peer.then([
        reply(200, &page(&[event("a", 1, "pending")])).with("x-ms-continuation", "c1"),
        reply(200, &page(&[event("b", 1, "pending")])),
        reply(200, &page(&[event("c", 1, "pending")])),
    ]);
    let outbox = outbox(&peer);
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let page = outbox.pending(now(), cursor).await.unwrap();
        found.extend(ids(&page.readings));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ["a.1", "b.1", "c.1"]);
    let asked: Vec<_> = peer.asked()[2..]
        .iter()
        .map(|a| {
            let range = a.header("x-ms-documentdb-partitionkeyrangeid");
            format!("{range} {}", a.header("x-ms-continuation"))
        })
        .collect();
    assert_eq!(asked, ["1 ", "1 c1", "2 "]);
    assert!(peer.asked()[2].body.contains(r#"{"name":"@before","value":1795465464}"#));
}

#[tokio::test]
async fn a_split_in_the_middle_of_a_sweep_leaves_nothing_out() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(200, &page(&[event("a", 1, "pending")])).with("x-ms-continuation", "c1")]);
    peer.then([reply(410, "").sub(1002)]);
    peer.then(ranges(TWO_RANGES));
    peer.then([
        reply(200, &page(&[event("a", 1, "pending")])),
        reply(200, &page(&[event("b", 1, "pending")])),
    ]);
    let outbox = outbox(&peer);
    let first = outbox.pending(now(), None).await.unwrap();
    let second = outbox.pending(now(), first.cursor).await.unwrap();
    let third = outbox.pending(now(), second.cursor).await.unwrap();
    assert_eq!(
        (ids(&second.readings), ids(&third.readings)),
        (vec!["a.1".into()], vec!["b.1".into()])
    );
    assert_eq!(third.cursor, None);
    assert_eq!(peer.left(), 0);
}

#[tokio::test]
async fn a_page_of_the_feed_brings_what_was_written_and_where_to_go_on() {
    let documents = [document("o", "2026-11-23T20:24:24Z"), event("o", 1, "pending")];
    let full = reply(200, &page(&documents)).with("etag", "\"8\"");
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([full, reply(304, "").with("etag", "\"8\"")]);
    let outbox = outbox(&peer);
    let read = outbox.next(&range("0"), &FeedPosition::Now).await.unwrap();
    let FeedPage::Read { readings, continuation } = read else { panic!("{read:?}") };
    assert_eq!(
        (ids(&readings), continuation.as_str()),
        (vec!["other".into(), "o.1".into()], "\"8\"")
    );
    let idle = outbox.next(&range("0"), &FeedPosition::After(continuation)).await.unwrap();
    let FeedPage::Read { readings, continuation } = idle else { panic!("{idle:?}") };
    assert_eq!((readings.len(), continuation.as_str()), (0, "\"8\""));
    let asked = peer.asked();
    assert_eq!(asked[2].header("a-im"), "Incremental Feed");
    assert_eq!(asked[2].header("if-none-match"), "*");
    assert_eq!(asked[3].header("if-none-match"), "\"8\"");
}

#[tokio::test]
async fn a_range_that_split_is_gone_and_its_children_go_on() {
    let peer = Peer::start(ranges(ONE_RANGE)).await;
    peer.then([reply(410, "").sub(1002)]);
    peer.then(ranges(TWO_RANGES));
    peer.then([reply(304, "").with("etag", "\"8\"")]);
    let outbox = outbox(&peer);
    let position = FeedPosition::After("\"8\"".to_owned());
    assert_eq!(outbox.ranges().await.unwrap()[0].id, "0");
    assert_eq!(outbox.next(&range("0"), &position).await.unwrap(), FeedPage::Gone);
    let children = outbox.ranges().await.unwrap();
    assert!(children.iter().all(|child| child.parents == ["0"]));
    outbox.next(&range(&children[0].id), &position).await.unwrap();
    assert_eq!(peer.asked().pop().unwrap().header("if-none-match"), "\"8\"");
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_said_and_not_stumbled_over() {
    let peer = Peer::start([]).await;
    let outbox = outbox(&peer);
    assert_eq!(outbox.read(r#"{"id":"x","type":"invoice"}"#), Reading::Other);
    let future = event("o", 1, "held");
    assert!(matches!(outbox.read(&future), Reading::Unreadable { id, .. } if id == "o.1"));
    assert!(matches!(outbox.read("{"), Reading::Unreadable { id, .. } if id == "?"));
}
