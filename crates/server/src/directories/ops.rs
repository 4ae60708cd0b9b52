//! The operations on directories.
use super::{
    group_roles::{self, RoleAssignment},
    model::{
        AttributeMapping, Directory, DirectoryType, DirectoryUpdate, Provider, TrackedGroup, check_count,
        check_mappings,
    },
    secrets::{self, DirectorySecret},
    store,
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    error::{Error, Kind},
    events::{self, EventType},
    ids::{DirectoryId, OrganizationId},
    organizations::{self, OrganizationRef},
};
use std::collections::{HashMap, HashSet};

/// The set-up pages keep a few values; this is far above.
const MAX_CONTEXT: usize = 64 * 1024;

/// A directory with what belongs to its answer.
#[derive(Debug)]
pub struct Whole {
    /// The directory itself.
    pub directory: Directory,
    /// Newest first.
    pub secrets: Vec<DirectorySecret>,
    /// By group.
    pub roles: Vec<RoleAssignment>,
}

/// Creates a directory in an organization. It takes in changes from the start, but has no secret yet.
///
/// # Errors
/// `NOT_FOUND` for the organization.
pub async fn create(
    ctx: &Ctx,
    organization: OrganizationId,
    kind: DirectoryType,
    provider: Provider,
) -> Result<Whole, Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let directory = Directory::new(ctx.new_id(), ctx.now(), organization, kind, provider);
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &directory).await?;
    let (kind, data) = (EventType::OrganizationDirectoryEnabled, directory.event_data());
    events::emit(&mut tx, ctx, kind, Some(organization), &data).await?;
    tx.commit().await?;
    Ok(Whole { directory, secrets: Vec::new(), roles: Vec::new() })
}

/// One directory.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, organization: OrganizationId, id: DirectoryId) -> Result<Whole, Error> {
    let mut tx = ctx.db().read();
    let directory = find(&mut tx, ctx, organization, id).await?;
    whole(&mut tx, ctx, directory).await
}

/// The organization's directories, oldest first.
///
/// # Errors
/// `NOT_FOUND` for the organization.
pub async fn list(ctx: &Ctx, organization: OrganizationId) -> Result<Vec<Whole>, Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let mut tx = ctx.db().read();
    let mut all = Vec::new();
    for directory in store::all(&mut tx, ctx.environment().id, organization).await? {
        all.push(whole(&mut tx, ctx, directory).await?);
    }
    Ok(all)
}

/// Changes what `update` says. Without a difference nothing is stored and nothing told.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value or a list that is too long; `FAILED_PRECONDITION` for a choice of groups where the provider
/// pushes.
pub async fn update(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    update: DirectoryUpdate,
) -> Result<Whole, Error> {
    update.check()?;
    change(ctx, organization, id, |directory| directory.update(ctx.now(), update)).await?;
    get(ctx, organization, id).await
}

/// Lets a directory take in changes, or stops it. One that is so already stays as it is.
///
/// # Errors
/// `NOT_FOUND`
pub async fn set_enabled(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    enabled: bool,
) -> Result<bool, Error> {
    let directory = change(ctx, organization, id, |directory| {
        let changed = directory.enabled != enabled;
        directory.enabled = enabled;
        if changed {
            directory.updated_at = ctx.now();
        }
        Ok(changed)
    })
    .await?;
    Ok(directory.enabled)
}

/// Replaces the mappings of attributes; what is not mapped follows the defaults.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for an attribute that is mapped twice, or too many of them.
pub async fn set_attributes(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    mappings: Vec<AttributeMapping>,
) -> Result<Vec<AttributeMapping>, Error> {
    check_count("attribute_mapping.attributes", mappings.len())?;
    check_mappings("attribute_mapping.attributes", &mappings)?;
    let directory = change(ctx, organization, id, |directory| {
        let changed = directory.attribute_mappings != mappings;
        directory.attribute_mappings = mappings;
        if changed {
            directory.updated_at = ctx.now();
        }
        Ok(changed)
    })
    .await?;
    Ok(directory.attribute_mappings)
}

