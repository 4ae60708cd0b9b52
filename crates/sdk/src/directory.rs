//! Directories: the reference's class *Directories*.

mod model;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::directories as pb;

pub use model::{
    Directory, DirectoryGroup, DirectoryProvider, DirectorySecret, DirectoryType, DirectoryUser,
    ToggleDirectoryResponse,
};
pub use requests::{
    AssignRoles, CreateDirectory, CreateDirectorySecret, DeleteDirectory, DisableDirectory, EnableDirectory,
    GetDirectory, GetPrimaryDirectory, ListDirectories, ListDirectoryGroups, ListDirectoryGroupsResponse,
    ListDirectoryUsers, ListDirectoryUsersResponse, RegenerateDirectorySecret,
};

use crate::client::Inner;

/// Operations on directories; made by [`ScalekitClient::directory`](crate::ScalekitClient::directory).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations), and with [`NotFound`](crate::ServerErrorKind::NotFound) when the
/// organization or the directory does not exist.
#[derive(Clone, Debug)]
pub struct Directories {
    client: Arc<Inner>,
}

impl Directories {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Lists the directories of an organization, oldest first, all of them.
    ///
    /// Permission `scim:read`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for directory in client.directory().list_directories("org_12345").await? {
    ///     println!("{} of {}", directory.name, directory.directory_provider);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_directories(&self, organization_id: impl Into<String>) -> ListDirectories {
        ListDirectories::new(
            self.client(),
            pb::ListDirectoriesRequest { organization_id: organization_id.into() },
        )
    }

    /// Returns one directory, `dir_…`, of an organization.
    ///
    /// Permission `scim:read`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let directory = client.directory().get_directory("org_12345", "dir_12345").await?;
    /// println!("{} users in {} groups", directory.total_users, directory.total_groups);
    /// # Ok(()) }
    /// ```
    pub fn get_directory(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> GetDirectory {
        let message =
            pb::GetDirectoryRequest { organization_id: organization_id.into(), id: directory_id.into() };
        GetDirectory::new(self.client(), message)
    }

    /// Returns the oldest directory of an organization; most have one.
    ///
    /// Permission `scim:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) also when the organization has no directory.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// match client.directory().get_primary_directory_by_organization_id("org_12345").await {
    ///     Ok(directory) => println!("{}", directory.id),
    ///     Err(error) if error.is_not_found() => println!("no directory yet"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_primary_directory_by_organization_id(
        &self,
        organization_id: impl Into<String>,
    ) -> GetPrimaryDirectory {
        let message = pb::ListDirectoriesRequest { organization_id: organization_id.into() };
        GetPrimaryDirectory::new(self.client(), message)
    }

    /// Lists the users in a directory, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListDirectoryUsers::stream) and [`pages`](ListDirectoryUsers::pages) go
    /// through all of them. Permission `scim:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page size is above 30, or the page token is
    /// malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let mut users = client.directory().list_directory_users("org_12345", "dir_12345").stream();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{} {:?}", user.email, user.groups);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_directory_users(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> ListDirectoryUsers {
        let message = pb::ListDirectoryUsersRequest {
            organization_id: organization_id.into(),
            directory_id: directory_id.into(),
            ..Default::default()
        };
        ListDirectoryUsers::new(self.client(), message)
    }

    /// Lists the groups in a directory, newest first.
    ///
    /// Awaited it gives one page; [`stream`](ListDirectoryGroups::stream) and
    /// [`pages`](ListDirectoryGroups::pages) go through all of them. Permission `scim:read`.
    ///
    /// # Errors
    /// As [`list_directory_users`](Self::list_directory_users).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let page = client.directory().list_directory_groups("org_12345", "dir_12345").page_size(30).await?;
    /// for group in page.groups {
    ///     println!("{} ({})", group.display_name, group.total_users);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_directory_groups(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> ListDirectoryGroups {
        let message = pb::ListDirectoryGroupsRequest {
            organization_id: organization_id.into(),
            directory_id: directory_id.into(),
            ..Default::default()
        };
        ListDirectoryGroups::new(self.client(), message)
    }

    /// Lets a directory take in changes; an enabled one stays as it is.
    ///
    /// Permission `scim:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// assert!(client.directory().enable_directory("org_12345", "dir_12345").await?.enabled);
    /// # Ok(()) }
    /// ```
    pub fn enable_directory(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> EnableDirectory {
        let message =
            pb::ToggleDirectoryRequest { organization_id: organization_id.into(), id: directory_id.into() };
        EnableDirectory::new(self.client(), message)
    }

    /// Stops a directory from taking in changes; what it holds stays. A disabled one stays as it is.
    ///
    /// Permission `scim:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// assert!(!client.directory().disable_directory("org_12345", "dir_12345").await?.enabled);
    /// # Ok(()) }
    /// ```
    pub fn disable_directory(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> DisableDirectory {
        let message =
            pb::ToggleDirectoryRequest { organization_id: organization_id.into(), id: directory_id.into() };
        DisableDirectory::new(self.client(), message)
    }

    /// Creates a directory, enabled from the start. It has no secret yet: see
    /// [`create_directory_secret`](Self::create_directory_secret).
    ///
    /// Permission `scim:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::directory::{DirectoryProvider, DirectoryType};
    ///
    /// let directory = client
    ///     .directory()
    ///     .create_directory("org_12345", DirectoryType::Scim, DirectoryProvider::Okta)
    ///     .await?;
    /// println!("{}", directory.directory_endpoint);
    /// # Ok(()) }
    /// ```
    pub fn create_directory(
        &self,
        organization_id: impl Into<String>,
        directory_type: DirectoryType,
        directory_provider: DirectoryProvider,
    ) -> CreateDirectory {
        let message = pb::CreateDirectoryRequest {
            organization_id: organization_id.into(),
            directory: Some(pb::CreateDirectory {
                directory_type: directory_type.into(),
                directory_provider: directory_provider.into(),
            }),
        };
        CreateDirectory::new(self.client(), message)
    }

    /// Deletes a directory with its users, groups and secrets. Disable it first.
    ///
    /// Permission `scim:write`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) while it is enabled.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.directory().disable_directory("org_12345", "dir_12345").await?;
    /// client.directory().delete_directory("org_12345", "dir_12345").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_directory(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> DeleteDirectory {
        let message =
            pb::DeleteDirectoryRequest { organization_id: organization_id.into(), id: directory_id.into() };
        DeleteDirectory::new(self.client(), message)
    }

    /// Creates a secret with which the provider calls the SCIM endpoint, beside those that there are. It is shown in
    /// this answer only, and works for a year.
    ///
    /// Permission `scim:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let secret = client.directory().create_directory_secret("org_12345", "dir_12345").await?;
    /// // Give `secret.plain_secret` to the customer, with the directory's endpoint.
    /// println!("…{} works until {:?}", secret.secret_suffix, secret.expire_time);
    /// # Ok(()) }
    /// ```
    pub fn create_directory_secret(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> CreateDirectorySecret {
        let message = pb::CreateDirectorySecretRequest {
            organization_id: organization_id.into(),
            directory_id: directory_id.into(),
        };
        CreateDirectorySecret::new(self.client(), message)
    }

    /// As [`create_directory_secret`](Self::create_directory_secret), and all earlier secrets stop working at once.
    ///
    /// Permission `scim:write`.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let secret = client.directory().regenerate_directory_secret("org_12345", "dir_12345").await?;
    /// println!("…{}", secret.secret_suffix);
    /// # Ok(()) }
    /// ```
    pub fn regenerate_directory_secret(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
    ) -> RegenerateDirectorySecret {
        let message = pb::RegenerateDirectorySecretRequest {
            organization_id: organization_id.into(),
            directory_id: directory_id.into(),
        };
        RegenerateDirectorySecret::new(self.client(), message)
    }

    /// Sets which role the members of each group get: pairs of a group's id and a role's name, which replace all earlier
    /// ones. The answer is the pairs now in force.
    ///
    /// Permission `scim:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) also for an unknown group or role;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) for a group that is there twice.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.directory().assign_roles("org_12345", "dir_12345", [("dirgroup_1", "admin")]).await?;
    /// # Ok(()) }
    /// ```
    pub fn assign_roles<G: Into<String>, R: Into<String>>(
        &self,
        organization_id: impl Into<String>,
        directory_id: impl Into<String>,
        roles: impl IntoIterator<Item = (G, R)>,
    ) -> AssignRoles {
        let assignments = roles.into_iter().map(|(group, role)| pb::RoleAssignment {
            group_id: group.into(),
            role_name: role.into(),
            role_id: String::new(),
        });
        let message = pb::AssignRolesRequest {
            organization_id: organization_id.into(),
            id: directory_id.into(),
            role_assignments: Some(pb::RoleAssignments { assignments: assignments.collect() }),
        };
        AssignRoles::new(self.client(), message)
    }
}
