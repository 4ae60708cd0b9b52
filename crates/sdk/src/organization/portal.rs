//! Links into the admin portal.

use std::fmt;

use gatewright_api::rpc::organization_service as rpc;
use gatewright_api::scalekit::v1::organizations as pb;
use jiff::Timestamp;

use crate::call::request;
use crate::convert::{into_timestamp, open_enum, present, timestamp};

open_enum! {
    /// Modules of the admin portal that a link can open.
    PortalFeature {
        /// No feature chosen.
        Unspecified = 0 "FEATURE_UNSPECIFIED",
        /// User and group provisioning by SCIM.
        DirSync = 1 "dir_sync",
        /// Single sign-on.
        Sso = 2 "sso",
    }
}

/// A link into the admin portal.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Id of the link.
    pub id: String,
    /// Where to send the IT admin. Whoever opens it is let in: a secret, and not part of `Debug`.
    pub location: String,
    /// When it stops working if it was not opened, UTC.
    pub expire_time: Option<Timestamp>,
}

impl Link {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Link {
        pb::Link { id: self.id, location: self.location, expire_time: into_timestamp(self.expire_time) }
    }
}

impl From<pb::Link> for Link {
    fn from(message: pb::Link) -> Self {
        Self { id: message.id, location: message.location, expire_time: timestamp(message.expire_time) }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("id", &self.id)
            .field("expire_time", &self.expire_time)
            .finish_non_exhaustive()
    }
}

request! {
    /// Request of [`generate_portal_link`](super::Organizations::generate_portal_link).
    GeneratePortalLink, rpc::GeneratePortalLink => Link,
    |answer| present(answer.link, "link").map(Into::into)
}

impl GeneratePortalLink {
    /// Modules that the link opens, in place of those set before.
    pub fn features(mut self, features: impl IntoIterator<Item = PortalFeature>) -> Self {
        self.message.features = features.into_iter().map(Into::into).collect();
        self
    }
}

request! {
    /// Request of [`get_portal_links`](super::Organizations::get_portal_links).
    GetPortalLinks, rpc::GetPortalLinks => Vec<Link>,
    |answer| Ok(answer.links.into_iter().map(Into::into).collect())
}

request! {
    /// Request of [`delete_portal_link`](super::Organizations::delete_portal_link).
    DeletePortalLink, rpc::DeletePortalLink => (),
    |()| Ok(())
}

request! {
    /// Request of [`delete_portal_link_by_id`](super::Organizations::delete_portal_link_by_id).
    DeletePortalLinkById, rpc::DeletePortalLinkByID => (),
    |()| Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_does_not_show_its_location() {
        let link =
            Link { id: "lnk_1".into(), location: "https://a.test/magicLink/x".into(), expire_time: None };
        assert!(!format!("{link:?}").contains("magicLink"));
        assert_eq!(Link::from(link.clone().into_message()), link);
    }
}
