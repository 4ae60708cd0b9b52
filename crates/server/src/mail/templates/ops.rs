//! The operations on templates, and what mails do with them.
use super::{
    super::{
        model::{Mail, UseCase, relative},
        servers,
    },
    Parts, Template,
    render::Values,
    store::{self, Scope},
    use_cases::{PLACEHOLDERS, TemplateUseCase},
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    environments,
    error::{Error, Kind},
    ids::EmailTemplateId,
    time::Timestamp,
    update::Change,
};
use std::collections::BTreeMap;

/// Two for each use case; a list shows all, with their texts.
const MAX_TEMPLATES: i64 = 24;

/// What to change of a template.
#[derive(Debug)]
pub struct Update {
    /// The subject.
    pub subject: Change<String>,
    /// The HTML part.
    pub html: Change<String>,
    /// The plain part.
    pub plain: Change<String>,
}

fn not_found(id: EmailTemplateId) -> Error {
    Error::not_found(format!("e-mail template {id}"))
}

async fn check_scope(tx: &mut impl Queryable, ctx: &Ctx, scope: Scope) -> Result<(), Error> {
    match scope {
        Some(id) if !store::has_organization(tx, ctx.environment().id, id).await? => {
            Err(Error::not_found(format!("organization {id}")))
        }
        _ => Ok(()),
    }
}

/// Reading and filling a template of megabytes takes milliseconds, in which this thread serves nobody else.
async fn check(parts: Parts) -> Result<Parts, Error> {
    let checked = tokio::task::spawn_blocking(move || parts.check().map(|()| parts)).await;
    checked.map_err(Error::internal)?.map_err(|(field, problem)| {
        Error::invalid(format!("template.{field}"), "email_template.syntax", problem)
    })
}

/// Adds a template, not in use.
///
/// # Errors
/// `INVALID_ARGUMENT` for one that cannot be read; `NOT_FOUND` for an unknown organization; `FAILED_PRECONDITION` if
/// there are too many.
pub async fn create(
    ctx: &Ctx,
    scope: Scope,
    use_case: TemplateUseCase,
    parts: Parts,
) -> Result<Template, Error> {
    let env = ctx.environment().id;
    let parts = check(parts).await?;
    let template = Template { id: ctx.new_id(), use_case, parts, enabled: false, updated_at: ctx.now() };
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    check_scope(&mut tx, ctx, scope).await?;
    if store::count(&mut tx, env, scope).await? >= MAX_TEMPLATES {
        let message = format!("there are {MAX_TEMPLATES} templates, which is the limit; delete one first");
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    store::insert(&mut tx, env, scope, &template).await?;
    tx.commit().await?;
    Ok(template)
}

/// One template.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, scope: Scope, id: EmailTemplateId) -> Result<Template, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, scope, id).await?;
    found.ok_or_else(|| not_found(id))
}

/// All of a scope, newest first.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization.
pub async fn list(ctx: &Ctx, scope: Scope) -> Result<Vec<Template>, Error> {
    let mut tx = ctx.db().read();
    check_scope(&mut tx, ctx, scope).await?;
    store::all(&mut tx, ctx.environment().id, scope).await
}

/// Changes parts of a template; if it is in use, at once.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a part that cannot be read or would be removed; `ABORTED` if somebody else changed
/// it meanwhile.
pub async fn update(ctx: &Ctx, scope: Scope, id: EmailTemplateId, update: Update) -> Result<Template, Error> {
    let before = get(ctx, scope, id).await?;
    let mut template = before.clone();
    for (field, part, change) in [
        ("subject", &mut template.parts.subject, update.subject),
        ("html_content", &mut template.parts.html, update.html),
        ("plain_content", &mut template.parts.plain, update.plain),
    ] {
        match change {
            Change::Keep => {}
            Change::Set(text) => *part = text,
            Change::Clear => {
                return Err(Error::invalid(format!("template.{field}"), "required", "cannot be removed"));
            }
        }
    }
    template.parts = check(template.parts).await?;
    template.updated_at = ctx.now();
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    let current = store::find(&mut tx, env, scope, id).await?.ok_or_else(|| not_found(id))?;
    if current.parts != before.parts {
        return Err(Error::new(Kind::Aborted, "the template was changed meanwhile; try again"));
    }
    store::update(&mut tx, env, scope, &template).await?;
    tx.commit().await?;
    Ok(Template { enabled: current.enabled, ..template })
}

