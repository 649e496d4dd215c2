//! Parcels: the events of one key on their way into one transfer, which the broker takes whole or
//! not at all.
//!
//! Message format `0x80013700`: each data section of the envelope holds one encoded message, and
//! the envelope carries the message id and the session of the first. A message by itself travels
//! as it is, without an envelope.

use domain::Envelope;
use fe2o3_amqp::Sendable;
use fe2o3_amqp_types::messaging::{Batch, Data, Message, Properties};
use fe2o3_amqp_types::primitives::Binary;

use super::{encode, message};

/// The message format of a batch.
const FORMAT: u32 = 0x8001_3700;

/// What a data section takes besides its bytes: descriptor (3), type (1), length (4).
const SECTION_BYTES: usize = 8;

/// What the envelope's properties take besides message id and session: descriptor (3), list
/// header (9), eleven fields that are null (11), two string headers (10), rounded up.
const ENVELOPE_BYTES: usize = 40;

/// The events of one key, in sequence.
#[derive(Debug)]
pub(crate) struct Parcel {
    first: Box<Message<Data>>,
    /// All of them, encoded; empty where the first is the only one.
    encoded: Vec<Vec<u8>>,
}

/// What goes over the link at once.
#[derive(Debug)]
pub(crate) enum Transfer {
    /// One message as it is.
    One(Sendable<Data>),
    /// The first `taken` messages of the parcel in a batch.
    Many { sendable: Sendable<Batch<Data>>, taken: usize },
}

impl Parcel {
    /// The messages of these events; `None` if there are none.
    pub(crate) fn of(events: &[Envelope], source: &str) -> Result<Option<Self>, serde_amqp::Error> {
        let Some((first, rest)) = events.split_first() else { return Ok(None) };
        let first = message(first, source);
        let mut encoded = Vec::new();
        if !rest.is_empty() {
            encoded.reserve_exact(events.len());
            encoded.push(encode(&first)?);
            for event in rest {
                encoded.push(encode(&message(event, source))?);
            }
        }
        Ok(Some(Self { first: Box::new(first), encoded }))
    }

    /// As many of the leading messages as fit into a batch of `bytes_max`, at least one: a link
    /// may take larger messages than batches, so the first goes by itself if it must.
    pub(crate) fn pack(self, bytes_max: u64) -> Transfer {
        let Self { first, mut encoded } = self;
        let envelope = envelope(&first);
        let taken = fitting(&envelope, &encoded, bytes_max);
        if taken < 2 {
            return Transfer::One(Sendable::from(*first));
        }
        encoded.truncate(taken);
        let sections: Vec<Data> =
            encoded.into_iter().map(|bytes| Data(Binary::from(bytes))).collect();
        let message = Message::builder().properties(envelope).data_batch(Batch::new(sections));
        let sendable = Sendable::builder().message(message.build()).message_format(FORMAT).build();
        Transfer::Many { sendable, taken }
    }
}

impl Transfer {
    /// How many messages it carries.
    pub(crate) fn messages(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many { taken, .. } => *taken,
        }
    }
}

fn envelope(first: &Message<Data>) -> Properties {
    let of_first = first.properties.as_ref();
    Properties {
        message_id: of_first.and_then(|properties| properties.message_id.clone()),
        group_id: of_first.and_then(|properties| properties.group_id.clone()),
        ..Properties::default()
    }
}

fn fitting(envelope: &Properties, encoded: &[Vec<u8>], bytes_max: u64) -> usize {
    use fe2o3_amqp_types::messaging::MessageId;
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let id = match &envelope.message_id {
        Some(MessageId::String(id)) => id.len(),
        _ => 0,
    };
    let session = envelope.group_id.as_ref().map_or(0, String::len);
    let sizes = encoded.iter().scan(ENVELOPE_BYTES + id + session, |total, bytes| {
        *total = total.saturating_add(SECTION_BYTES + bytes.len());
        Some(*total)
    });
    sizes.take_while(|total| *total <= bytes_max).count()
}

