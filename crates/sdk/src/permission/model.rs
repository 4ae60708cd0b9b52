//! What a permission is.

use gatewright_api::scalekit::v1::roles as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, open_enum, timestamp};

/// Something that a user may do in your product.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// Id, `perm_…`.
    pub id: String,
    /// Its key in all operations: 1 to 64 letters, digits, `_` and `:`; never changes.
    pub name: String,
    /// What it allows, at most 2000 characters.
    pub description: String,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
    /// Whether it is built in, and so cannot be changed or deleted.
    pub is_scalekit_permission: bool,
}

impl Permission {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::Permission {
        pb::Permission {
            id: self.id,
            name: self.name,
            description: self.description,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            is_scalekit_permission: self.is_scalekit_permission,
        }
    }
}

impl From<pb::Permission> for Permission {
    fn from(message: pb::Permission) -> Self {
        Self {
            id: message.id,
            name: message.name,
            description: message.description,
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
            is_scalekit_permission: message.is_scalekit_permission,
        }
    }
}

open_enum! {
    /// Which permissions to list.
    PermissionType {
        /// Both kinds.
        All = 0 "ALL",
        /// Built-in ones, whose names start with `sk_`.
        Scalekit = 1 "SCALEKIT",
        /// Those that you created.
        Environment = 2 "ENVIRONMENT",
    }
}
