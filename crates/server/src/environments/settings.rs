//! Groups of settings, each stored as one JSON object.
use super::{features::Features, session_settings::SessionSettings, user_management::UserManagement};
use crate::{
    db::{Queryable, Tx},
    error::Error,
    ids::EnvironmentId,
    sql,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};

/// A group of settings. What was never stored has its default: a new setting needs no migration.
pub trait Setting: Serialize + DeserializeOwned + Default + Send {
    /// In `environment_settings.name`.
    const NAME: &'static str;
}

/// The settings that requests look at all the time: every node has them in memory, at most a second old.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Sessions, tokens and cookies.
    pub session: SessionSettings,
    /// Who may join.
    pub user_management: UserManagement,
    /// What can be used at all.
    pub features: Features,
}

/// From what is stored.
pub(super) fn parse<S: Setting>(text: Option<String>) -> Result<S, Error> {
    text.map_or_else(|| Ok(S::default()), |text| serde_json::from_str(&text).map_err(Error::internal))
}

/// The settings of a group that are in force, read from the database.
///
/// # Errors
/// Those of the database.
pub async fn find<S: Setting>(tx: &mut impl Queryable, env: EnvironmentId) -> Result<S, Error> {
    let text: Option<String> =
        sql!("SELECT value FROM environment_settings WHERE environment_id = $1 AND name = $2")
            .bind(env)
            .bind(S::NAME)
            .optional(tx)
            .await?;
    parse(text)
}

/// Stores a group, after [`super::store::change`].
pub(super) async fn put<S: Setting>(
    tx: &mut Tx,
    env: EnvironmentId,
    setting: &S,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO environment_settings (environment_id, name, value, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (environment_id, name) DO UPDATE SET value = $3, updated_at = $4"
    )
    .bind(env)
    .bind(S::NAME)
    .bind(serde_json::to_string(setting).map_err(Error::internal)?)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
