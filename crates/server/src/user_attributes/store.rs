//! SQL of user attributes.
use super::model::{self, Attribute, Catalogue, Category, Datatype, Mapping};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::EnvironmentId,
    sql,
    time::Timestamp,
};

impl FromRow for Attribute {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            key: row.next()?,
            label: row.next()?,
            datatype: Datatype::parse(&row.next::<String>()?)?,
            category: Category::Custom,
            enabled: row.next()?,
            required: row.next()?,
            mapping: Mapping { saml: row.next()?, oidc: row.next()? },
        })
    }
}

/// What is stored of a catalogue, the oldest first.
pub async fn all(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    catalogue: Catalogue,
) -> Result<Vec<Attribute>, Error> {
    Ok(sql!(
        "SELECT key, label, datatype, enabled, required, saml_mapping, oidc_mapping FROM user_attributes
         WHERE environment_id = $1 AND catalogue = $2 ORDER BY created_at, key"
    )
    .bind(env)
    .bind(catalogue.as_str())
    .all(tx)
    .await?)
}

/// Adds an attribute.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    catalogue: Catalogue,
    attribute: &Attribute,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO user_attributes (environment_id, catalogue, key, label, datatype, enabled, required, saml_mapping,
             oidc_mapping, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    bind_all(statement.bind(env).bind(catalogue.as_str()), attribute)
        .bind(now)
        .execute(tx)
        .await
        .on_unique("user_attributes_pkey", || model::taken(&attribute.key))?;
    Ok(())
}

/// Stores what an environment changed of an attribute, be it in the table or not: a standard one may not be yet.
pub async fn put(
    tx: &mut Tx,
    env: EnvironmentId,
    catalogue: Catalogue,
    attribute: &Attribute,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO user_attributes (environment_id, catalogue, key, label, datatype, enabled, required, saml_mapping,
             oidc_mapping, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (environment_id, catalogue, key) DO UPDATE SET label = $4, datatype = $5, enabled = $6,
             required = $7, saml_mapping = $8, oidc_mapping = $9"
    );
    bind_all(statement.bind(env).bind(catalogue.as_str()), attribute).bind(now).execute(tx).await?;
    Ok(())
}

/// `$3` to `$9`.
fn bind_all(statement: Sql, attribute: &Attribute) -> Sql {
    statement
        .bind(&attribute.key)
        .bind(&attribute.label)
        .bind(attribute.datatype.as_str())
        .bind(attribute.enabled)
        .bind(attribute.required)
        .bind(&attribute.mapping.saml)
        .bind(&attribute.mapping.oidc)
}

/// Deletes what is stored of an attribute. Tells whether there was something.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, catalogue: Catalogue, key: &str) -> Result<bool, Error> {
    let deleted =
        sql!("DELETE FROM user_attributes WHERE environment_id = $1 AND catalogue = $2 AND key = $3")
            .bind(env)
            .bind(catalogue.as_str())
            .bind(key)
            .execute(tx)
            .await?;
    Ok(deleted > 0)
}
