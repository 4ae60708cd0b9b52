//! Memberships, their roles, and invitations.

use gatewright_api::rpc::user_service as rpc;
use gatewright_api::scalekit::v1::users as pb;

use super::model::{Invite, MembershipRole, User, UserPermission};
use super::requests::roles;
use crate::call::request;
use crate::convert::present;
use crate::organization::metadata;

request! {
    /// Request of [`create_membership`](super::Users::create_membership) and its sibling by external id.
    CreateMembership, rpc::CreateMembership => User,
    |answer| present(answer.user, "user").map(Into::into)
}

impl CreateMembership {
    fn with(mut self, change: impl FnOnce(&mut pb::CreateMembership)) -> Self {
        change(self.message.membership.get_or_insert_default());
        self
    }

    /// Names of roles. Without any, the user gets the organization's default role for members.
    pub fn roles<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.with(|membership| membership.roles = roles(names))
    }

    /// At most 20 labels: keys of 3 to 25, values of 1 to 256 characters.
    pub fn metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with(|membership| membership.metadata = metadata(pairs))
    }

    /// E-mail address of whoever invites, shown in the mail.
    pub fn inviter_email(self, email: impl Into<String>) -> Self {
        self.with(|membership| membership.inviter_email = Some(email.into()))
    }

    /// Whether to invite by mail, which is the default. Without, the membership is active at once.
    pub fn send_invitation_email(mut self, send: bool) -> Self {
        self.message.send_invitation_email = Some(send);
        self
    }
}

request! {
    /// Request of [`update_membership`](super::Users::update_membership) and its sibling by external id.
    UpdateMembership, rpc::UpdateMembership => User,
    |answer| present(answer.user, "user").map(Into::into)
}

impl UpdateMembership {
    fn with(mut self, change: impl FnOnce(&mut pb::UpdateMembership)) -> Self {
        change(self.message.membership.get_or_insert_default());
        self
    }

    /// Names of roles, which replace all present ones. An empty list changes nothing.
    pub fn roles<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.with(|membership| membership.roles = roles(names))
    }

    /// Labels, which replace all present ones. An empty list changes nothing.
    pub fn metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with(|membership| membership.metadata = metadata(pairs))
    }
}

request! {
    /// Request of [`delete_membership`](super::Users::delete_membership) and its sibling by external id.
    DeleteMembership, rpc::DeleteMembership => (),
    |()| Ok(())
}

impl DeleteMembership {
    /// Whether to delete a user who is left without any membership. The default is to keep the account.
    pub fn cascade(mut self, cascade: bool) -> Self {
        self.message.cascade = Some(cascade);
        self
    }
}

request! {
    /// Request of [`resend_invite`](super::Users::resend_invite).
    ResendInvite, rpc::ResendInvite => Invite,
    |answer| present(answer.invite, "invite").map(Into::into)
}

request! {
    /// Request of [`list_user_roles`](super::Users::list_user_roles).
    ListUserRoles, rpc::ListUserRoles => Vec<MembershipRole>,
    |answer| Ok(answer.roles.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`assign_user_roles`](super::Users::assign_user_roles).
    AssignUserRoles, rpc::AssignUserRoles => Vec<MembershipRole>,
    |answer| Ok(answer.roles.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`remove_user_role`](super::Users::remove_user_role).
    RemoveUserRole, rpc::RemoveUserRole => (),
    |()| Ok(())
}

request! {
    /// Request of [`list_user_permissions`](super::Users::list_user_permissions).
    ListUserPermissions, rpc::ListUserPermissions => Vec<UserPermission>,
    |answer| Ok(answer.permissions.into_iter().map(Into::into).collect())
}
