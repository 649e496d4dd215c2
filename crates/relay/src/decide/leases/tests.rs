//! What every decision on leases promises, over all that can be thought up.

use super::balance::{Share, Take, take};
use super::missing::missing;
use super::place::{Place, place};
use super::{Seen, sweeps};
use domain::ports::{FeedRange, Lease, Listed, Part, Stranger, Tag};
use domain::{Json, Stretch, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(super) fn lease_of(part: Part) -> Lease {
    Lease {
        part,
        owner: None,
        continuation: Some("1".into()),
        written_at: at(0),
        stored_at: at(0),
        properties: Json::from_valid("{}"),
        tag: Tag("1".into()),
    }
}

pub(super) fn lease(id: usize, owner: Option<&str>) -> Lease {
    let part = Part::Range { id: id.to_string(), stretch: None };
    Lease { owner: owner.map(str::to_owned), ..lease_of(part) }
}

pub(super) fn seen(lease: Lease) -> Seen {
    Seen { lease, is_expired: false, is_stirring: true }
}

pub(super) fn stranger(token: &str) -> Stranger {
    Stranger { id: format!("p..{token}"), token: token.into(), reason: "no lease".into() }
}

pub(super) fn range(id: &str, (min, max): (&str, &str), parents: &[&str]) -> FeedRange {
    let parents = parents.iter().map(ToString::to_string).collect();
    FeedRange { id: id.into(), stretch: Stretch::new(min, max), parents }
}

pub(super) fn one() -> Vec<FeedRange> {
    vec![range("0", ("", "FF"), &[])]
}

pub(super) fn halves() -> Vec<FeedRange> {
    vec![range("1", ("", "20"), &["0"]), range("2", ("20", "FF"), &["0"])]
}

pub(super) fn merged() -> Vec<FeedRange> {
    vec![range("3", ("", "FF"), &["0", "1", "2"])]
}

#[test]
fn the_holder_of_the_first_lease_sweeps_for_all() {
    let lease = |owner: Option<&str>, min: &str| {
        let part = Part::Stretch(Stretch::new(min, "FF"));
        seen(Lease { owner: owner.map(str::to_owned), ..lease_of(part) })
    };
    let all = [lease(Some("b"), "20"), lease(Some("a"), "")];
    assert!(sweeps(&all, "a") && !sweeps(&all, "b"));
    let free = [lease(Some("b"), "20"), lease(None, "")];
    assert!(sweeps(&free, "a") && sweeps(&free, "b") && sweeps(&[], "a"));
    let silent = all.map(|seen| Seen { is_stirring: false, ..seen });
    assert!(sweeps(&silent, "b"), "nobody knows whether a lives");
}

/// Ranges that were split and merged at random: borders out of sixteen, ids that never repeat.
fn layouts() -> impl Strategy<Value = Vec<FeedRange>> {
    (prop::collection::btree_set(1_u8..16, 0..8), 0_u32..50).prop_map(|(cuts, first)| {
        let mut borders = vec![String::new()];
        borders.extend(cuts.into_iter().map(|cut| format!("{cut:X}0")));
        borders.push("FF".into());
        let ids = (first..).map(|id| id.to_string());
        let pairs = borders.windows(2).zip(ids);
        pairs.map(|(pair, id)| range(&id, (&pair[0], &pair[1]), &[])).collect()
    })
}

fn parts_of(ranges: &[FeedRange]) -> Vec<Part> {
    missing(ranges, &Listed::default())
}

fn stretch_of(part: &Part) -> &Stretch {
    match part {
        Part::Range { stretch: Some(stretch), .. } | Part::Stretch(stretch) => stretch,
        Part::Range { stretch: None, .. } => panic!("{part} has no stretch"),
    }
}

fn assert_covered<'a>(parts: impl Iterator<Item = &'a Part>) {
    let gaps = Stretch::new("", "FF").gaps(parts.map(stretch_of));
    assert!(gaps.is_empty(), "{gaps:?}");
}