/// Chooses the provider's groups that a polled directory takes in. Names that are known of them stay.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for too many; `FAILED_PRECONDITION` where the provider pushes.
pub async fn set_tracked_groups(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    external_ids: Vec<String>,
) -> Result<(), Error> {
    check_count("external_ids", external_ids.len())?;
    change(ctx, organization, id, |directory| {
        let known = directory.tracked_groups.iter().flatten();
        let known: HashMap<&str, &TrackedGroup> =
            known.map(|group| (group.external_id.as_str(), group)).collect();
        let mut seen = HashSet::new();
        let groups = external_ids.into_iter().filter(|id| seen.insert(id.clone())).map(|external_id| {
            let group = known.get(external_id.as_str()).map(|&group| group.clone());
            let (display_name, email) = (String::new(), String::new());
            group.unwrap_or(TrackedGroup { external_id, display_name, email })
        });
        let tracked_groups = Some(groups.collect());
        directory.update(ctx.now(), DirectoryUpdate { tracked_groups, ..DirectoryUpdate::default() })
    })
    .await?;
    Ok(())
}

/// Deletes a directory with its users, groups and secrets.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `FAILED_PRECONDITION` while it is enabled.
pub async fn delete(ctx: &Ctx, organization: OrganizationId, id: DirectoryId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    if found.ok_or_else(|| not_found(organization, id))?.enabled {
        let text = format!("directory is enabled: disable {id} before you delete it");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    store::delete(&mut tx, env, id).await?;
    tx.commit().await
}

/// Reads a polled directory now.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` where the provider pushes, or where no account of the provider is connected.
pub async fn sync(ctx: &Ctx, organization: OrganizationId, id: DirectoryId) -> Result<(), Error> {
    let directory = find(&mut ctx.db().read(), ctx, organization, id).await?;
    directory.require_polled("changes are read from the provider")?;
    // Accounts are connected in the portal, which is not built yet: there is none so far.
    let text = format!("directory {id} has no account of its provider; connect one before you sync");
    Err(Error::new(Kind::FailedPrecondition, text))
}

/// What the set-up pages keep with a directory: a JSON object.
///
/// # Errors
/// `NOT_FOUND`
pub async fn context(ctx: &Ctx, organization: OrganizationId, id: DirectoryId) -> Result<String, Error> {
    let found = store::context(&mut ctx.db().read(), ctx.environment().id, organization, id).await?;
    found.ok_or_else(|| not_found(organization, id))
}

/// Replaces it.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` above 64 KiB.
pub async fn set_context(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    context: &str,
) -> Result<(), Error> {
    if context.len() > MAX_CONTEXT {
        return Err(Error::invalid("context", "context.max_size", "must be at most 64 KiB of JSON"));
    }
    let mut tx = ctx.db().write().await?;
    if !store::set_context(&mut tx, ctx.environment().id, organization, id, context).await? {
        return Err(not_found(organization, id));
    }
    tx.commit().await
}

/// The directory, if the organization has it.
///
/// # Errors
/// `NOT_FOUND`
pub async fn find(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
) -> Result<Directory, Error> {
    let found = store::find(tx, ctx.environment().id, organization, id).await?;
    found.ok_or_else(|| not_found(organization, id))
}

/// The error of a directory that is not there.
pub fn not_found(organization: OrganizationId, id: DirectoryId) -> Error {
    Error::not_found(format!("directory {id} of organization {organization}"))
}

async fn whole(tx: &mut impl Queryable, ctx: &Ctx, directory: Directory) -> Result<Whole, Error> {
    let env = ctx.environment().id;
    let secrets = secrets::of(tx, env, directory.id).await?;
    let roles = group_roles::of(tx, env, directory.id).await?;
    Ok(Whole { directory, secrets, roles })
}

/// Reads the directory for update, lets `apply` change it, stores the change if there is one, and tells whether it takes
/// in changes now if that is another state than before.
async fn change(
    ctx: &Ctx,
    organization: OrganizationId,
    id: DirectoryId,
    apply: impl FnOnce(&mut Directory) -> Result<bool, Error>,
) -> Result<Directory, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    let mut directory = found.ok_or_else(|| not_found(organization, id))?;
    let was_enabled = directory.enabled;
    if !apply(&mut directory)? {
        return Ok(directory);
    }
    store::update(&mut tx, env, &directory).await?;
    if directory.enabled != was_enabled {
        let kind = match directory.enabled {
            true => EventType::OrganizationDirectoryEnabled,
            false => EventType::OrganizationDirectoryDisabled,
        };
        events::emit(&mut tx, ctx, kind, Some(organization), &directory.event_data()).await?;
    }
    tx.commit().await?;
    Ok(directory)
}
