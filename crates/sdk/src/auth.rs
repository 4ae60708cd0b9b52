//! Sign-ins on a login page of your own ("bring your own auth" for MCP servers): the reference's class *Auth*.

use std::sync::Arc;

use gatewright_api::rpc::auth_service as rpc;
use gatewright_api::scalekit::v1::auth as pb;
use serde_json::{Map, Value};

use crate::call::request;
use crate::client::Inner;
use crate::convert::{into_struct, present};
use crate::error::{Result, ScalekitError};

/// Operations on sign-ins; made by [`ScalekitClient::auth`](crate::ScalekitClient::auth).
///
/// The browser comes to your page with `login_request_id` and `state`. Sign the user in, report it with
/// [`update_login_user_details`](Self::update_login_user_details), then send the browser to
/// `{environment URL}/sso/v1/connections/{connection id}/partner:callback?state={state}`.
///
/// Besides the errors named with each method, any call can fail as described at
/// [`Organizations`](crate::Organizations).
#[derive(Clone, Debug)]
pub struct Auth {
    client: Arc<Inner>,
}

impl Auth {
    pub(crate) fn new(client: Arc<Inner>) -> Self {
        Self { client }
    }

    /// Reports the user who signed in on your page, or that the sign-in failed; returns the id of the sign-in, `req_…`.
    ///
    /// A login request lives 15 minutes and takes one report; the same report again is fine.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the login request is unknown, expired, finished or was
    /// reported on otherwise, or when `sub` or `email` is empty or malformed;
    /// [`NotFound`](crate::ServerErrorKind::NotFound) when the connection is not the login request's.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// use gatewright_sdk::auth::LoginUser;
    ///
    /// let user = LoginUser::new("unique_user_id_456", "john.doe@company.com").email_verified(true);
    /// client.auth().update_login_user_details("conn_abc123", "lri_789", user).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_login_user_details(
        &self,
        connection_id: impl Into<String>,
        login_request_id: impl Into<String>,
        user: LoginUser,
    ) -> UpdateLoginUserDetails {
        let message = pb::UpdateLoginUserDetailsRequest {
            connection_id: connection_id.into(),
            login_request_id: login_request_id.into(),
            user: Some(user.into_message()),
        };
        UpdateLoginUserDetails::new(Arc::clone(&self.client), message)
    }

    /// Returns who wants to sign in and for what, to show it on your page.
    ///
    /// # Errors
    /// [`BadRequest`](crate::ServerErrorKind::BadRequest) when the login request is malformed, unknown, expired or
    /// finished; [`NotFound`](crate::ServerErrorKind::NotFound) when its client no longer exists.
    ///
    /// ```no_run
    /// # async fn run(client: gatewright_sdk::ScalekitClient) -> Result<(), gatewright_sdk::ScalekitError> {
    /// let details = client.auth().get_login_request_details("lri_789").await?;
    /// println!("{} wants to use {}", details.client_name, details.resource_name);
    /// # Ok(()) }
    /// ```
    pub fn get_login_request_details(&self, login_request_id: impl Into<String>) -> GetLoginRequestDetails {
        let message = pb::GetLoginRequestDetailsRequest { login_request_id: login_request_id.into() };
        GetLoginRequestDetails::new(Arc::clone(&self.client), message)
    }
}

request! {
    /// Request of [`update_login_user_details`](Auth::update_login_user_details).
    UpdateLoginUserDetails, rpc::UpdateLoginUserDetails => String,
    |answer| Ok(answer.auth_request_id)
}

request! {
    /// Request of [`get_login_request_details`](Auth::get_login_request_details).
    GetLoginRequestDetails, rpc::GetLoginRequestDetails => LoginRequestDetails,
    LoginRequestDetails::from_message
}

/// A user who signed in on your page. It is taken as you say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoginUser(pb::User);

impl LoginUser {
    /// A user, by your own stable id (at most 255 characters) and e-mail address.
    pub fn new(sub: impl Into<String>, email: impl Into<String>) -> Self {
        Self(pb::User { sub: sub.into(), email: email.into(), ..Default::default() })
    }

    /// Nobody: the sign-in failed, and the client gets `access_denied`.
    pub fn failed() -> Self {
        Self(pb::User { login_failed: true, ..Default::default() })
    }

