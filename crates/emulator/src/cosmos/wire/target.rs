//! What a path addresses, and the names under which requests to it are signed.

use crate::cosmos::core::Refusal;
use crate::cosmos::core::rid::DatabaseRid;
use percent_encoding::percent_decode_str;

/// A resource or a list of resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `/`
    Account,
    /// `/dbs`
    Databases,
    /// `/dbs/{database}`
    Database(String),
    /// `/dbs/{database}/colls`
    Containers(String),
    /// `/dbs/{database}/colls/{container}`
    Container(Owner),
    /// `/dbs/{database}/colls/{container}/docs`
    Items(Owner),
    /// `/dbs/{database}/colls/{container}/docs/{id}`
    Item(Owner, String),
    /// `/dbs/{database}/colls/{container}/pkranges`
    Ranges(Owner),
    /// `/dbs/{database}/colls/{container}/operations/partitionkeydelete`
    KeyDelete(Owner),
    /// `/dbs/{database}/colls/{container}/conflicts`
    Conflicts(Owner),
    /// `/dbs/{database}/colls/{container}/conflicts/{id}`
    Conflict(Owner, String),
    /// `/offers`
    Offers,
    /// `/offers/{id}`
    Offer(String),
}

/// The names of a container and its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The database's name.
    pub(crate) database: String,
    /// The container's name.
    pub(crate) container: String,
}

