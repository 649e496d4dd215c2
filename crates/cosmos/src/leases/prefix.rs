//! The ids of lease documents: `<user prefix><account host>_<database rid>_<container rid>`, then
//! `..<token>` for a lease, `.info` and `.lock` for how they came to be.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::Fault;
use domain::ports::Part;

/// Apart from `outbox-relay-`, which the trigger of the Functions host has: a relay that stands
/// alone and one that is hosted read the feed each for itself (decision 29).
const USER_PREFIX: &str = "outbox-alone-";

/// What the ids of the documents of one feed begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl Prefix {
    /// The prefix of the container of this resource id, in the account on this host.
    pub(super) fn new(host: &str, container_rid: &str) -> Result<Self, Fault> {
        let database = database_rid(container_rid).ok_or_else(|| {
            Fault::Unavailable(format!("{container_rid:?} is no resource id").into())
        })?;
        Ok(Self(format!("{USER_PREFIX}{host}_{database}_{container_rid}")))
    }

    /// What the ids of all leases begin with.
    pub(super) fn leases(&self) -> String {
        format!("{}..", self.0)
    }

    /// The id of a lease.
    pub(super) fn lease(&self, part: &Part) -> String {
        format!("{}..{part}", self.0)
    }

    /// The token that the id of a lease ends with.
    pub(super) fn token<'a>(&self, id: &'a str) -> Option<&'a str> {
        id.strip_prefix(self.0.as_str())?.strip_prefix("..")
    }

    /// The id of the document that says that the leases were created.
    pub(super) fn info(&self) -> String {
        format!("{}.info", self.0)
    }

    /// The id of the document that lets one host create them.
    pub(super) fn lock(&self) -> String {
        format!("{}.lock", self.0)
    }
}

/// A container's resource id begins with its database's four bytes; `/` is written `-` in both.
fn database_rid(container_rid: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(container_rid.replace('-', "/")).ok()?;
    Some(BASE64_STANDARD.encode(bytes.get(..4)?).replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Stretch;

    #[test]
    fn ids_are_those_of_the_dotnet_sdk_behind_our_own_prefix() {
        let prefix = Prefix::new("shop.documents.azure.com", "AQIDBIAAAAc=").unwrap();
        let base = "outbox-alone-shop.documents.azure.com_AQIDBA==_AQIDBIAAAAc=";
        assert_eq!(
            prefix.lease(&Part::Range { id: "7".into(), stretch: None }),
            format!("{base}..7")
        );
        let part = Part::Stretch(Stretch::new("", "1F"));
        assert_eq!(prefix.lease(&part), format!("{base}..-1F"));
        assert_eq!(prefix.token(&format!("{base}..-1F")), Some("-1F"));
        assert_eq!(prefix.token(&prefix.info()), None);
        assert_eq!(prefix.lock(), format!("{base}.lock"));
    }

    #[test]
    fn what_is_no_resource_id_makes_no_prefix() {
        assert!(Prefix::new("h", "c1").is_err());
        assert!(Prefix::new("h", "").is_err());
    }
}
