//! Effective partition keys: where a partition key lies in the space that ranges divide.
//!
//! Version 2 is `MurmurHash3` (128 bits) of the tagged components, reversed, its two top bits cleared.
//! Version 1 is a 32-bit hash, written as a number, followed by the components themselves.
//! A hierarchical key is the version 2 hashes of its components, one behind the other.

use super::key::{Component, Version};
use std::fmt;

/// A point in the space of partition keys; compared byte by byte, shown as upper-case hex.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Epk(Box<[u8]>);

/// What version 1 keeps of a string, in bytes.
const TEXT_KEPT_V1: usize = 100;

impl Epk {
    /// The start of the space, which itself belongs to the first range.
    pub(crate) fn first() -> Self {
        Self(Box::default())
    }

    /// The end of the space, which belongs to no range.
    pub(crate) fn end() -> Self {
        Self(Box::new([0xFF]))
    }

    /// Where these components lie.
    pub(crate) fn of(version: Version, components: &[Component]) -> Self {
        match version {
            Version::One => Self(hash_v1(components).into()),
            Version::Two => Self(hash_v2(components).into()),
            Version::Multi => {
                let each = components.iter().map(std::slice::from_ref);
                Self(each.flat_map(hash_v2).collect())
            }
        }
    }

    /// The point as it is stored.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A point that was stored.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The first eight bytes as a number: of two points, the lesser never has the greater start.
    pub(crate) fn start(&self) -> u64 {
        let mut start = [0; 8];
        start.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(start)
    }

    /// The first point behind every key that starts with this one: the end of a key's prefix.
    pub(crate) fn behind_prefix(&self) -> Self {
        Self(self.0.iter().copied().chain([0xFF]).collect())
    }

    /// The first point behind this one.
    pub(crate) fn next(&self) -> Self {
        Self(self.0.iter().copied().chain([0]).collect())
    }

    /// The point at `hash` on the axis of 32-bit hashes that splits divide.
    pub(crate) fn on_axis(version: Version, hash: u64) -> Self {
        match version {
            Version::One => {
                let hash = u32::try_from(hash).unwrap_or(u32::MAX);
                let mut bytes = Vec::new();
                write_number(&mut bytes, f64::from(hash));
                Self(bytes.into())
            }
            Version::Two | Version::Multi => {
                Self(((u128::from(hash) << 94) - 1).to_be_bytes().into())
            }
        }
    }

    /// Reads the hex form of the wire.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes().chunks(2);
        let bytes = digits.map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        });
        bytes.collect::<Option<Box<[u8]>>>().map(Self)
    }
}

impl fmt::Display for Epk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Epk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epk({self})")
    }
}

fn hash_v2(components: &[Component]) -> Vec<u8> {
    let mut tagged = Vec::new();
    for component in components {
        write_tagged(&mut tagged, component, 0xFF);
    }
    let hash = murmur3::murmur3_x64_128(&mut tagged.as_slice(), 0).unwrap_or_default();
    let mut bytes = hash.to_be_bytes();
    if let Some(first) = bytes.first_mut() {
        *first &= 0x3F;
    }
    bytes.to_vec()
}

fn hash_v1(components: &[Component]) -> Vec<u8> {
    let kept: Vec<Component> = components.iter().map(truncated).collect();
    let mut tagged = Vec::new();
    for component in &kept {
        write_tagged(&mut tagged, component, 0x00);
    }
    let hash = murmur3::murmur3_32(&mut tagged.as_slice(), 0).unwrap_or_default();
    let mut bytes = Vec::new();
    write_number(&mut bytes, f64::from(hash));
    for component in &kept {
        write_ordered(&mut bytes, component);
    }
    bytes
}

fn truncated(component: &Component) -> Component {
    match component {
        Component::Text(text) => {
            Component::Text(text.chars().take(TEXT_KEPT_V1).collect::<String>())
        }
        Component::Undefined | Component::Null | Component::Bool(_) | Component::Number(_) => {
            component.clone()
        }
    }
}

/// The form that is hashed; `end` closes a string.
fn write_tagged(out: &mut Vec<u8>, component: &Component, end: u8) {
    out.push(tag(component));
    match component {
        Component::Undefined | Component::Null | Component::Bool(_) => {}
        Component::Number(number) => out.extend(number.to_le_bytes()),
        Component::Text(text) => {
            out.extend(text.as_bytes());
            out.push(end);
        }
    }
}

