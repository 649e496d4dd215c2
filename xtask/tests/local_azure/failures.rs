//! Each failure says what happened, what is left behind and what to do.

use crate::machine::Machine;

const NOTHING: &str = "left behind: nothing: no resource was touched";

/// Deploys where `fault` happens so many times, and looks for the words.
#[track_caller]
fn check(machine: &Machine, (fault, times): (&'static str, usize), words: &[&str]) {
    machine.world().fail(fault, times);
    let said = machine.deploy(&["--yes"]);
    machine.world().fail(fault, 0);
    assert!(!said.is_fine, "{fault}: {}", said.out);
    for word in words {
        assert!(said.err.contains(word), "{fault}: no {word:?} in\n{}", said.err);
    }
    assert!(
        said.err.contains("left behind: ") && said.err.contains("what to do:  "),
        "{}",
        said.err
    );
    assert_eq!(machine.world().wrong, Vec::<String>::new(), "{fault}");
}

const EVER: usize = usize::MAX;

#[test]
fn before_anything_is_touched() {
    let machine = Machine::logged_in();
    machine.provisioned();
    let register = "az provider register --wait --namespace Microsoft.ServiceBus";
    check(&machine, ("not registered", EVER), &["not registered", register, NOTHING]);
    check(&machine, ("throttled", EVER), &["429", "wait some minutes"]);
    let rights = "do not allow Microsoft.Authorization/roleAssignments/write";
    check(
        &machine,
        ("rights", EVER),
        &[rights, "Role Based Access Control Administrator", NOTHING],
    );
    check(&machine, ("what-if", EVER), &["InvalidTemplate", "cargo xtask infra check", NOTHING]);
    let world = machine.world();
    assert_eq!(world.deployments, 0);
    assert!(world.asked.iter().all(|asked| !asked.contains("/api/publish")));
}

#[test]
fn where_it_cannot_be() {
    let machine = Machine::logged_in();
    machine.world().groups.insert("shop".to_owned(), "northeurope".to_owned());
    check(&machine, ("nothing", 0), &["is in northeurope", "--location", NOTHING]);
    machine.world().groups.clear();
    let said =
        machine.xtask(&["deploy", "--resource-group", "shop", "--location", "mars", "--yes"]);
    assert!(!said.is_fine);
    for word in ["mars does not offer Flex Consumption", "list-flexconsumption-locations", NOTHING]
    {
        assert!(said.err.contains(word), "{}", said.err);
    }
    machine.world().fail("zones", EVER);
    let prod = ["deploy", "--resource-group", "shop", "--location", "westeurope"];
    let said = machine.xtask(&[&prod[..], &["--environment", "prod", "--yes"]].concat());
    machine.world().fail("zones", 0);
    assert!(!said.is_fine && said.err.contains("over zones"), "{}", said.err);
    assert!(said.err.contains("list-flexconsumption-locations --zone-redundant true"));
    assert!(machine.world().groups.is_empty());
    check(
        &machine,
        ("site name taken", 1),
        &["shop-api-x1 (Hostname is already in use.)", "workload"],
    );
    check(&machine, ("name taken", 1), &["shop-x1 (a Cosmos DB account of that name exists)"]);
    assert_eq!(machine.world().deployments, 0);
}

#[test]
fn without_a_login_or_with_wrong_words() {
    let machine = Machine::new();
    check(&machine, ("nothing", 0), &["az is not logged in", "`az login`", NOTHING]);
    let said = machine.deploy(&["--json"]);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(!said.is_fine);
    assert_eq!(document["outcome"], "failed");
    assert_eq!(document["what"], "--json asks nothing");
    let said = machine.xtask(&["deploy", "--resource-group", "a b", "--location", "westeurope"]);
    assert!(!said.is_fine && said.err.contains("1 to 90 letters"), "{}", said.err);
    let said = machine.xtask(&["deploy", "--resource-group", "a", "--location", "West Europe"]);
    assert!(!said.is_fine && said.err.contains("written in lower case"), "{}", said.err);
    assert!(machine.world().asked.is_empty());
}

#[test]
fn while_it_is_provisioned() {
    let machine = Machine::logged_in();
    machine.world().groups.insert("shop".to_owned(), "westeurope".to_owned());
    let said = machine.deploy(&[]);
    assert!(!said.is_fine && said.err.contains("stdin is no terminal"), "{}", said.err);
    check(&machine, ("deployment active", 1), &["another deployment is running", "wait until"]);
    machine.world().fail("operation", EVER);
    let failed = "Microsoft.DocumentDB/databaseAccounts shop-x1: ServiceUnavailable: high demand";
    let left = "1 of 2 parts; nothing was deleted, no code was published";
    check(&machine, ("deployment", 1), &["ended as Failed", failed, left, "goes on where"]);
    machine.world().fail("operation", 0);
    let said = machine.deploy(&["--yes"]);
    assert!(said.is_fine, "the same command goes on: {}", said.err);
}

#[test]
fn while_it_is_published() {
    let machine = Machine::logged_in();
    machine.provisioned();
    let before = "shop-relay-x1 runs what it ran before";
    check(&machine, ("roles spread", EVER), &["403", "wait ten minutes", before]);
    check(&machine, ("blob roles spread", EVER), &["BlobUploadFailed", "wait ten minutes", before]);
    check(&machine, ("publish conflict", EVER), &["409", "another publish is running", before]);
    let fails = ["the publish failed: the package cannot be mounted", "Deployment Center"];
    check(&machine, ("publish fails", 1), &fails);
    check(&machine, ("sync", EVER), &["missing Relay, Sweep", "what is not listed does not run"]);
}

#[test]
fn while_it_is_tried_out() {
    let machine = Machine::logged_in();
    machine.provisioned();
    check(&machine, ("api starts", EVER), &["the API takes no order: 503", "missing role"]);
    check(
        &machine,
        ("event stays", EVER),
        &["its event did not get out: it is pending", "nothing is lost"],
    );
    check(&machine, ("event parked", EVER), &["the broker refuses the event", "relay show smoke-"]);
    let said = machine.deploy(&["--yes"]);
    assert!(said.is_fine, "{}", said.err);
    assert_eq!(machine.world().orders.len(), 1, "the same order was tried again");
}
