//! What the API reads of a request, so that `fuzz/` can reach it. What must hold is that it
//! returns: no panic, no hang, and no more memory than the request warrants. The tests that throw
//! damaged requests at it are beside what it calls.

use crate::fields::{Fields, path_id, quantity};
use crate::precondition::Conditions;
use http::{HeaderMap, HeaderValue, header};

/// The bytes as a body, as the id in a path, and as a condition.
pub fn request(data: &[u8]) {
    if let Ok(mut fields) = Fields::parse(data) {
        fields.required("quantity", quantity);
        drop(fields.finish(Some(())));
    }
    drop(path_id(&String::from_utf8_lossy(data)));
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, value.clone());
        headers.insert(header::IF_NONE_MATCH, value);
        drop(Conditions::of(&headers));
    }
}
