//! Regions: which endpoint takes the next attempt.
//!
//! Calls start at the endpoint that was configured. The account document, once read,
//! names the others; a region that refuses writes or cannot be reached is stepped over.

use serde::Deserialize;

use super::endpoint::Endpoint;

/// What the account says of itself, as far as this client needs it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AccountDocument {
    #[serde(default, rename = "writableLocations")]
    writable: Vec<Location>,
    #[serde(default, rename = "readableLocations")]
    readable: Vec<Location>,
    #[serde(default, rename = "enableMultipleWriteLocations")]
    write_everywhere: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    database_account_endpoint: String,
}

/// Whether a request changes anything: writes are taken only by write regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The endpoints in the order in which they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Regions {
    configured: Endpoint,
    writes: Vec<Endpoint>,
    reads: Vec<Endpoint>,
    write_everywhere: bool,
}

impl Regions {
    /// Before the account document is known there is one endpoint for all.
    pub(crate) fn only(configured: Endpoint) -> Self {
        let all = vec![configured.clone()];
        Self { writes: all.clone(), reads: all, configured, write_everywhere: false }
    }

    /// Takes over what the account says, if it names a region to write to. The configured endpoint stays: last, so that a
    /// document of unreachable regions (a tunnel, a container network) breaks nothing.
    pub(crate) fn learn(&mut self, document: &AccountDocument) {
        let writes = self.usable(&document.writable);
        if writes.is_empty() {
            return;
        }
        let mut reads = writes.clone();
        reads.extend(self.usable(&document.readable));
        self.writes = with_last(writes, &self.configured);
        self.reads = with_last(reads, &self.configured);
        self.write_everywhere = document.write_everywhere;
    }

    /// The endpoint for the n-th try of a request, going round.
    pub(crate) fn pick(&self, access: Access, skipped: usize) -> &Endpoint {
        let list = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        let at = skipped.checked_rem(list.len()).unwrap_or(0);
        list.get(at).unwrap_or(&self.configured)
    }

    /// Where the account document is asked for: every endpoint known, the configured first.
    pub(crate) fn to_ask(&self) -> Vec<Endpoint> {
        let mut list = vec![self.configured.clone()];
        list.extend(self.reads.iter().filter(|e| **e != self.configured).cloned());
        list
    }

    /// Moves an endpoint behind the others: it did not answer or refuses writes.
    pub(crate) fn demote(&mut self, endpoint: &Endpoint) {
        for list in [&mut self.writes, &mut self.reads] {
            if let Some(at) = list.iter().position(|e| e == endpoint) {
                let last = list.remove(at);
                list.push(last);
            }
        }
    }

    /// Whether writes must carry session tokens too: only where every region takes them.
    pub(crate) fn write_everywhere(&self) -> bool {
        self.write_everywhere
    }

    /// A location counts only if it is a valid endpoint of the configured one's kind:
    /// a document must not lead from https to http, nor from here to elsewhere.
    fn usable(&self, locations: &[Location]) -> Vec<Endpoint> {
        locations
            .iter()
            .filter_map(|location| location.database_account_endpoint.parse::<Endpoint>().ok())
            .filter(|endpoint| endpoint.is_plain() == self.configured.is_plain())
            .collect()
    }
}

fn with_last(mut list: Vec<Endpoint>, configured: &Endpoint) -> Vec<Endpoint> {
    list.push(configured.clone());
    let mut unique: Vec<Endpoint> = Vec::with_capacity(list.len());
    for endpoint in list {
        if !unique.contains(&endpoint) {
            unique.push(endpoint);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(port: u16) -> Endpoint {
        format!("http://127.0.0.1:{port}").parse().unwrap()
    }

    fn document(writable: &[&str], readable: &[&str]) -> AccountDocument {
        let locations = |list: &[&str]| {
            list.iter()
                .map(|text| Location { database_account_endpoint: (*text).to_owned() })
                .collect()
        };
        AccountDocument {
            writable: locations(writable),
            readable: locations(readable),
            write_everywhere: false,
        }
    }

    #[test]
    fn before_the_document_everything_goes_to_the_configured_endpoint() {
        let regions = Regions::only(endpoint(1));
        assert_eq!(regions.pick(Access::Read, 0), &endpoint(1));
        assert_eq!(regions.pick(Access::Write, 5), &endpoint(1));
    }

    #[test]
    fn reads_try_the_write_region_first_and_then_the_read_regions() {
        let mut regions = Regions::only(endpoint(1));
        regions.learn(&document(
            &["http://127.0.0.1:2/"],
            &["http://127.0.0.1:2/", "http://127.0.0.1:3/"],
        ));
        let reads: Vec<_> = (0..4).map(|n| regions.pick(Access::Read, n).clone()).collect();
        assert_eq!(reads, [endpoint(2), endpoint(3), endpoint(1), endpoint(2)]);
        let writes: Vec<_> = (0..3).map(|n| regions.pick(Access::Write, n).clone()).collect();
        assert_eq!(writes, [endpoint(2), endpoint(1), endpoint(2)]);
    }

    #[test]
    fn a_region_that_failed_is_tried_last() {
        let mut regions = Regions::only(endpoint(1));
        regions.learn(&document(&["http://127.0.0.1:2/", "http://127.0.0.1:3/"], &[]));
        regions.demote(&endpoint(2));
        assert_eq!(regions.pick(Access::Write, 0), &endpoint(3));
        assert_eq!(regions.pick(Access::Read, 2), &endpoint(2));
    }

    #[test]
    fn a_document_cannot_lead_to_another_scheme() {
        let mut regions = Regions::only("https://a.documents.azure.com".parse().unwrap());
        regions.learn(&document(&["http://127.0.0.1:2/", "nonsense", "http://evil/"], &[]));
        assert_eq!(regions.pick(Access::Write, 0).to_string(), "https://a.documents.azure.com");
        assert_eq!(regions.to_ask().len(), 1);
    }
}
