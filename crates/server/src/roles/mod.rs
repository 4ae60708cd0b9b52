//! Roles and permissions. So far only what each environment is born with; their operations follow with the users.
mod built_in;
mod store;

pub use built_in::create_built_in;
