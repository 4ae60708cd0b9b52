//! Users: create, get, update, delete.

use gatewright_api::rpc::user_service as rpc;
use gatewright_api::scalekit::v1::{commons, users as pb};

use super::model::User;
use super::profile::UserProfileInput;
use crate::call::request;
use crate::convert::present;
use crate::organization::metadata;

/// Roles by name.
pub(super) fn roles<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Vec<commons::Role> {
    names.into_iter().map(|name| commons::Role { name: name.into(), ..Default::default() }).collect()
}

request! {
    /// Request of [`create_user_and_membership`](super::Users::create_user_and_membership).
    CreateUserAndMembership, rpc::CreateUserAndMembership => User,
    |answer| present(answer.user, "user").map(Into::into)
}

impl CreateUserAndMembership {
    fn with(mut self, change: impl FnOnce(&mut pb::CreateUser)) -> Self {
        change(self.message.user.get_or_insert_default());
        self
    }

    fn with_membership(self, change: impl FnOnce(&mut pb::CreateMembership)) -> Self {
        self.with(|user| change(user.membership.get_or_insert_default()))
    }

    /// Your own id of the user, at most 510 characters; unique in the environment.
    pub fn external_id(self, external_id: impl Into<String>) -> Self {
        self.with(|user| user.external_id = Some(external_id.into()))
    }

    /// Name and other personal data.
    pub fn user_profile(self, profile: UserProfileInput) -> Self {
        self.with(|user| user.user_profile = Some(profile.into_create_message()))
    }

    /// At most 20 labels of the user: keys of 3 to 25, values of 1 to 256 characters.
    pub fn metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with(|user| user.metadata = metadata(pairs))
    }

    /// Names of roles. Without any, the user gets the organization's default role for members.
    pub fn roles<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.with_membership(|membership| membership.roles = roles(names))
    }

    /// At most 20 labels of the membership.
    pub fn membership_metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with_membership(|membership| membership.metadata = metadata(pairs))
    }

    /// E-mail address of whoever invites, shown in the mail.
    pub fn inviter_email(self, email: impl Into<String>) -> Self {
        self.with_membership(|membership| membership.inviter_email = Some(email.into()))
    }

    /// Whether to invite by mail, which is the default. Without, the membership is active at once and the e-mail
    /// address counts as verified.
    pub fn send_invitation_email(mut self, send: bool) -> Self {
        self.message.send_invitation_email = Some(send);
        self
    }
}

request! {
    /// Request of [`get_user`](super::Users::get_user) and its sibling by external id.
    GetUser, rpc::GetUser => User,
    |answer| present(answer.user, "user").map(Into::into)
}

request! {
    /// Request of [`update_user`](super::Users::update_user) and its sibling by external id.
    UpdateUser, rpc::UpdateUser => User,
    |answer| present(answer.user, "user").map(Into::into)
}

impl UpdateUser {
    fn with(mut self, change: impl FnOnce(&mut pb::UpdateUser)) -> Self {
        change(self.message.user.get_or_insert_default());
        self
    }

    /// New id of your own, at most 510 characters; the empty string removes it.
    pub fn external_id(self, external_id: impl Into<String>) -> Self {
        self.with(|user| user.external_id = Some(external_id.into()))
    }

    /// Personal data to change.
    pub fn user_profile(self, profile: UserProfileInput) -> Self {
        self.with(|user| user.user_profile = Some(profile.into_update_message()))
    }

    /// New labels in place of all present ones. An empty list changes nothing.
    pub fn metadata<K, V>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.with(|user| user.metadata = metadata(pairs))
    }
}

request! {
    /// Request of [`delete_user`](super::Users::delete_user) and its sibling by external id.
    DeleteUser, rpc::DeleteUser => (),
    |()| Ok(())
}
