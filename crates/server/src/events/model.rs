//! Kinds of events, and one event.
use crate::{
    ids::{EventId, OrganizationId},
    time::Timestamp,
};

macro_rules! event_types {
    ($($variant:ident = $name:literal, $object:literal, $label:literal;)*) => {
        /// A kind of event, `management.md` 13.4. Names are never changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventType { $(#[doc = $label] $variant,)* }

        impl EventType {
            /// Every kind that this version emits.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// `organization.created`
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// What `data` is, `Organization`.
            pub const fn object(self) -> &'static str { match self { $(Self::$variant => $object,)* } }
            /// For people, `Organization Created`.
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label,)* } }
        }
    };
}

event_types! {
    OrganizationCreated = "organization.created", "Organization", "Organization Created";
    OrganizationUpdated = "organization.updated", "Organization", "Organization Updated";
    OrganizationDeleted = "organization.deleted", "Organization", "Organization Deleted";
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `evt_…`; receivers know repetitions by it.
    pub id: EventId,
    /// `organization.created`
    pub name: String,
    /// What `data` is.
    pub object: String,
    /// The organization that it concerns.
    pub organization: Option<OrganizationId>,
    /// When.
    pub occurred_at: Timestamp,
    /// A JSON object, as webhooks carry it.
    pub data: String,
}

/// The label of an event type as it is stored; empty for one that this version does not know.
pub fn label(name: &str) -> &'static str {
    EventType::ALL.iter().find(|kind| kind.name() == name).map_or("", |kind| kind.label())
}
