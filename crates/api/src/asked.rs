//! What a use case is told of a request besides its path and body.

use crate::context::Context;
use domain::{Timestamp, TraceParent};
use http::HeaderMap;
use warp::{Filter, Rejection};

/// When it was asked, under which trace, and with which headers.
#[derive(Debug)]
pub(crate) struct Asked {
    /// When the request came: the one clock reading of its whole way.
    pub(crate) now: Timestamp,
    /// The span of this service in the client's trace.
    pub(crate) trace: TraceParent,
    /// Every header.
    pub(crate) headers: HeaderMap,
}

/// Takes it from the request.
pub(crate) fn asked() -> impl Filter<Extract = (Asked,), Error = Rejection> + Copy {
    warp::ext::get::<Context>()
        .and(warp::header::headers_cloned())
        .map(|Context { now, trace }, headers| Asked { now, trace, headers })
}
