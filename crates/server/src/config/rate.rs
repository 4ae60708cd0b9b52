//! `[rate]`: how often an environment may be called.
use super::section::section;

section! {
    /// How often an environment may be called.
    Rate = "rate" {
        /// Requests a minute to one environment, counted by each node; 0 sets no limit.
        requests_per_minute: u32 = "0";
    }
}
