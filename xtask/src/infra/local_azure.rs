//! The local Azure starts with the database that the Bicep makes: else what is measured and tested
//! here would be another one than what runs there.

use super::syntax::{Expr, Kind, What};
use super::{MAIN, read};
use std::fs;
use std::path::Path;

fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap()
}

/// The texts of the variable of this name.
fn texts(path: &str, name: &str) -> Vec<String> {
    let (file, findings) = read::bicep(path, &text(path)).unwrap();
    assert_eq!(findings, []);
    let What::Var(value) = &file.named(name).unwrap().what else { panic!("{name} is no variable") };
    let all = if let Kind::Array(all) = &value.kind { all.iter().collect() } else { vec![value] };
    all.into_iter().filter_map(Expr::literal).collect()
}

#[test]
fn both_index_the_same_paths() {
    let shop = text("crates/emulator/src/cosmos/shop.rs");
    let list = shop.split("let indexed = [").nth(1).unwrap().split(']').next().unwrap();
    let local: Vec<String> =
        list.split('"').skip(1).step_by(2).map(|name| format!("/{name}/?")).collect();
    assert_eq!(texts("infra/bicep/modules/cosmos.bicep", "indexedPaths"), local);
}

#[test]
fn both_use_the_same_names() {
    let shop = text("crates/emulator/src/cosmos/shop.rs");
    for name in ["databaseName", "ordersContainerName", "leasesContainerName"] {
        let name = texts(MAIN, name).concat();
        assert!(shop.contains(&format!("\"{name}\"")), "{name}");
    }
}
