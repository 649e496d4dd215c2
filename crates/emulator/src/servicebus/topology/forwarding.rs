//! Forwarding between entities: every target is there, and no way leads back.

use super::Topology;
use std::collections::{HashMap, HashSet};

/// What is wrong with the forwarding of a topology.
pub(super) fn mistakes(topology: &Topology) -> Vec<String> {
    let ways = ways(topology);
    let mut mistakes = Vec::new();
    for (from, targets) in &ways {
        for to in targets.iter().filter(|to| !ways.contains_key(*to)) {
            mistakes.push(format!("{from}: forwards to '{to}', which is not there"));
        }
        if leads_back(from, &ways) {
            mistakes.push(format!("{from}: forwarding leads back to it"));
        }
    }
    mistakes.sort_unstable();
    mistakes
}

/// Where messages and dead letters of each entity go on to, all in lower case.
fn ways(topology: &Topology) -> HashMap<String, Vec<String>> {
    let mut ways = HashMap::new();
    for queue in &topology.queues {
        ways.insert(queue.name.to_lowercase(), targets(&queue.settings));
    }
    for topic in &topology.topics {
        let topic_name = topic.name.to_lowercase();
        let mut own = Vec::new();
        for subscription in &topic.subscriptions {
            let path = format!("{topic_name}/subscriptions/{}", subscription.name.to_lowercase());
            ways.insert(path.clone(), targets(&subscription.settings));
            own.push(path);
        }
        ways.insert(topic_name, own);
    }
    ways
}

/// Where messages and dead letters of one entity go.
fn targets(settings: &super::Settings) -> Vec<String> {
    let both = [&settings.forward_to, &settings.forward_dead_letters_to];
    both.into_iter().flatten().map(|path| path.to_lowercase()).collect()
}

/// Whether any way from `start` leads to `start`.
fn leads_back(start: &str, ways: &HashMap<String, Vec<String>>) -> bool {
    let mut open: Vec<&String> = ways.get(start).into_iter().flatten().collect();
    let mut seen = HashSet::new();
    while let Some(here) = open.pop() {
        if here == start {
            return true;
        }
        if seen.insert(here) {
            open.extend(ways.get(here).into_iter().flatten());
        }
    }
    false
}
