//! What is remembered of a container between calls: its ranges, and how far each has come.

use std::sync::{Arc, PoisonError, RwLock};

use crate::account::{Range, Ranges};
use crate::outcome::Reply;
use crate::request::Scope;
use crate::session::Sessions;

/// The memory of one container. All of it can be lost at any time.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    sessions: Sessions,
    layout: RwLock<Option<Arc<Layout>>>,
}

/// The ranges of a container, and the name of the container they belong to.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) ranges: Ranges,
    pub(crate) rid: Option<String>,
}

impl Caches {
    pub(crate) fn layout(&self) -> Option<Arc<Layout>> {
        self.layout.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn keep(&self, layout: Arc<Layout>) {
        *self.layout.write().unwrap_or_else(PoisonError::into_inner) = Some(layout);
    }

    pub(crate) fn capture(&self, reply: &Reply) {
        if let Some(token) = reply.session_token() {
            self.sessions.capture(token);
        }
    }

    /// What a read must see: as precisely as the ranges are known.
    pub(crate) fn session_token(&self, scope: &Scope) -> Option<String> {
        match scope {
            Scope::None => None,
            Scope::Key(key) => self.token_of(|ranges| ranges.holding(key)),
            Scope::Range(id) => self.token_of(|ranges| ranges.named(id)),
        }
    }

    /// The ranges changed; what was seen of them still holds.
    pub(crate) fn forget_ranges(&self) {
        *self.layout.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The container is another one now.
    pub(crate) fn forget(&self) {
        self.forget_ranges();
        self.sessions.clear();
    }

    fn token_of(&self, find: impl Fn(&Ranges) -> Option<&Range>) -> Option<String> {
        let Some(layout) = self.layout() else { return self.sessions.of_all() };
        find(&layout.ranges).and_then(|range| self.sessions.of_range(range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::PartitionKey;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn caches(token: &'static str) -> Caches {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-ms-session-token"),
            http::HeaderValue::from_static(token),
        )]);
        let caches = Caches::default();
        let body = Bytes::new();
        caches.capture(&Reply { status: StatusCode::OK, headers, body, open: false });
        caches
    }

    fn layout() -> Arc<Layout> {
        let range = |id: &str, min: &str, max: &str| Range {
            id: id.into(),
            min: min.into(),
            max: max.into(),
            parents: vec!["0".into()],
        };
        let ranges = Ranges::assemble(vec![range("1", "", "1F"), range("2", "1F", "FF")]).unwrap();
        Arc::new(Layout { ranges, rid: None })
    }

    #[test]
    fn without_ranges_every_token_goes_along() {
        let scope = Scope::Key(PartitionKey::new("a"));
        assert_eq!(caches("0:-1#5").session_token(&scope).as_deref(), Some("0:-1#5"));
        assert_eq!(Caches::default().session_token(&scope), None);
        assert_eq!(caches("0:-1#5").session_token(&Scope::None), None);
    }

    #[test]
    fn with_ranges_only_the_token_of_its_own_goes_along() {
        let caches = caches("0:-1#5,2:-1#9");
        caches.keep(layout());
        let low = Scope::Key(PartitionKey::new("partitionKey"));
        assert_eq!(caches.session_token(&low).as_deref(), Some("1:-1#5"));
        assert_eq!(caches.session_token(&Scope::Range("2".into())).as_deref(), Some("2:-1#9"));
        assert_eq!(caches.session_token(&Scope::Range("7".into())), None);
    }

    #[test]
    fn a_split_forgets_ranges_and_a_new_container_forgets_all() {
        let caches = caches("0:-1#5");
        caches.keep(layout());
        caches.forget_ranges();
        assert!(caches.layout().is_none());
        let scope = Scope::Key(PartitionKey::new("a"));
        assert!(caches.session_token(&scope).is_some());
        caches.forget();
        assert!(caches.session_token(&scope).is_none());
    }
}
