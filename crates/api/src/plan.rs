//! The compact plan of the API: what the server needs to know of the protos at run time, as static data made at build
//! time. It costs nothing to start with; decoding the descriptors of the whole interface would cost 34 ms and 25 MB.

/// One rpc.
#[derive(Debug)]
pub struct Method {
    /// Position in [`crate::METHODS`].
    pub index: usize,
    /// Full name of its service, `scalekit.v1.organizations.OrganizationService`.
    pub service: &'static str,
    /// Its own name, `CreateOrganization`.
    pub name: &'static str,
    /// gRPC path, `/scalekit.v1.organizations.OrganizationService/CreateOrganization`.
    pub path: &'static str,
    /// Request message.
    pub input: &'static Message,
    /// Response message.
    pub output: &'static Message,
    /// REST bindings, the first one being canonical.
    pub bindings: &'static [Binding],
    /// Who may call.
    pub callers: Callers,
    /// Permissions, any one of which is needed by callers that are checked against permissions.
    pub permissions: &'static [&'static str],
    /// HTTP status of a successful REST answer.
    pub success_status: u16,
    /// The proto comment: first line is a summary.
    pub documentation: &'static str,
}

/// A set of kinds of caller, `management.md` 0.3. No bit at all is `BLOCKED`: nobody over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callers(pub u16);

impl Callers {
    /// Anybody, without a credential.
    pub const NONE: Self = Self(1);
    /// An environment's client, with a client-credentials token.
    pub const CLIENT: Self = Self(4);
    /// A user acting on what is the user's own.
    pub const USER: Self = Self(8);
    /// A browser session of a user.
    pub const SESSION: Self = Self(16);
    /// An admin-portal session.
    pub const CUSTOMER_PORTAL: Self = Self(32);
    /// A dashboard session.
    pub const WORKSPACE: Self = Self(64);

    /// Whether the sets have a kind in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One way to reach an rpc over HTTP/JSON.
#[derive(Debug)]
pub struct Binding {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub verb: &'static str,
    /// Path template of `google.api.http`, `/api/v1/organizations/{id}`.
    pub template: &'static str,
    /// What the body fills.
    pub body: Body,
}

/// What the body of a REST request fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing; the rest of the request is in the query.
    None,
    /// Every field that the path does not.
    Whole,
    /// This field.
    Field(&'static str),
}

/// One message type.
#[derive(Debug)]
pub struct Message {
    /// Full name, `scalekit.v1.organizations.Organization`.
    pub name: &'static str,
    /// Fields in order of declaration.
    pub fields: &'static [Field],
    /// Rules on the message as a whole.
    pub checks: &'static [Cel],
    /// Set for the types of `google.protobuf` that have a JSON form of their own.
    pub well_known: Option<WellKnown>,
}

/// Types with a JSON form of their own (ProtoJSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WellKnown {
    /// RFC 3339.
    Timestamp,
    /// `"1.5s"`.
    Duration,
    /// Comma-separated paths.
    FieldMask,
    /// A JSON object.
    Struct,
    /// Any JSON value.
    Value,
    /// A JSON array.
    ListValue,
    /// `{}`.
    Empty,
    /// The bare value of its only field.
    Wrapper,
}

/// One field of a message.
#[derive(Debug)]
pub struct Field {
    /// Field number.
    pub number: u32,
    /// Name in the proto, `display_name`.
    pub name: &'static str,
    /// lowerCamelCase name, `displayName`.
    pub json_name: &'static str,
    /// Type of the value, of an item, or of a map's value.
    pub kind: Kind,
    /// How many values.
    pub cardinality: Cardinality,
    /// The `oneof` that it belongs to.
    pub oneof: Option<&'static str>,
    /// Declared rules.
    pub rules: &'static [Rule],
    /// The proto comment.
    pub documentation: &'static str,
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// One; absent means the type's zero.
    Implicit,
    /// None or one, and the difference counts: `optional`, members of a `oneof`, messages.
    Optional,
    /// A list.
    Repeated,
    /// A map with string keys.
    Map,
}

/// Type of a value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `bool`
    Bool,
    /// `int32`
    Int32,
    /// `int64`: a string in JSON
    Int64,
    /// `uint32`
    Uint32,
    /// `uint64`: a string in JSON
    Uint64,
    /// `float`
    Float,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`: base64 in JSON
    Bytes,
    /// An enumeration.
    Enum(&'static Enum),
    /// A message.
    Message(&'static Message),
}

/// One enumeration.
#[derive(Debug)]
pub struct Enum {
    /// Full name.
    pub name: &'static str,
    /// Names and numbers in order of declaration. Where two names share a number, the first one is printed.
    pub values: &'static [(&'static str, i32)],
}

/// A declared rule of `buf.validate`.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Must be set; for a field without presence: must not be zero.
    Required,
    /// Further rules do not apply to a zero value.
    IgnoreIfZero,
    /// `string.min_len`, in characters.
    MinLen(u64),
    /// `string.max_len`, in characters.
    MaxLen(u64),
    /// `string.max_bytes`
    MaxBytes(u64),
    /// `string.pattern`, RE2.
    Pattern(&'static str),
    /// `string.prefix`
    Prefix(&'static str),
    /// `string.in`
    In(&'static [&'static str]),
    /// `string.email`
    Email,
    /// `string.uri`
    Uri,
    /// `int32.lt` and the like.
    Lt(i64),
    /// `int32.lte` and the like.
    Lte(i64),
    /// `int32.gt` and the like.
    Gt(i64),
    /// `int32.gte` and the like.
    Gte(i64),
    /// `enum.defined_only`
    DefinedOnly,
    /// `enum.not_in`
    NotIn(&'static [i32]),
    /// `repeated.min_items`
    MinItems(u64),
    /// `repeated.max_items`
    MaxItems(u64),
    /// `repeated.unique`
    Unique,
    /// `repeated.items`: rules on each item.
    Items(&'static [Rule]),
    /// `map.min_pairs`
    MinPairs(u64),
    /// `map.max_pairs`
    MaxPairs(u64),
    /// `map.keys`: rules on each key.
    Keys(&'static [Rule]),
    /// `map.values`: rules on each value.
    Values(&'static [Rule]),
    /// `duration.lte`, in seconds.
    DurationLte(i64),
    /// `duration.gte`, in seconds.
    DurationGte(i64),
    /// A rule in CEL.
    Cel(Cel),
}

/// A rule in CEL. The server knows each expression by its text.
#[derive(Clone, Copy, Debug)]
pub struct Cel {
    /// Id of the rule; may be empty.
    pub id: &'static str,
    /// What the caller is told.
    pub message: &'static str,
    /// The expression as declared.
    pub expression: &'static str,
}
