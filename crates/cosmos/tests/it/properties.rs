//! Whatever comes: properties that hold for all values.

use cosmos::{CosmosOutbox, Moment, PartitionKey};
use domain::ports::Outbox;
use domain::{Reading, Timestamp};
use proptest::prelude::*;

use crate::peer::{Peer, reply};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A header carries ASCII only; the service reads it as JSON.
    #[test]
    fn every_partition_key_arrives_as_it_was(text in "\\PC{0,20}|[\\x00-\\x7f]{0,20}") {
        let arrived = runtime().block_on(async {
            let peer = Peer::start([reply(200, "{}")]).await;
            peer.container().read(&PartitionKey::new(text.as_str()), "id").await.unwrap();
            peer.asked()[0].header("x-ms-documentdb-partitionkey").to_owned()
        });
        let read: Vec<String> = serde_json::from_str(&arrived).unwrap();
        prop_assert_eq!(read, [text]);
    }

    /// An id that is sent at all arrives as it was.
    #[test]
    fn every_id_arrives_as_it_was_or_is_not_sent(id in "\\PC{0,12}") {
        let asked = runtime().block_on(async {
            let peer = Peer::start([reply(200, "{}")]).await;
            // Some ids are refused, which is the other half of the property.
            let _ = peer.container().read(&PartitionKey::new("p"), &id).await;
            peer.asked()
        });
        let prefix = "/dbs/shop/colls/orders/docs/";
        for request in asked {
            let path = request.path.strip_prefix(prefix).unwrap();
            let arrived = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
            prop_assert_eq!(arrived.as_ref(), id.as_str());
        }
    }

    /// Documents come from anybody: none makes the reader stumble.
    #[test]
    fn no_document_makes_the_reader_stumble(text in "\\PC{0,80}") {
        let outbox = runtime().block_on(async { CosmosOutbox::new(Peer::start([]).await.container()) });
        let is_event = matches!(outbox.read(&text), Reading::Event(_));
        prop_assert!(!is_event);
    }

    /// Nor one that is almost an event.
    #[test]
    fn an_event_with_a_field_broken_is_named(
        field in prop::sample::select(vec!["id", "partitionKey", "state", "sequence", "eventType", "occurredAt"]),
        broken in prop::sample::select(vec!["null", "{}", "[1]", "-1", "1e99", "true", "\"\""]),
    ) {
        let mut event: serde_json::Value =
            serde_json::from_str(&crate::forms::event("o", 1, "pending")).unwrap();
        event[field] = serde_json::from_str(broken).unwrap();
        let outbox = runtime().block_on(async { CosmosOutbox::new(Peer::start([]).await.container()) });
        let reading = outbox.read(&event.to_string());
        // Only the name of an event may be any text, even none.
        let fits = field == "eventType" && broken == "\"\"";
        prop_assert_eq!(matches!(reading, Reading::Unreadable { .. }), !fits);
    }

    /// The order of the texts is the order of the times.
    #[test]
    fn moments_sort_as_their_texts(a in any_moment(), b in any_moment()) {
        let (earlier, later) = if a < b { (a, b) } else { (b, a) };
        prop_assert!(Moment(earlier).to_string() <= Moment(later).to_string());
    }
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}