/// The form that sorts like the value, which version 1 puts behind its hash.
fn write_ordered(out: &mut Vec<u8>, component: &Component) {
    match component {
        Component::Undefined | Component::Null | Component::Bool(_) => out.push(tag(component)),
        Component::Number(number) => write_number(out, *number),
        Component::Text(text) => {
            out.push(tag(component));
            let short = text.len() <= TEXT_KEPT_V1;
            let kept = text.bytes().take(TEXT_KEPT_V1 + 1);
            out.extend(kept.map(|byte| byte.saturating_add(1)));
            if short {
                out.push(0);
            }
        }
    }
}

/// Eight bits first, then seven a byte, the lowest bit saying whether more follow.
fn write_number(out: &mut Vec<u8>, number: f64) {
    const SIGN: u64 = 1 << 63;
    let bits = number.to_bits();
    let mut payload = if bits < SIGN { bits ^ SIGN } else { (!bits).wrapping_add(1) };
    out.push(tag(&Component::Number(number)));
    let [top, ..] = payload.to_be_bytes();
    out.push(top);
    payload <<= 8;
    let mut pending = 0;
    let mut first = true;
    while payload != 0 {
        if !first {
            out.push(pending);
        }
        first = false;
        let [top, ..] = payload.to_be_bytes();
        pending = top | 1;
        payload <<= 7;
    }
    out.push(pending & 0xFE);
}

const fn tag(component: &Component) -> u8 {
    match component {
        Component::Undefined => 0x00,
        Component::Null => 0x01,
        Component::Bool(false) => 0x02,
        Component::Bool(true) => 0x03,
        Component::Number(_) => 0x05,
        Component::Text(_) => 0x08,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(version: Version, components: &[Component]) -> String {
        Epk::of(version, components).to_string()
    }

    fn text(text: &str) -> Component {
        Component::Text(text.to_owned())
    }

    #[test]
    fn version_2_is_the_services_hash() {
        let key = hex(Version::Two, &[text("partitionKey")]);
        assert_eq!(key, "013AEFCF77FA271571CF665A58C933F1");
        assert!(hex(Version::Two, &[Component::Null]).starts_with("378867E4"));
    }

    #[test]
    fn version_1_is_the_services_hash_and_the_value() {
        let key = hex(Version::One, &[text("partitionKey")]);
        assert_eq!(key, "05C1E1B3D9CD2608716273756A756A706F4C667A00");
    }

    #[test]
    fn a_hierarchical_key_starts_with_its_prefix() {
        let prefix = hex(Version::Multi, &[text("a")]);
        let whole = hex(Version::Multi, &[text("a"), Component::Number(1.0)]);
        assert!(whole.starts_with(&prefix) && whole.len() == 64, "{whole}");
    }

    #[test]
    fn hex_is_read_back_and_odd_hex_is_refused() {
        let epk = Epk::of(Version::Two, &[text("x")]);
        assert_eq!(Epk::from_hex(&epk.to_string()), Some(epk));
        assert_eq!(Epk::from_hex(""), Some(Epk::first()));
        assert_eq!(Epk::from_hex("FF"), Some(Epk::end()));
        assert_eq!(Epk::from_hex("F"), None);
        assert_eq!(Epk::from_hex("é"), None);
    }

    #[test]
    fn the_middle_of_the_axis_is_where_the_service_splits() {
        let middle = Epk::on_axis(Version::Two, 1 << 31).to_string();
        assert_eq!(middle, "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
        let middle = Epk::on_axis(Version::One, 1 << 31);
        assert!(Epk::first() < middle && middle < Epk::end());
    }

    /// What Microsoft's SDKs compute for the same keys.
    #[test]
    fn every_type_and_level_hashes_as_in_the_sdks() {
        let (long, null) = (text(&"x".repeat(101)), Component::Null);
        let v1 = [
            (text(""), "05C1CF33970FF80800"),
            (text("a"), "05C1D78593652C086200"),
            (Component::Number(1.5), "05C1E9694167A805BFF8"),
        ];
        for (key, expected) in v1 {
            assert_eq!(hex(Version::One, &[key]), expected);
        }
        assert_eq!(hex(Version::One, &[long]).len(), hex(Version::One, &[text("")]).len() + 200);
        let undefined = hex(Version::Two, &[Component::Undefined]);
        assert_eq!(undefined, "11622DAA78F835834610ABE56EFF5CB5");
        let levels = hex(Version::Multi, &[text("a"), Component::Number(1.0), null]);
        assert_eq!(
            levels,
            "3A5381E1114EB8D3FCC90795045B49B720CD98B339BA78A5D0CF6953B87070B0\
             378867E4430E67857ACE5C908374FE16"
        );
    }
}
