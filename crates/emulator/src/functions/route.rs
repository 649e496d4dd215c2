//! Route templates of HTTP triggers: `orders/{id:int}/lines/{line?}`, `files/{*path}`.
//!
//! A segment is text (compared without case) or one `{parameter}`, which may be optional (`?`),
//! take the rest of the path (`*`), and be constrained (`:int`). Of several matching routes the
//! most specific wins: text, then a constrained parameter, then any parameter, then the rest.

use percent_encoding::percent_decode_str;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    template: String,
    segments: Vec<Segment>,
}

/// The values of a template's parameters.
pub(crate) type Params = BTreeMap<String, String>;

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(String),
    Param { name: String, constraint: Option<Constraint>, optional: bool },
    Rest { name: String },
}

/// What a parameter's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constraint {
    Int,
    Long,
    Bool,
    Guid,
    Alpha,
}

/// Why a text is not a route template, or not one that this host knows.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("`{0}` mixes text and a parameter; give each a segment of its own")]
    Mixed(String),
    #[error("`{0}` has no name")]
    Nameless(String),
    #[error("`{0}` is not one of the constraints int, long, bool, guid, alpha")]
    Constraint(String),
    #[error("only the last segment can be optional or take the rest")]
    NotLast,
    #[error("`{0}` belongs to the host itself; begin with another word")]
    Reserved(String),
}

impl Route {
    /// Parses `route` below `prefix` (`extensions.http.routePrefix`).
    pub(crate) fn new(prefix: &str, route: &str) -> Result<Self, RouteError> {
        let template = [prefix, route].map(|part| part.trim_matches('/'));
        let template = template.into_iter().filter(|part| !part.is_empty());
        let template = template.collect::<Vec<_>>().join("/");
        let segments = template.split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(str::parse).collect::<Result<Vec<Segment>, _>>()?;
        if let Some(Segment::Text(first)) = segments.first()
            && ["admin", "runtime"].iter().any(|reserved| first.eq_ignore_ascii_case(reserved))
        {
            return Err(RouteError::Reserved(first.clone()));
        }
        let before_last = segments.split_last().map_or(&[][..], |(_, before)| before);
        if before_last.iter().any(Segment::must_be_last) {
            return Err(RouteError::NotLast);
        }
        Ok(Self { template, segments })
    }

    /// The parameters, if this is a path of the route.
    pub(crate) fn matches(&self, path: &str) -> Option<Params> {
        let mut rest = path.trim_matches('/');
        let mut params = Params::new();
        for segment in &self.segments {
            let (here, after) = rest.split_once('/').unwrap_or((rest, ""));
            match segment {
                Segment::Text(text) if text.eq_ignore_ascii_case(&decode(here)) => {}
                Segment::Text(_) => return None,
                Segment::Param { optional: true, .. } if rest.is_empty() => return Some(params),
                Segment::Param { name, constraint, .. } => {
                    params.insert(name.clone(), value_of(here, *constraint)?);
                }
                Segment::Rest { name } => {
                    params.insert(name.clone(), decode(rest));
                    return Some(params);
                }
            }
            rest = after;
        }
        rest.is_empty().then_some(params)
    }

    /// Sorts the more specific route first.
    pub(crate) fn precedence(&self) -> Vec<u8> {
        self.segments.iter().map(Segment::rank).collect()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.template)
    }
}

impl Segment {
    /// Lower is more specific.
    fn rank(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Param { constraint: Some(_), .. } => 2,
            Self::Param { constraint: None, .. } => 3,
            Self::Rest { .. } => 4,
        }
    }

    /// Whether nothing can follow it.
    fn must_be_last(&self) -> bool {
        matches!(self, Self::Rest { .. } | Self::Param { optional: true, .. })
    }
}

