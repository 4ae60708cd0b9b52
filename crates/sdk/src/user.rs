//! Users and their memberships: the reference's class *Users & Memberships*.

mod lists;
mod members;
mod model;
mod profile;
mod requests;

use std::sync::Arc;

use gatewright_api::scalekit::v1::users as pb;

pub use lists::{
    ListOrganizationUsers, ListOrganizationUsersResponse, ListUsers, ListUsersResponse,
    SearchOrganizationUsers, SearchOrganizationUsersResponse, SearchUsers, SearchUsersResponse,
};
pub use members::{
    AssignUserRoles, CreateMembership, DeleteMembership, ListUserPermissions, ListUserRoles, RemoveUserRole,
    ResendInvite, UpdateMembership,
};
pub use model::{
    ExternalIdentity, IdentityProviderType, Invite, MembershipRole, MembershipStatus, OrganizationMembership,
    User, UserPermission, UserProfile,
};
pub use profile::UserProfileInput;
pub use requests::{CreateUserAndMembership, DeleteUser, GetUser, UpdateUser};

use crate::client::Inner;

/// Operations on users; made by [`ScalekitClient::user`](crate::ScalekitClient::user).
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Users {
    client: Arc<Inner>,
}

impl Users {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    fn client(&self) -> Arc<Inner> {
        Arc::clone(&self.client)
    }

    /// Creates a user as a member of an organization, and invites by mail unless that is switched off.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when a user has the e-mail address (then use
    /// [`create_membership`](Self::create_membership)) or the external id;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization or a role is unknown;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule or the organization has reached its
    /// limit of users.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::user::UserProfileInput;
    ///
    /// let user = client
    ///     .user()
    ///     .create_user_and_membership("org_123456", "john.doe@company.com")
    ///     .user_profile(UserProfileInput::new().given_name("John").family_name("Doe"))
    ///     .metadata([("department", "Engineering")])
    ///     .send_invitation_email(true)
    ///     .await?;
    /// println!("{}", user.id);
    /// # Ok(()) }
    /// ```
    pub fn create_user_and_membership(
        &self,
        organization_id: impl Into<String>,
        email: impl Into<String>,
    ) -> CreateUserAndMembership {
        let user = pb::CreateUser { email: email.into(), ..Default::default() };
        let message = pb::CreateUserAndMembershipRequest {
            organization_id: organization_id.into(),
            user: Some(user),
            send_invitation_email: None,
        };
        CreateUserAndMembership::new(self.client(), message)
    }

    /// Returns the user with this id, `usr_…`, with all memberships whatever their status.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist or was deleted.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let user = client.user().get_user("usr_123456").await?;
    /// println!("{} is in {} organizations", user.email, user.memberships.len());
    /// # Ok(()) }
    /// ```
    pub fn get_user(&self, user_id: impl Into<String>) -> GetUser {
        let identities = Some(pb::get_user_request::Identities::Id(user_id.into()));
        GetUser::new(self.client(), pb::GetUserRequest { identities })
    }

    /// As [`get_user`](Self::get_user), for the user who carries your own id.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// As [`get_user`](Self::get_user).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let user = client.user().get_user_by_external_id("employee_42").await?;
    /// println!("{} is in {} organizations", user.email, user.memberships.len());
    /// # Ok(()) }
    /// ```
    pub fn get_user_by_external_id(&self, external_id: impl Into<String>) -> GetUser {
        let identities = Some(pb::get_user_request::Identities::ExternalId(external_id.into()));
        GetUser::new(self.client(), pb::GetUserRequest { identities })
    }