    /// Given name.
    pub fn given_name(mut self, given_name: impl Into<String>) -> Self {
        self.0.given_name = given_name.into();
        self
    }

    /// Family name.
    pub fn family_name(mut self, family_name: impl Into<String>) -> Self {
        self.0.family_name = family_name.into();
        self
    }

    /// Full name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }

    /// Whether you verified the address.
    pub fn email_verified(mut self, email_verified: bool) -> Self {
        self.0.email_verified = email_verified;
        self
    }

    /// Phone number in E.164 form, and whether you verified it.
    pub fn phone_number(mut self, phone_number: impl Into<String>, verified: bool) -> Self {
        self.0.phone_number = phone_number.into();
        self.0.phone_number_verified = verified;
        self
    }

    /// User name to show.
    pub fn preferred_username(mut self, preferred_username: impl Into<String>) -> Self {
        self.0.preferred_username = preferred_username.into();
        self
    }

    /// URL of a picture.
    pub fn picture(mut self, picture: impl Into<String>) -> Self {
        self.0.picture = picture.into();
        self
    }

    /// Gender, free text.
    pub fn gender(mut self, gender: impl Into<String>) -> Self {
        self.0.gender = gender.into();
        self
    }

    /// Locale, `de-AT` for example.
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.0.locale = locale.into();
        self
    }

    /// Groups of the user.
    pub fn groups<G: Into<String>>(mut self, groups: impl IntoIterator<Item = G>) -> Self {
        self.0.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Names of the user's roles.
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.0.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Your own id of the user's organization.
    pub fn organization_external_id(mut self, id: impl Into<String>) -> Self {
        self.0.organization_external_id = Some(id.into());
        self
    }

    /// Name of the user's organization, shown on the consent page; at most 200 characters.
    pub fn organization_external_name(mut self, name: impl Into<String>) -> Self {
        self.0.organization_external_name = Some(name.into());
        self
    }

    /// Further attributes, which appear in the access token as `custom_claims`. With all the rest at most 16 KiB.
    pub fn custom_attributes(mut self, custom_attributes: Map<String, Value>) -> Self {
        self.0.custom_attributes = Some(into_struct(custom_attributes));
        self
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::User {
        self.0
    }
}

/// Who wants to sign in and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginRequestDetails {
    /// Id of the sign-in, `req_…`.
    pub auth_request_id: String,
    /// Scopes that the client asks for.
    pub scopes: Vec<String>,
    /// Client id as the client sent it; a URL for one that is known by its metadata document.
    pub client_id: String,
    /// The server's own id of the client, `m2m_…`.
    pub sk_client_id: String,
    /// Name of the client; may be empty.
    pub client_name: String,
    /// Whether the client registered itself (RFC 7591).
    pub is_dcr: bool,
    /// Whether the client is known by its metadata document.
    pub is_cimd: bool,
    /// Id of the resource, `res_…`.
    pub resource_id: String,
    /// Name of the resource.
    pub resource_name: String,
}

impl LoginRequestDetails {
    fn from_message(message: pb::GetLoginRequestDetailsResponse) -> Result<Self, ScalekitError> {
        let auth_request = present(message.auth_request, "auth_request")?;
        let client = present(message.client, "client")?;
        let resource = message.resource.unwrap_or_default();
        Ok(Self {
            auth_request_id: auth_request.id,
            scopes: auth_request.scopes,
            client_id: client.client_id,
            sk_client_id: client.sk_client_id,
            client_name: client.client_name,
            is_dcr: client.is_dcr,
            is_cimd: client.is_cimd,
            resource_id: resource.id,
            resource_name: resource.name,
        })
    }

    /// The generated protobuf message.
    pub fn into_message(self) -> pb::GetLoginRequestDetailsResponse {
        pb::GetLoginRequestDetailsResponse {
            auth_request: Some(pb::AuthRequestDetails { id: self.auth_request_id, scopes: self.scopes }),
            client: Some(pb::AuthRequestClient {
                client_id: self.client_id,
                sk_client_id: self.sk_client_id,
                client_name: self.client_name,
                is_dcr: self.is_dcr,
                is_cimd: self.is_cimd,
            }),
            resource: Some(pb::AuthRequestResource { id: self.resource_id, name: self.resource_name }),
        }
    }
}