/// Puts a template into use. The one that was before, if any, is the answer.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` if the environment uses no mail server of its own.
pub async fn enable(ctx: &Ctx, scope: Scope, id: EmailTemplateId) -> Result<Option<EmailTemplateId>, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    let template = store::find(&mut tx, env, scope, id).await?.ok_or_else(|| not_found(id))?;
    if servers::store::in_use(&mut tx, env).await?.is_none() {
        let message = "templates are used with an e-mail server of the environment's own; enable one first";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if template.enabled {
        return Ok(Some(id));
    }
    let before = store::disable_use_case(&mut tx, env, scope, template.use_case, now).await?;
    store::set_enabled(&mut tx, env, id, true, now).await?;
    tx.commit().await?;
    Ok(before)
}

/// Takes a template out of use, if it is in use.
///
/// # Errors
/// `NOT_FOUND`
pub async fn disable(ctx: &Ctx, scope: Scope, id: EmailTemplateId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    store::find(&mut tx, env, scope, id).await?.ok_or_else(|| not_found(id))?;
    store::set_enabled(&mut tx, env, id, false, ctx.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a template. If it was in use, the one behind it applies.
///
/// # Errors
/// `NOT_FOUND`
pub async fn delete(ctx: &Ctx, scope: Scope, id: EmailTemplateId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if !store::delete(&mut tx, ctx.environment().id, scope, id).await? {
        return Err(not_found(id));
    }
    tx.commit().await?;
    Ok(())
}

/// Whether a call gives a value for each variable that the environment's template for such a mail needs of it.
///
/// # Errors
/// `INVALID_ARGUMENT` that names one that is missing.
pub async fn check_variables(
    ctx: &Ctx,
    use_case: UseCase,
    given: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    if servers::store::in_use(&mut tx, env).await?.is_none() {
        return Ok(());
    }
    let Some(template) = store::in_use(&mut tx, env, None, use_case).await? else { return Ok(()) };
    let is_ours = |name: &str| {
        ["expire_time", "expiry_time"].contains(&name) || PLACEHOLDERS.iter().any(|ours| ours.name == name)
    };
    let needed = template.parts.variables();
    match needed.iter().find(|name| !is_ours(name) && !given.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            let field = format!("template_variables[{name}]");
            Err(Error::invalid(field, "email_template.variable", "is needed by the template that is in use"))
        }
    }
}

/// What a mail's template is filled with. What the server knows wins over what a call gave, but for the two that calls
/// may say better.
pub fn values(mail: &Mail, app_name: &str, now: Timestamp) -> Values {
    let variables = &mail.variables;
    let mut values: Values = variables.custom.clone();
    values.entry("app_organization_meta_name".to_owned()).or_insert_with(|| "Organization".to_owned());
    values.entry("app_name".to_owned()).or_insert_with(|| app_name.to_owned());
    let ours = [
        ("otp", variables.otp.clone()),
        ("link", variables.link.clone()),
        ("organization_name", variables.organization_name.clone()),
        ("user_name", variables.user_name.clone()),
        ("user_email", Some(mail.recipient.as_str().to_owned())),
        ("expiry_time_relative", Some(relative(now, mail.expires_at))),
        ("expiry_time", Some(mail.expires_at.to_string())),
        ("expire_time", Some(mail.expires_at.to_string())),
    ];
    values.extend(ours.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    values
}