    /// Lists the users of the environment, newest first.
    ///
    /// Awaited it gives one page of at most 100; [`stream`](ListUsers::stream) and [`pages`](ListUsers::pages) go through
    /// all of them. Permission `users:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page token is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let page = client.user().list_users().page_size(20).await?;
    /// println!("{} of {}", page.users.len(), page.total_size);
    ///
    /// let mut all = client.user().list_users().stream();
    /// while let Some(user) = all.try_next().await? {
    ///     println!("{}", user.email);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_users(&self) -> ListUsers {
        ListUsers::new(self.client(), pb::ListUsersRequest::default())
    }

    /// Finds users whose e-mail address, id or external id contains a text of 3 to 100 characters, in any letter case.
    ///
    /// Awaited it gives one page of at most 30; [`stream`](SearchUsers::stream) and [`pages`](SearchUsers::pages) go
    /// through all of them. Permission `users:read`.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the text is too short or too long, the page size is
    /// above 30, or the page token is malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for user in client.user().search_users("@company.com").await?.users {
    ///     println!("{}", user.email);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn search_users(&self, query: impl Into<String>) -> SearchUsers {
        SearchUsers::new(self.client(), pb::SearchUsersRequest { query: query.into(), ..Default::default() })
    }

    /// Changes what is set; all else stays as it is. The e-mail address never changes.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user does not exist;
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when another user has the external id;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when a value breaks its rule.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::user::UserProfileInput;
    ///
    /// client
    ///     .user()
    ///     .update_user("usr_123456")
    ///     .user_profile(UserProfileInput::new().given_name("John").family_name("Smith"))
    ///     .metadata([("title", "Senior Developer")])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_user(&self, user_id: impl Into<String>) -> UpdateUser {
        let identities = Some(pb::update_user_request::Identities::Id(user_id.into()));
        UpdateUser::new(
            self.client(),
            pb::UpdateUserRequest { identities, user: Some(pb::UpdateUser::default()) },
        )
    }

    /// As [`update_user`](Self::update_user), for the user who carries your own id.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// As [`update_user`](Self::update_user).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::user::UserProfileInput;
    ///
    /// client
    ///     .user()
    ///     .update_user_by_external_id("employee_42")
    ///     .user_profile(UserProfileInput::new().given_name("John").family_name("Smith"))
    ///     .metadata([("title", "Senior Developer")])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_user_by_external_id(&self, external_id: impl Into<String>) -> UpdateUser {
        let identities = Some(pb::update_user_request::Identities::ExternalId(external_id.into()));
        UpdateUser::new(
            self.client(),
            pb::UpdateUserRequest { identities, user: Some(pb::UpdateUser::default()) },
        )
    }

    /// Deletes a user for good, with all memberships.
    ///
    /// Permission `users:delete`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when it does not exist, also on a second call.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().delete_user("usr_123456").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_user(&self, user_id: impl Into<String>) -> DeleteUser {
        let identities = Some(pb::delete_user_request::Identities::Id(user_id.into()));
        DeleteUser::new(self.client(), pb::DeleteUserRequest { identities })
    }

    /// As [`delete_user`](Self::delete_user), for the user who carries your own id.
    ///
    /// Permission `users:delete`.
    ///
    /// # Errors
    /// As [`delete_user`](Self::delete_user).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().delete_user_by_external_id("employee_42").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_user_by_external_id(&self, external_id: impl Into<String>) -> DeleteUser {
        let identities = Some(pb::delete_user_request::Identities::ExternalId(external_id.into()));
        DeleteUser::new(self.client(), pb::DeleteUserRequest { identities })
    }

    /// Adds an existing user to an organization, and invites by mail unless that is switched off.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user, the organization or a role is unknown;
    /// [`Conflict`](crate::ServerErrorKind::Conflict) when the user is a member or invited already;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the organization has reached its limit of users.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .user()
    ///     .create_membership("org_123456", "usr_789012")
    ///     .roles(["admin"])
    ///     .send_invitation_email(true)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn create_membership(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> CreateMembership {
        let identities = Some(pb::create_membership_request::Identities::Id(user_id.into()));
        CreateMembership::new(
            self.client(),
            pb::CreateMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                membership: Some(pb::CreateMembership::default()),
                send_invitation_email: None,
            },
        )
    }

    /// As [`create_membership`](Self::create_membership), for the user who carries your own id.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// As [`create_membership`](Self::create_membership).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client
    ///     .user()
    ///     .create_membership_by_external_id("org_123456", "employee_42")
    ///     .roles(["admin"])
    ///     .send_invitation_email(true)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn create_membership_by_external_id(
        &self,
        organization_id: impl Into<String>,
        external_id: impl Into<String>,
    ) -> CreateMembership {
        let identities = Some(pb::create_membership_request::Identities::ExternalId(external_id.into()));
        CreateMembership::new(
            self.client(),
            pb::CreateMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                membership: Some(pb::CreateMembership::default()),
                send_invitation_email: None,
            },
        )
    }

    /// Removes a user from an organization. The account stays, also without any membership, unless
    /// [`cascade`](DeleteMembership::cascade) is set.
    ///
    /// Permission `users:delete`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().delete_membership("org_123456", "usr_789012").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_membership(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> DeleteMembership {
        let identities = Some(pb::delete_membership_request::Identities::Id(user_id.into()));
        DeleteMembership::new(
            self.client(),
            pb::DeleteMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                cascade: None,
            },
        )
    }

    /// As [`delete_membership`](Self::delete_membership), for the user who carries your own id.
    ///
    /// Permission `users:delete`.
    ///
    /// # Errors
    /// As [`delete_membership`](Self::delete_membership).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().delete_membership_by_external_id("org_123456", "employee_42").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_membership_by_external_id(
        &self,
        organization_id: impl Into<String>,
        external_id: impl Into<String>,
    ) -> DeleteMembership {
        let identities = Some(pb::delete_membership_request::Identities::ExternalId(external_id.into()));
        DeleteMembership::new(
            self.client(),
            pb::DeleteMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                cascade: None,
            },
        )
    }

    /// Replaces the roles or the labels of a membership. Empty ones change nothing.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member or a role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().update_membership("org_123456", "usr_789012").roles(["admin"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_membership(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> UpdateMembership {
        let identities = Some(pb::update_membership_request::Identities::Id(user_id.into()));
        UpdateMembership::new(
            self.client(),
            pb::UpdateMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                membership: Some(pb::UpdateMembership::default()),
            },
        )
    }

    /// As [`update_membership`](Self::update_membership), for the user who carries your own id.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// As [`update_membership`](Self::update_membership).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().update_membership_by_external_id("org_123456", "employee_42").roles(["admin"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_membership_by_external_id(
        &self,
        organization_id: impl Into<String>,
        external_id: impl Into<String>,
    ) -> UpdateMembership {
        let identities = Some(pb::update_membership_request::Identities::ExternalId(external_id.into()));
        UpdateMembership::new(
            self.client(),
            pb::UpdateMembershipRequest {
                organization_id: organization_id.into(),
                identities,
                membership: Some(pb::UpdateMembership::default()),
            },
        )
    }

    /// Lists the members of an organization, newest first, invited and inactive ones included.
    ///
    /// Awaited it gives one page of at most 100; [`stream`](ListOrganizationUsers::stream) and
    /// [`pages`](ListOrganizationUsers::pages) go through all of them. Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the page size is above 100, or the page token is
    /// malformed or of another query.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let page = client.user().list_organization_users("org_123456").page_size(25).await?;
    /// println!("{} of {}", page.users.len(), page.total_size);
    /// # Ok(()) }
    /// ```
    pub fn list_organization_users(&self, organization_id: impl Into<String>) -> ListOrganizationUsers {
        let organization_id = organization_id.into();
        ListOrganizationUsers::new(
            self.client(),
            pb::ListOrganizationUsersRequest { organization_id, ..Default::default() },
        )
    }

    /// Finds members of an organization as [`search_users`](Self::search_users) finds users.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the organization does not exist; else as
    /// [`search_users`](Self::search_users).
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let found = client.user().search_organization_users("org_123456", "john").await?;
    /// println!("{}", found.total_size);
    /// # Ok(()) }
    /// ```
    pub fn search_organization_users(
        &self,
        organization_id: impl Into<String>,
        query: impl Into<String>,
    ) -> SearchOrganizationUsers {
        let (organization_id, query) = (organization_id.into(), query.into());
        SearchOrganizationUsers::new(
            self.client(),
            pb::SearchOrganizationUsersRequest { organization_id, query, ..Default::default() },
        )
    }

    /// Sends an invitation again: an open one as it is, an expired one as a new one.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user was not invited into the organization;
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the invitation was accepted already.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let invite = client.user().resend_invite("org_123456", "usr_789012").await?;
    /// println!("sent {} times more, valid until {:?}", invite.resent_count, invite.expires_at);
    /// # Ok(()) }
    /// ```
    pub fn resend_invite(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> ResendInvite {
        let message = pb::ResendInviteRequest { organization_id: organization_id.into(), id: user_id.into() };
        ResendInvite::new(self.client(), message)
    }

    /// Lists the roles of a user in an organization, with those that they inherit from.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for role in client.user().list_user_roles("org_123456", "usr_789012").await? {
    ///     println!("{}", role.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_user_roles(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> ListUserRoles {
        let message =
            pb::ListUserRolesRequest { organization_id: organization_id.into(), user_id: user_id.into() };
        ListUserRoles::new(self.client(), message)
    }

    /// Gives a user more roles in an organization, by name, and returns all of them.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member or a role is unknown.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().assign_user_roles("org_123456", "usr_789012", ["admin"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn assign_user_roles<S: Into<String>>(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
        role_names: impl IntoIterator<Item = S>,
    ) -> AssignUserRoles {
        let roles = role_names.into_iter();
        let roles = roles.map(|name| pb::AssignRoleRequest { role_name: name.into(), ..Default::default() });
        let message = pb::AssignUserRolesRequest {
            organization_id: organization_id.into(),
            user_id: user_id.into(),
            roles: roles.collect(),
        };
        AssignUserRoles::new(self.client(), message)
    }

    /// Takes one role from a user in an organization, by name. Roles that are only inherited cannot be taken.
    ///
    /// Permission `users:write`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member or was not given the role.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// client.user().remove_user_role("org_123456", "usr_789012", "admin").await?;
    /// # Ok(()) }
    /// ```
    pub fn remove_user_role(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
        role_name: impl Into<String>,
    ) -> RemoveUserRole {
        let message = pb::RemoveUserRoleRequest {
            organization_id: organization_id.into(),
            user_id: user_id.into(),
            role_name: role_name.into(),
        };
        RemoveUserRole::new(self.client(), message)
    }

    /// Lists what a user may do in an organization: the permissions of all roles, each once.
    ///
    /// Permission `users:read`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the user is not a member.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// for permission in client.user().list_user_permissions("org_123456", "usr_789012").await? {
    ///     println!("{}", permission.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_user_permissions(
        &self,
        organization_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> ListUserPermissions {
        let message = pb::ListUserPermissionsRequest {
            organization_id: organization_id.into(),
            user_id: user_id.into(),
        };
        ListUserPermissions::new(self.client(), message)
    }
}
