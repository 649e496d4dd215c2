//! What a relay calls itself in leases: a name that no other living process has, and that its
//! successor has again.
//!
//! Only one process at a time listens on an address in a network namespace of a running machine.
//! So whoever could bind it knows that the last one of this name is gone, and takes up its leases
//! at once instead of waiting until they run out.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::path::Path;

/// The name of the process that listens on this address.
pub fn name(address: SocketAddr) -> String {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let host = read("/proc/sys/kernel/hostname");
    let boot = read("/proc/sys/kernel/random/boot_id");
    let network = std::fs::read_link(Path::new("/proc/self/ns/net")).ok();
    let host = host.as_deref().map_or("relay", str::trim);
    let Some(place) = boot.zip(network) else {
        // Elsewhere than on Linux nobody has the same name again.
        return format!("{host}-{:016x}", fastrand::u64(..));
    };
    let mut hasher = DefaultHasher::new();
    (place, address).hash(&mut hasher);
    format!("{host}-{}-{:016x}", address.port(), hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_has_the_name_again_and_no_neighbour_has_it() {
        let at = |text: &str| name(text.parse().unwrap());
        assert_eq!(at("127.0.0.1:8082"), at("127.0.0.1:8082"));
        assert_ne!(at("127.0.0.1:8082"), at("127.0.0.1:8083"));
        assert_ne!(at("127.0.0.1:8082"), at("127.0.0.2:8082"));
        assert!(at("127.0.0.1:8082").contains("-8082-"));
    }
}
