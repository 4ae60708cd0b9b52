//! What keeps long lists fast: an index for searches, and sizes that nobody has to count.
//!
//! Both follow the tables by triggers (migrations 0021 and 0022). What the transactions of a change leave for later, the
//! index of SQLite and the sums of PostgreSQL, [`upkeep`] does in small steps; results are exact before and after it.
mod grams;
pub mod search;
pub mod sizes;
pub mod upkeep;
