//! Who calls, where, and with what: the first argument of each operation.
use crate::{
    app::App,
    db::Db,
    environments::Environment,
    error::{Error, Kind},
    ids::{ApplicationId, Id, OrganizationId, SessionId, UserId},
    time::Timestamp,
};
use std::{net::IpAddr, sync::Arc};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular; only rpcs that anybody may call get this far.
    Anonymous,
    /// An application with management access. It has every permission of its environment.
    Client(ApplicationId),
    /// Somebody who has signed in: by the cookie of the session, or by an access token that was given out in it. Reaches
    /// what is her own, and her organization as far as her roles say (`transport::reach`).
    Person {
        /// Who.
        user: UserId,
        /// In which session, which had not ended.
        session: SessionId,
        /// For which organization, of which she is an active member.
        organization: OrganizationId,
    },
    /// The operator, at the command line.
    Operator,
    /// The server itself, in a job.
    Server,
}

/// The parts of [`Caller::Person`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// For which organization.
    pub organization: OrganizationId,
}

/// Where a request came from and to, before anybody is known.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// `req_…`
    pub request_id: Arc<str>,
    /// The environment whose host it was sent to.
    pub environment: Arc<Environment>,
    /// Address of the caller, as far as it can be trusted.
    pub ip: Option<IpAddr>,
}

/// A request that has passed the gate. Only entries make one (`transport::gate`, `cli`, `jobs`): holding it is the proof.
#[derive(Clone, Debug)]
pub struct Ctx {
    app: Arc<App>,
    environment: Arc<Environment>,
    caller: Caller,
    request_id: Arc<str>,
    ip: Option<IpAddr>,
}

impl Ctx {
    /// For entries only.
    pub(crate) fn new(
        app: Arc<App>,
        environment: Arc<Environment>,
        caller: Caller,
        request_id: Arc<str>,
        ip: Option<IpAddr>,
    ) -> Self {
        Self { app, environment, caller, request_id, ip }
    }

    /// What the whole server shares.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }
    /// The database.
    pub fn db(&self) -> &Db {
        &self.app.db
    }
    /// The environment of the request. Every query is scoped to it.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }
    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// `req_…`, in every answer and log line.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
    /// Address of the caller, as far as it can be trusted.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }
    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
    /// A new id.
    pub fn new_id<K>(&self) -> Id<K> {
        self.app.ids.next(self.now())
    }

    /// The person who calls, if one does.
    pub fn person(&self) -> Option<Person> {
        match self.caller {
            Caller::Person { user, session, organization } => Some(Person { user, session, organization }),
            _ => None,
        }
    }

    /// The person who calls.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` for an application, which has neither user nor session.
    pub fn require_person(&self) -> Result<Person, Error> {
        let text = "needs a signed-in user: call it with the session's cookie or a user's access token";
        self.person().ok_or_else(|| Error::new(Kind::FailedPrecondition, text))
    }

    /// Whether the caller may know of what belongs to this user: a person only of what is her own.
    pub fn reaches(&self, user: UserId) -> bool {
        self.person().is_none_or(|person| person.user == user)
    }

    /// The same request, now that it is known who calls. For entries only.
    pub(crate) fn called_by(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// Refuses callers that act for one organization: values that redirect templates use (slug, metadata) are the
    /// environment's to change.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`
    pub fn require_environment_level(&self) -> Result<(), Error> {
        match self.caller {
            Caller::Client(_) | Caller::Operator | Caller::Server => Ok(()),
            Caller::Anonymous | Caller::Person { .. } => Err(Error::new(
                Kind::PermissionDenied,
                "only callers of the environment may do this; use an application's token",
            )),
        }
    }
}
