//! What the relay reads of an invocation, so that `fuzz/` can reach it. What must hold is that it
//! returns: no panic, no hang, and no more memory than the body warrants.

use crate::payload;
use domain::Reading;

/// The body of an invocation.
pub fn invocation(data: &[u8]) {
    drop(payload::readings(data, |_| Reading::Other));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    const SAMPLES: &[&str] = &[
        r#"{"Data":{"documents":"\"[{\\\"id\\\":\\\"o.1\\\"},{}]\""},"Metadata":{"sys":{}}}"#,
        r#"{"Data":{"documents":[{"id":"o.1"}]}}"#,
        r#"{"Data":{"documents":"{\"id\":1}"}}"#,
    ];

    proptest! {
        #[test]
        fn a_damaged_invocation_is_read_or_refused(
            sample in select(SAMPLES), at in 0..200_usize, byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let mut bytes = sample.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            if cut {
                bytes.truncate(at + 1);
            }
            invocation(&bytes);
        }

        #[test]
        fn bytes_that_are_no_invocation_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            invocation(&bytes);
        }
    }

    #[test]
    fn strings_in_strings_without_end_are_given_up() {
        let text = (0..12).fold("[]".to_owned(), |text, _| serde_json::to_string(&text).unwrap());
        invocation(format!(r#"{{"Data":{{"documents":{text}}}}}"#).as_bytes());
        invocation(format!(r#"{{"Data":{{"documents":{}}}}}"#, "[".repeat(100_000)).as_bytes());
    }
}
