//! It works: once, and again without changing anything.

use crate::machine::{Machine, Said, parameters};
use crate::world::KEY;
use serde_json::Value;

fn document(said: &Said) -> Value {
    assert!(said.is_fine, "{}", said.err);
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no single document: {}", said.out))
}

#[test]
fn a_first_run_makes_everything_and_a_second_one_nothing() {
    let machine = Machine::logged_in();
    machine.world().fail("roles spread", 3);
    machine.world().fail("blob roles spread", 2);
    machine.world().fail("sync", 1);
    machine.world().fail("api starts", 2);
    let first = document(&machine.deploy(&["--yes", "--json"]));
    assert_eq!(first["outcome"], "deployed");
    assert_eq!(first["resources"]["created"].as_array().unwrap().len(), 5);
    assert_eq!(first["waitingMessages"], 1);
    assert!(first["waitedSeconds"].as_u64().unwrap() <= 120, "{first}");
    let world = machine.world();
    assert_eq!(world.wrong, Vec::<String>::new());
    assert_eq!(world.deployed.as_ref(), Some(&parameters()));
    assert_eq!((world.deployments, world.orders.len()), (1, 1));
    drop(world);

    let again = machine.deploy(&["--yes", "--json"]);
    let second = document(&again);
    assert_eq!(second["outcome"], "unchanged", "{}", again.err);
    assert_eq!(second["outputs"], first["outputs"]);
    assert_eq!(second["resources"]["unchanged"], 5);
    let world = machine.world();
    assert_eq!(world.wrong, Vec::<String>::new());
    assert_eq!((world.deployments, world.orders.len()), (1, 1));
    assert!(world.sites.values().all(|site| site.publishes == 1));
}

#[test]
fn only_what_is_new_is_published_and_the_lines_to_call_it_are_printed() {
    let machine = Machine::logged_in();
    machine.provisioned();
    let said = machine.deploy(&["--yes"]);
    assert!(said.is_fine, "{}", said.err);
    machine.new_relay();
    let said = machine.deploy(&["--yes"]);
    assert!(said.is_fine, "{}", said.err);
    assert!(
        said.err.contains("unchanged     shop-api-x1: this package runs already"),
        "{}",
        said.err
    );
    let host = format!("https://shop-api-x1.localhost:{}/api/orders", machine.world().port);
    assert!(
        said.out.contains(&host) && said.out.contains("az functionapp keys list"),
        "{}",
        said.out
    );
    assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "the key is a secret");
    let world = machine.world();
    assert_eq!(world.sites["shop-relay-x1"].publishes, 2);
    assert_eq!(world.sites["shop-api-x1"].publishes, 1);
    assert_eq!((world.deployments, world.orders.len()), (0, 2));
}

#[test]
fn what_if_changes_nothing_and_says_what_would() {
    let machine = Machine::logged_in();
    let absent = machine.deploy(&["--what-if"]);
    assert!(
        absent.is_fine && absent.err.contains("the resource group and all of"),
        "{}",
        absent.err
    );
    let mut before = parameters();
    before.insert("retentionDays".to_owned(), 3.into());
    machine.world().provisioned("shop", before);
    let said = machine.deploy(&["--what-if"]);
    assert!(said.is_fine, "{}", said.err);
    let change =
        "changed   Microsoft.DocumentDB/databaseAccounts/shop-x1: retentionDays from 3 to 7";
    assert!(said.err.contains(change), "{}", said.err);
    let world = machine.world();
    assert_eq!(world.wrong, Vec::<String>::new());
    assert_eq!((world.deployments, world.orders.len()), (0, 0));
    assert!(world.asked.iter().all(|asked| !asked.starts_with("PUT")), "{:?}", world.asked);
}

#[test]
fn destroy_wants_the_name_and_takes_our_locks_away_first() {
    let machine = Machine::logged_in();
    machine.provisioned();
    machine.world().locks = vec!["keep".to_owned()];
    let said = machine.xtask(&["destroy", "--resource-group", "shop", "--confirm", "shoq"]);
    assert!(!said.is_fine && said.err.contains("\"shoq\" is not \"shop\""), "{}", said.err);
    assert_eq!(machine.world().locks, ["keep"]);
    let said = machine.xtask(&["destroy", "--resource-group", "shop", "--confirm", "shop"]);
    assert!(said.is_fine, "{}", said.err);
    assert!(machine.world().locks.is_empty() && machine.world().groups.is_empty());

    machine.provisioned();
    machine.world().locks = vec!["of-the-auditors".to_owned()];
    let said = machine.xtask(&["destroy", "--resource-group", "shop", "--confirm", "shop"]);
    assert!(!said.is_fine && said.err.contains("of-the-auditors"), "{}", said.err);
    assert_eq!(machine.world().groups.len(), 1);
}
