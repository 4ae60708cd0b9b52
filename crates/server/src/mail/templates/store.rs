//! SQL of templates. A scope is 0, the environment's, or an organization's number.
use super::{super::model::UseCase, Parts, Template, use_cases::TemplateUseCase};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Tx},
    error::Error,
    ids::{EmailTemplateId, EnvironmentId, OrganizationId},
    sql,
    time::Timestamp,
};

/// Whose templates.
pub type Scope = Option<OrganizationId>;

fn number(scope: Scope) -> i64 {
    scope.map_or(0, OrganizationId::as_i64)
}

impl FromRow for Template {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            use_case: TemplateUseCase::parse(&row.next::<String>()?)?,
            parts: Parts { subject: row.next()?, html: row.next()?, plain: row.next()? },
            enabled: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, use_case, subject, html_content, plain_content, enabled, updated_at FROM email_templates
             WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// Whether the environment has this organization.
pub async fn has_organization(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: OrganizationId,
) -> Result<bool, Error> {
    let found: Option<OrganizationId> =
        sql!("SELECT id FROM organizations WHERE environment_id = $1 AND id = $2")
            .bind(env)
            .bind(id)
            .optional(tx)
            .await?;
    Ok(found.is_some())
}

/// One template of a scope.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    id: EmailTemplateId,
) -> Result<Option<Template>, Error> {
    Ok(select!("AND scope = $2 AND id = $3").bind(env).bind(number(scope)).bind(id).optional(tx).await?)
}

/// All of a scope, newest first.
pub async fn all(tx: &mut impl Queryable, env: EnvironmentId, scope: Scope) -> Result<Vec<Template>, Error> {
    Ok(select!("AND scope = $2 ORDER BY id DESC").bind(env).bind(number(scope)).all(tx).await?)
}

/// How many a scope has.
pub async fn count(tx: &mut impl Queryable, env: EnvironmentId, scope: Scope) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM email_templates WHERE environment_id = $1 AND scope = $2")
        .bind(env)
        .bind(number(scope))
        .one(tx)
        .await?)
}

/// The one that is in use for mails about an organization, or about none.
pub async fn in_use(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    scope: Scope,
    use_case: UseCase,
) -> Result<Option<Template>, Error> {
    Ok(select!("AND scope IN (0, $2) AND use_case = $3 AND enabled ORDER BY scope DESC LIMIT 1")
        .bind(env)
        .bind(number(scope))
        .bind(use_case.name())
        .optional(tx)
        .await?)
}

/// Adds a template, not in use.
pub async fn insert(tx: &mut Tx, env: EnvironmentId, scope: Scope, template: &Template) -> Result<(), Error> {
    sql!(
        "INSERT INTO email_templates (environment_id, id, organization_id, scope, use_case, subject, html_content,
                                      plain_content, enabled, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9, $9)"
    )
    .bind(env)
    .bind(template.id)
    .bind(scope)
    .bind(number(scope))
    .bind(template.use_case.as_str())
    .bind(&template.parts.subject)
    .bind(&template.parts.html)
    .bind(&template.parts.plain)
    .bind(template.updated_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found("organization"))?;
    Ok(())
}

/// Stores other words. Tells whether there is such a template.
pub async fn update(
    tx: &mut Tx,
    env: EnvironmentId,
    scope: Scope,
    template: &Template,
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE email_templates SET subject = $4, html_content = $5, plain_content = $6, updated_at = $7
         WHERE environment_id = $1 AND scope = $2 AND id = $3"
    )
    .bind(env)
    .bind(number(scope))
    .bind(template.id)
    .bind(&template.parts.subject)
    .bind(&template.parts.html)
    .bind(&template.parts.plain)
    .bind(template.updated_at)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Takes the template of a use case that is in use out of it, and tells which one that was.
pub async fn disable_use_case(
    tx: &mut Tx,
    env: EnvironmentId,
    scope: Scope,
    use_case: TemplateUseCase,
    now: Timestamp,
) -> Result<Option<EmailTemplateId>, Error> {
    Ok(sql!(
        "UPDATE email_templates SET enabled = FALSE, updated_at = $4
         WHERE environment_id = $1 AND scope = $2 AND use_case = $3 AND enabled RETURNING id"
    )
    .bind(env)
    .bind(number(scope))
    .bind(use_case.as_str())
    .bind(now)
    .optional(tx)
    .await?)
}

/// Puts a template into use or takes it out. Tells whether that changed anything.
pub async fn set_enabled(
    tx: &mut Tx,
    env: EnvironmentId,
    id: EmailTemplateId,
    enabled: bool,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE email_templates SET enabled = $3, updated_at = $4
         WHERE environment_id = $1 AND id = $2 AND enabled <> $3"
    )
    .bind(env)
    .bind(id)
    .bind(enabled)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes a template. Tells whether there was one.
pub async fn delete(
    tx: &mut Tx,
    env: EnvironmentId,
    scope: Scope,
    id: EmailTemplateId,
) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM email_templates WHERE environment_id = $1 AND scope = $2 AND id = $3")
        .bind(env)
        .bind(number(scope))
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted == 1)
}