/// Hosts by turns take what they are to take until nobody does: rounds needed, leases by host.
fn balanced(mut all: Vec<Seen>, hosts: usize) -> (usize, BTreeMap<String, usize>) {
    let names: Vec<_> = (0..hosts).map(|host| format!("h{host}")).collect();
    for round in 0..=all.len() + 1 {
        let mut is_quiet = true;
        for me in &names {
            let taken: Vec<Part> = match take(&all, me, Share::default()) {
                Take::Nothing => continue,
                Take::Free(leases) => leases.iter().map(|lease| lease.part.clone()).collect(),
                Take::Steal(lease) => vec![lease.part.clone()],
            };
            is_quiet = false;
            for seen in all.iter_mut().filter(|seen| taken.contains(&seen.lease.part)) {
                seen.lease.owner = Some(me.clone());
                seen.is_expired = false;
            }
        }
        if is_quiet {
            let mut holdings = BTreeMap::new();
            for seen in &all {
                *holdings.entry(seen.holder().unwrap_or("nobody").to_owned()).or_insert(0) += 1;
            }
            return (round, holdings);
        }
    }
    panic!("never at rest");
}

fn owned() -> impl Strategy<Value = Vec<Seen>> {
    let one = (prop::option::of(0_u8..6), any::<bool>());
    prop::collection::vec(one, 0..20).prop_map(|all| {
        let seen = |(id, (owner, is_expired)): (usize, (Option<u8>, bool))| Seen {
            lease: lease(id, owner.map(|host| format!("h{host}")).as_deref()),
            is_expired,
            is_stirring: true,
        };
        all.into_iter().enumerate().map(seen).collect()
    })
}

proptest! {
    #[test]
    fn no_part_of_the_feed_is_left_without_a_lease(
        old in layouts(), new in layouts(), kept in any::<u16>(), strangers in any::<u8>(),
    ) {
        let mut leases: Vec<_> = parts_of(&old).into_iter().map(lease_of).collect();
        let mut number = 0;
        leases.retain(|_| { number += 1; kept & (1 << (number % 16)) != 0 });
        let strangers: Vec<_> = (0..8).filter(|bit| strangers & (1 << bit) != 0)
            .filter_map(|bit| new.get(bit).map(|range| stranger(&range.id))).collect();
        let listed = Listed { leases, strangers };
        let created = missing(&new, &listed);
        assert_covered(created.iter().chain(listed.leases.iter().map(|lease| &lease.part)));
        for part in &created {
            let token = part.token();
            prop_assert!(listed.strangers.iter().all(|s| s.token != token), "{token} is taken");
        }
    }

    #[test]
    fn a_hand_over_covers_what_the_lease_covered(old in layouts(), new in layouts()) {
        for part in parts_of(&old) {
            let mut heirs = vec![part.clone()];
            // What takes over may have to be handed over itself, but not for ever.
            for _ in 0..3 {
                heirs = heirs.iter().flat_map(|heir| match place(heir, &new) {
                    Place::Read(_) => vec![heir.clone()],
                    Place::HandOver(parts) => parts,
                    Place::Nowhere => panic!("{heir} is nowhere"),
                }).collect();
            }
            let is_same_id = new.iter().any(|range| range.id == part.token());
            let gaps = stretch_of(&part).gaps(heirs.iter().map(stretch_of));
            prop_assert!(gaps.is_empty() || is_same_id, "{part} -> {heirs:?}");
            prop_assert!(heirs.iter().all(|heir| matches!(place(heir, &new), Place::Read(_))));
        }
    }

    #[test]
    fn hosts_come_to_rest_with_a_share_each_in_bounded_rounds(all in owned(), hosts in 6_usize..9) {
        let leases = all.len();
        let (rounds, holdings) = balanced(all, hosts);
        prop_assert!(rounds <= leases + 1, "{rounds} rounds for {leases} leases");
        let target = leases.div_ceil(holdings.len().max(1));
        prop_assert!(holdings.values().all(|held| *held <= target), "{holdings:?}");
        prop_assert!(!holdings.contains_key("nobody"), "{holdings:?}");
    }

    #[test]
    fn nobody_loses_a_living_lease_who_holds_a_share_or_less(all in owned()) {
        let mut holdings = BTreeMap::from([("me", 0_usize)]);
        for holder in all.iter().filter_map(Seen::holder) {
            *holdings.entry(holder).or_insert(0) += 1;
        }
        let target = Share::default().of(all.len(), holdings.len());
        match take(&all, "me", Share::default()) {
            Take::Nothing => {}
            Take::Free(leases) => {
                let is_free = |lease: &&Lease| {
                    all.iter().any(|seen| seen.lease.part == lease.part && seen.holder().is_none())
                };
                prop_assert!(leases.iter().all(is_free) && leases.len() <= target);
            }
            Take::Steal(lease) => {
                let victim = lease.owner.as_deref().unwrap();
                prop_assert!(target < holdings[victim], "{holdings:?}");
                prop_assert!(all.iter().all(|seen| seen.holder().is_some()), "one was free");
            }
        }
    }
}