#[cfg(test)]
mod tests {
    use domain::{Json, Sequence};
    use fe2o3_amqp_types::messaging::MessageId;
    use fe2o3_amqp_types::messaging::message::__private::Serializable;
    use proptest::prelude::*;

    use super::*;

    fn parcel(sizes: &[usize]) -> Parcel {
        let events: Vec<Envelope> = (1..)
            .zip(sizes)
            .map(|(number, size)| Envelope {
                key: "o".parse().unwrap(),
                sequence: Sequence::new(number).unwrap(),
                event_type: "T".into(),
                occurred_at: domain::Timestamp::UNIX_EPOCH,
                data: Json::from_valid("7".repeat(*size)),
                traceparent: None,
            })
            .collect();
        Parcel::of(&events, "/o").unwrap().unwrap()
    }

    /// How many messages go at once, and in how many bytes.
    fn packed(sizes: &[usize], bytes_max: u64) -> (usize, usize) {
        match parcel(sizes).pack(bytes_max) {
            Transfer::Many { sendable, taken } => {
                assert_eq!(sendable.message_format, 0x8001_3700);
                assert_eq!(sendable.message.body.len(), taken);
                let bytes = serde_amqp::to_vec(&Serializable(&sendable.message)).unwrap();
                (taken, bytes.len())
            }
            Transfer::One(sendable) => {
                assert_eq!(sendable.message_format, 0);
                assert_eq!(sendable.message.body.0.len(), sizes[0]);
                (1, 0)
            }
        }
    }

    #[test]
    fn all_go_together_when_they_fit() {
        assert_eq!(packed(&[100, 100, 100], 2_000).0, 3);
    }

    #[test]
    fn the_leading_ones_go_when_not_all_fit() {
        assert_eq!(packed(&[100, 100, 100], 1_000).0, 2);
    }

    #[test]
    fn a_single_message_goes_without_an_envelope() {
        assert_eq!(packed(&[100], 2_000), (1, 0));
        assert_eq!(packed(&[10, 5_000, 10], 2_000), (1, 0));
    }

    #[test]
    fn a_first_that_fits_no_batch_goes_by_itself() {
        assert_eq!(packed(&[5_000, 10], 2_000), (1, 0));
    }

    #[test]
    fn no_events_make_no_parcel() {
        assert!(Parcel::of(&[], "/o").unwrap().is_none());
    }

    #[test]
    fn the_envelope_names_the_first_message_and_the_session() {
        let Transfer::Many { sendable, .. } = parcel(&[1, 1]).pack(2_000) else {
            panic!("two small messages must fit");
        };
        let properties = sendable.message.properties.unwrap();
        assert_eq!(properties.message_id, Some(MessageId::String("o.1".to_owned())));
        assert_eq!(properties.group_id.as_deref(), Some("o"));
    }

    #[test]
    fn each_section_is_a_whole_message_in_sequence() {
        let Transfer::Many { sendable, .. } = parcel(&[1, 2]).pack(2_000) else {
            panic!("two small messages must fit");
        };
        for (Data(bytes), size) in sendable.message.body.iter().zip([1, 2]) {
            use fe2o3_amqp_types::messaging::message::DecodeIntoMessage as _;
            let reader = serde_amqp::read::SliceReader::new(bytes);
            let inner = Data::decode_message_from_reader(reader).unwrap();
            assert_eq!(inner.body.0.len(), size);
            let id = inner.properties.unwrap().message_id;
            assert_eq!(id, Some(MessageId::String(format!("o.{size}"))));
        }
    }

    proptest! {
        #[test]
        fn no_batch_is_larger_than_the_link_takes(
            sizes in proptest::collection::vec(0_usize..600, 1..20),
            bytes_max in 0_u64..8_000,
        ) {
            let (taken, bytes) = packed(&sizes, bytes_max);
            prop_assert!(bytes as u64 <= bytes_max);
            prop_assert!((1..=sizes.len()).contains(&taken));
        }
    }
}
