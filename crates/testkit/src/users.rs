//! Users and members, over and over.
use crate::{Api, Failure, StoredEvent};
use gatewright::{
    ids::{OrganizationId, RoleId, UserId},
    sql,
    time::Timestamp,
};
use gatewright_api::{
    rpc::user_service as rpc,
    scalekit::v1::{commons, users as pb},
};

/// All that an environment holds of users, to see that a refused call changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct People {
    /// Through the API, newest first.
    pub users: Vec<pb::User>,
    /// Organization, user, status, and how many times the invitation was sent again. Those of deleted organizations too.
    pub memberships: Vec<(OrganizationId, UserId, String, i64)>,
    /// Organization, user and role.
    pub roles: Vec<(OrganizationId, UserId, RoleId)>,
    /// Recipient, and when it expires.
    pub mails: Vec<(String, Timestamp)>,
    /// Oldest first.
    pub events: Vec<StoredEvent>,
}

impl Api {
    /// Starts a user who is made as an active member of an organization, over gRPC.
    pub fn member(&self, organization: &str, email: &str) -> NewMember<'_> {
        let user = pb::CreateUser { email: email.to_owned(), ..Default::default() };
        let request = pb::CreateUserAndMembershipRequest {
            organization_id: organization.to_owned(),
            user: Some(user),
            send_invitation_email: Some(false),
        };
        NewMember { api: self, request }
    }

    /// The user, if it is there.
    pub async fn find_user(&self, id: &str) -> Option<pb::User> {
        let identities = Some(pb::get_user_request::Identities::Id(id.to_owned()));
        match self.call::<rpc::GetUser>(pb::GetUserRequest { identities }).await {
            Ok(answer) => answer.user,
            Err(failure) => {
                assert_eq!(failure.code, tonic::Code::NotFound, "{failure:?}");
                None
            }
        }
    }

    /// Every user, newest first.
    pub async fn users(&self) -> Vec<pb::User> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListUsersRequest { page_size: 100, page_token };
            let page = self.call::<rpc::ListUsers>(request).await.unwrap();
            all.extend(page.users);
            if page.next_page_token.is_empty() {
                return all;
            }
            page_token = page.next_page_token;
        }
    }

    /// All that the environment holds of users.
    pub async fn people(&self) -> People {
        let tx = &mut self.app().db.read();
        People {
            memberships: sql!(
                "SELECT organization_id, user_id, status, resent_count FROM memberships WHERE environment_id = $1
                 ORDER BY organization_id, user_id"
            )
            .bind(self.environment)
            .all(tx)
            .await
            .unwrap(),
            roles: sql!(
                "SELECT organization_id, user_id, role_id FROM membership_roles WHERE environment_id = $1
                 ORDER BY organization_id, user_id, role_id"
            )
            .bind(self.environment)
            .all(tx)
            .await
            .unwrap(),
            mails: sql!("SELECT recipient, expires_at FROM mails WHERE environment_id = $1 ORDER BY id")
                .bind(self.environment)
                .all(tx)
                .await
                .unwrap(),
            events: self.events().await,
            users: self.users().await,
        }
    }
}

/// A user to be created as a member.
#[derive(Debug)]
#[must_use = "nothing happens before create()"]
pub struct NewMember<'a> {
    api: &'a Api,
    request: pb::CreateUserAndMembershipRequest,
}

impl NewMember<'_> {
    fn user(&mut self) -> &mut pb::CreateUser {
        self.request.user.get_or_insert_default()
    }
    /// Invited by mail rather than active at once.
    pub fn invited(mut self) -> Self {
        self.request.send_invitation_email = None;
        self
    }
    /// The application's own key.
    pub fn external_id(mut self, id: &str) -> Self {
        self.user().external_id = Some(id.to_owned());
        self
    }
    /// One more role.
    pub fn role(mut self, name: &str) -> Self {
        let role = commons::Role { name: name.to_owned(), ..Default::default() };
        self.user().membership.get_or_insert_default().roles.push(role);
        self
    }
    /// Creates it.
    pub async fn create(self) -> pb::User {
        self.try_create().await.unwrap()
    }
    /// Tries to.
    pub async fn try_create(self) -> Result<pb::User, Failure> {
        let answer = self.api.call::<rpc::CreateUserAndMembership>(self.request).await?;
        Ok(answer.user.expect("a user"))
    }
}
