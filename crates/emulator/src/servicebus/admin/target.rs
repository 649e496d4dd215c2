//! What a request's path and query name.

use percent_encoding::percent_decode_str;

/// A thing that can be administered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `GET /health`, as Microsoft's emulator has it.
    Health,
    /// `$namespaceinfo`.
    Namespace,
    /// `$Resources/Queues`.
    Queues,
    /// `$Resources/Topics`.
    Topics,
    /// A queue or a topic.
    Entity(String),
    /// The subscriptions of a topic.
    Subscriptions(String),
    /// A subscription: its topic, its name.
    Subscription(String, String),
    /// The rules of a subscription: its path.
    Rules(String),
    /// A rule: the path of its subscription, its name.
    Rule(String, String),
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) skip: usize,
    pub(super) top: usize,
}

/// Longest page, and the one that is given where none is asked for.
const TOP_MAX: usize = 100;

impl Target {
    /// Sorts a path; none if it is empty.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8_lossy();
        let path = path.trim_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        let is = |segment: &str, word: &str| segment.eq_ignore_ascii_case(word);
        let subscription =
            |topic: &[&str], name: &str| format!("{}/Subscriptions/{name}", topic.join("/"));
        Some(match &segments[..] {
            [""] => return None,
            ["health"] => Self::Health,
            [only] if is(only, "$namespaceinfo") => Self::Namespace,
            [resources, kind] if is(resources, "$Resources") && is(kind, "queues") => Self::Queues,
            [resources, kind] if is(resources, "$Resources") && is(kind, "topics") => Self::Topics,
            [topic @ .., word, name, rules, rule]
                if !topic.is_empty() && is(word, "subscriptions") && is(rules, "rules") =>
            {
                Self::Rule(subscription(topic, name), (*rule).to_owned())
            }
            [topic @ .., word, name, rules]
                if !topic.is_empty() && is(word, "subscriptions") && is(rules, "rules") =>
            {
                Self::Rules(subscription(topic, name))
            }
            [topic @ .., word, name] if !topic.is_empty() && is(word, "subscriptions") => {
                Self::Subscription(topic.join("/"), (*name).to_owned())
            }
            [topic @ .., word] if !topic.is_empty() && is(word, "subscriptions") => {
                Self::Subscriptions(topic.join("/"))
            }
            _ => Self::Entity(path.to_owned()),
        })
    }
}

impl Page {
    /// What `$skip` and `$top` of a query say.
    pub(super) fn parse(query: &str) -> Self {
        let number = |name: &str| {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let mut found = pairs.filter(|(key, _)| key == name);
            found.next().and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let top = number("$top").unwrap_or(TOP_MAX).clamp(1, TOP_MAX);
        Self { skip: number("$skip").unwrap_or(0), top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_finds_its_target() {
        let text = |text: &str| text.to_owned();
        for (path, target) in [
            ("/health", Target::Health),
            ("/$namespaceinfo", Target::Namespace),
            ("/$Resources/Queues", Target::Queues),
            ("/$Resources/topics", Target::Topics),
            ("/orders", Target::Entity(text("orders"))),
            ("/a%2Fb", Target::Entity(text("a/b"))),
            ("/t/subscriptions", Target::Subscriptions(text("t"))),
            ("/a/t/Subscriptions/s", Target::Subscription(text("a/t"), text("s"))),
            ("/t/subscriptions/s/rules", Target::Rules(text("t/Subscriptions/s"))),
            ("/t/Subscriptions/s/Rules/r", Target::Rule(text("t/Subscriptions/s"), text("r"))),
        ] {
            assert_eq!(Target::parse(path), Some(target), "{path}");
        }
        assert_eq!(Target::parse("/"), None);
    }

    #[test]
    fn pages_are_bounded() {
        let page = |query| Page::parse(query);
        assert_eq!(page("api-version=1"), Page { skip: 0, top: 100 });
        assert_eq!(page("%24skip=5&$top=2"), Page { skip: 5, top: 2 });
        assert_eq!(page("$skip=x&$top=1000000"), Page { skip: 0, top: 100 });
    }
}
