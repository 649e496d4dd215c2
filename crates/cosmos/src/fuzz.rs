//! One function for everything that is read of an answer, so that `fuzz/` can reach it. What must
//! hold is that it returns: no panic, no hang, and no more memory than the answer warrants.

use crate::batch;
use crate::documents::reading_of;
use crate::query::documents_of;

/// The body of an answer: of a batch, of a page of documents, of a document.
pub fn answer(data: &[u8]) {
    for operations in [1, 2] {
        drop(batch::parse(data, operations).map(batch::weigh));
    }
    if let Ok(documents) = documents_of(data) {
        for document in documents {
            drop(reading_of(document.get()));
        }
    }
    drop(reading_of(&String::from_utf8_lossy(data)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    const SAMPLES: &[&str] = &[
        r#"[{"statusCode":201,"eTag":"\"e\"","resourceBody":{"id":"a"}},{"statusCode":429,"substatusCode":3200,"retryAfterMilliseconds":1.5}]"#,
        r#"{"_rid":"x","Documents":[{"id":"o.1","partitionKey":"o","type":"event","state":"pending","sequence":1,"eventType":"E","occurredAt":"2026-01-01T00:00:00.000000Z","data":{"a":[1]},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}],"_count":1}"#,
        r#"{"id":"o.2","partitionKey":"o","type":"event","state":"parked","sequence":2,"eventType":"E","occurredAt":"2026-01-01T00:00:00Z","parkedAt":"2026-01-01T00:00:01Z","reason":"r","data":null}"#,
    ];

    proptest! {
        #[test]
        fn a_damaged_answer_is_read_or_refused(
            sample in select(SAMPLES), at in 0..400_usize, byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let mut bytes = sample.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            if cut {
                bytes.truncate(at + 1);
            }
            answer(&bytes);
        }

        #[test]
        fn bytes_that_are_no_answer_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            answer(&bytes);
        }
    }
}