impl Target {
    /// Reads a path; a slash at its end means nothing.
    pub(super) fn parse(path: &str) -> Result<Self, Refusal> {
        let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| {
            let decoded = percent_decode_str(part).decode_utf8();
            decoded.map_err(|_| Refusal::Bad(format!("the path {path} is not UTF-8")))
        });
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        let owner = |database: &str, container: &str| Owner {
            database: database.to_owned(),
            container: container.to_owned(),
        };
        match *parts.as_slice() {
            [] => Ok(Self::Account),
            ["dbs"] => Ok(Self::Databases),
            ["dbs", d] => Ok(Self::Database(d.to_owned())),
            ["dbs", d, "colls"] => Ok(Self::Containers(d.to_owned())),
            ["dbs", d, "colls", c] => Ok(Self::Container(owner(d, c))),
            ["dbs", d, "colls", c, "docs"] => Ok(Self::Items(owner(d, c))),
            ["dbs", d, "colls", c, "docs", id] => Ok(Self::Item(owner(d, c), id.to_owned())),
            ["dbs", d, "colls", c, "pkranges"] => Ok(Self::Ranges(owner(d, c))),
            ["dbs", d, "colls", c, "operations", "partitionkeydelete"] => {
                Ok(Self::KeyDelete(owner(d, c)))
            }
            ["dbs", d, "colls", c, "conflicts"] => Ok(Self::Conflicts(owner(d, c))),
            ["dbs", d, "colls", c, "conflicts", id] => {
                Ok(Self::Conflict(owner(d, c), id.to_owned()))
            }
            ["offers"] => Ok(Self::Offers),
            ["offers", id] => Ok(Self::Offer(id.to_owned())),
            _ => Err(Refusal::NotFound(format!("a resource at {path} (in this emulator)"))),
        }
    }

    /// The resource type and link that the signature covers. A path that gives resource ids is
    /// signed as the last of them alone, in lower case.
    pub(super) fn signed_as(&self) -> (&'static str, String) {
        let (kind, link) = self.named_as();
        match (self.database_rid(), link.rsplit_once('/')) {
            (Some(_), Some((_, own))) => (kind, own.to_lowercase()),
            (None, _) | (Some(_), None) => (kind, link),
        }
    }

    /// The resource id that the path gives where others name a database. It alone decides whether
    /// all of the path is resource ids, as in the SDKs (`PathsHelper.IsNameBased`).
    pub(super) fn database_rid(&self) -> Option<DatabaseRid> {
        match self {
            Self::Account | Self::Databases | Self::Offers | Self::Offer(_) => None,
            Self::Database(database) | Self::Containers(database) => DatabaseRid::parse(database),
            Self::Container(owner)
            | Self::Items(owner)
            | Self::Item(owner, _)
            | Self::Ranges(owner)
            | Self::KeyDelete(owner)
            | Self::Conflicts(owner)
            | Self::Conflict(owner, _) => DatabaseRid::parse(&owner.database),
        }
    }

    fn named_as(&self) -> (&'static str, String) {
        let database = |name: &str| format!("dbs/{name}");
        let link = |owner: &Owner| format!("dbs/{}/colls/{}", owner.database, owner.container);
        match self {
            Self::Account => ("", String::new()),
            Self::Databases => ("dbs", String::new()),
            Self::Database(name) => ("dbs", database(name)),
            Self::Containers(name) => ("colls", database(name)),
            Self::Container(owner) | Self::KeyDelete(owner) => ("colls", link(owner)),
            Self::Items(owner) => ("docs", link(owner)),
            Self::Item(owner, id) => ("docs", format!("{}/docs/{id}", link(owner))),
            Self::Ranges(owner) => ("pkranges", link(owner)),
            Self::Conflicts(owner) => ("conflicts", link(owner)),
            Self::Conflict(owner, id) => ("conflicts", format!("{}/conflicts/{id}", link(owner))),
            Self::Offers => ("offers", String::new()),
            Self::Offer(id) => ("offers", id.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_means_nothing_and_escapes_are_undone() {
        let owner = Owner { database: "d".to_owned(), container: "c".to_owned() };
        let item = Target::Item(owner, "a b/é".to_owned());
        assert_eq!(Target::parse("/dbs/d/colls/c/docs/a%20b%2F%C3%A9/").unwrap(), item);
        assert_eq!(item.signed_as(), ("docs", "dbs/d/colls/c/docs/a b/é".to_owned()));
        assert_eq!(Target::parse("/").unwrap(), Target::Account);
    }

    #[test]
    fn a_list_is_signed_as_its_owner() {
        let signed = |path: &str| Target::parse(path).unwrap().signed_as();
        assert_eq!(signed("/dbs"), ("dbs", String::new()));
        assert_eq!(signed("/dbs/d/colls"), ("colls", "dbs/d".to_owned()));
        assert_eq!(signed("/dbs/d/colls/c/pkranges"), ("pkranges", "dbs/d/colls/c".to_owned()));
        let operation = "/dbs/d/colls/c/operations/partitionkeydelete";
        assert_eq!(signed(operation), ("colls", "dbs/d/colls/c".to_owned()));
        assert_eq!(signed("/offers/ABC="), ("offers", "abc=".to_owned()));
    }

    #[test]
    fn a_path_of_resource_ids_is_signed_as_the_last_one_in_lower_case() {
        let signed = |path: &str| Target::parse(path).unwrap().signed_as();
        let item = "/dbs/AQAAAA==/colls/AQAAAIAAAAI=/docs/AQAAAIAAAAIBAAAAAAAAAA==/";
        assert_eq!(signed(item), ("docs", "aqaaaiaaaaibaaaaaaaaaa==".to_owned()));
        let items = "/dbs/AQAAAA==/colls/AQAAAIAAAAI=/docs";
        assert_eq!(signed(items), ("docs", "aqaaaiaaaai=".to_owned()));
        assert_eq!(signed("/dbs/AQAAAA==/colls"), ("colls", "aqaaaa==".to_owned()));
        let named = "dbs/database/colls/AQAAAIAAAAI=";
        assert_eq!(signed(&format!("/{named}")), ("colls", named.to_owned()));
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in ["/x", "/dbs/d/colls/c/sprocs", "/dbs/d/colls/c/docs/a/b"] {
            assert_eq!(Target::parse(path).unwrap_err().status(), 404, "{path}");
        }
        assert_eq!(Target::parse("/dbs/%FF").unwrap_err().status(), 400);
    }
}
