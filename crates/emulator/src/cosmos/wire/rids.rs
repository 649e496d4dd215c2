//! Paths that give resource ids (`_rid`) instead of names, as the SDKs take them from `_self`.
//!
//! The database decides: if its part of the path is a resource id and no database has that name,
//! the others must be resource ids too (400), as `azure_data_cosmos_driver` tells of the service.

use super::call::Call;
use super::target::{Owner, Target};
use crate::cosmos::Cosmos;
use crate::cosmos::core::Refusal;
use crate::cosmos::core::rid::{ContainerRid, DatabaseRid};

/// Puts names in the place of resource ids. What is not there stays, and is then not found.
pub(super) fn resolve(cosmos: &Cosmos, call: &mut Call) -> Result<(), Refusal> {
    let Some(rid) = call.target.database_rid() else { return Ok(()) };
    match &mut call.target {
        Target::Account | Target::Databases | Target::Offers | Target::Offer(_) => {}
        Target::Database(database) | Target::Containers(database) => {
            let account = cosmos.read_account();
            if let Some(name) = account.database_of(rid).filter(|_| !account.has_database(database))
            {
                name.clone_into(database);
            }
        }
        Target::Container(owner)
        | Target::Items(owner)
        | Target::Ranges(owner)
        | Target::KeyDelete(owner)
        | Target::Conflicts(owner)
        | Target::Conflict(owner, _) => name(cosmos, rid, owner, None)?,
        Target::Item(owner, id) => name(cosmos, rid, owner, Some(id))?,
    }
    Ok(())
}

fn name(
    cosmos: &Cosmos,
    rid: DatabaseRid,
    owner: &mut Owner,
    item: Option<&mut String>,
) -> Result<(), Refusal> {
    let account = cosmos.read_account();
    if account.has_database(&owner.database) {
        return Ok(());
    }
    let container =
        ContainerRid::parse(&owner.container).ok_or_else(|| no_rid(&owner.container))?;
    let number = item.as_deref().map(|text| {
        let (of, number) = ContainerRid::parse_document(text).ok_or_else(|| no_rid(text))?;
        Ok((of == container).then_some(number))
    });
    let number = number.transpose()?.flatten();
    let Some(database) = account.database_of(rid) else { return Ok(()) };
    database.clone_into(&mut owner.database);
    let found = account.container_of(container).filter(|_| container.database == rid);
    let Some((id, found)) = found else { return Ok(()) };
    id.clone_into(&mut owner.container);
    if let Some((item, number)) = item.zip(number)
        && let Some(id) = Cosmos::lock(found).id_of(number)
    {
        *item = id;
    }
    Ok(())
}

fn no_rid(text: &str) -> Refusal {
    Refusal::Bad(format!(
        "Failed to parse the value '{text}' as ResourceId: a path whose database is given by its \
         _rid gives nothing by name"
    ))
}