impl FromStr for Segment {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            if text.contains(['{', '}']) {
                return Err(RouteError::Mixed(text.into()));
            }
            return Ok(Self::Text(text.into()));
        };
        if inner.contains(['{', '}']) {
            return Err(RouteError::Mixed(text.into()));
        }
        if let Some(name) = inner.strip_prefix("**").or_else(|| inner.strip_prefix('*')) {
            return named(name, text).map(|name| Self::Rest { name });
        }
        let (inner, optional) = inner.strip_suffix('?').map_or((inner, false), |name| (name, true));
        let (name, constraint) = match inner.split_once(':') {
            Some((name, constraint)) => (name, Some(constraint.parse()?)),
            None => (inner, None),
        };
        Ok(Self::Param { name: named(name, text)?, constraint, optional })
    }
}

/// A parameter's name.
fn named(name: &str, segment: &str) -> Result<String, RouteError> {
    if name.is_empty() {
        return Err(RouteError::Nameless(segment.into()));
    }
    Ok(name.into())
}

impl FromStr for Constraint {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        Ok(match text {
            "int" => Self::Int,
            "long" => Self::Long,
            "bool" => Self::Bool,
            "guid" => Self::Guid,
            "alpha" => Self::Alpha,
            _ => return Err(RouteError::Constraint(text.into())),
        })
    }
}

impl Constraint {
    /// Whether the value is one of its kind.
    fn allows(self, value: &str) -> bool {
        match self {
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Long => value.parse::<i64>().is_ok(),
            Self::Bool => ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)),
            Self::Guid => uuid::Uuid::parse_str(value).is_ok(),
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
        }
    }
}

/// A parameter's value, unless it is empty or not what the constraint allows.
fn value_of(segment: &str, constraint: Option<Constraint>) -> Option<String> {
    let value = decode(segment);
    let allowed = constraint.is_none_or(|constraint| constraint.allows(&value));
    (allowed && !value.is_empty()).then_some(value)
}

/// A segment's text, with `%XX` resolved.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expect: Option<&[(&str, &str)]>) {
        let found = Route::new("api", template).unwrap().matches(path);
        let expect = expect.map(|pairs| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        });
        assert_eq!(found, expect, "{template} {path}");
    }

    #[test]
    fn parameters_are_read_from_the_path() {
        check("orders/{id}", "/api/orders/o%201", Some(&[("id", "o 1")]));
        check("orders/{id}/events", "/API/Orders/7/events/", Some(&[("id", "7")]));
        check("orders/{id}", "/api/orders", None);
        check("orders/{id}", "/api/orders/7/events", None);
    }

    #[test]
    fn an_optional_parameter_and_the_rest_may_be_empty() {
        check("orders/{id?}", "/api/orders", Some(&[]));
        check("orders/{id?}", "/api/orders/7", Some(&[("id", "7")]));
        check("{*rest}", "/api", Some(&[("rest", "")]));
        check("{*rest}", "/api/a/b", Some(&[("rest", "a/b")]));
    }

    #[test]
    fn a_constraint_decides_whether_a_path_matches() {
        check("orders/{id:int}", "/api/orders/7", Some(&[("id", "7")]));
        check("orders/{id:int}", "/api/orders/seven", None);
        check("a/{id:guid}", "/api/a/7", None);
    }

    #[test]
    fn the_prefix_may_be_empty() {
        let route = Route::new("", "orders").unwrap();
        assert!(route.matches("/orders").is_some());
        assert_eq!(route.to_string(), "/orders");
    }

    #[test]
    fn the_more_specific_route_comes_first() {
        let mut routes = ["{*rest}", "{a}", "{a:int}", "orders"]
            .map(|template| Route::new("", template).unwrap());
        routes.sort_by_key(Route::precedence);
        let order: Vec<_> = routes.iter().map(ToString::to_string).collect();
        assert_eq!(order, ["/orders", "/{a:int}", "/{a}", "/{*rest}"]);
    }

    #[test]
    fn wrong_templates_say_what_is_wrong() {
        let error = |template| Route::new("", template).unwrap_err().to_string();
        assert!(error("a{id}").contains("segment of its own"));
        assert!(error("{id:date}").contains("int, long, bool, guid, alpha"));
        assert!(error("{*rest}/a").contains("last"));
        assert!(error("{}").contains("no name"));
        assert!(error("admin/users").contains("the host itself"));
    }
}
