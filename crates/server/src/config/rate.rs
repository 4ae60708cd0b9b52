//! `[rate]`: how often one client may call.
use super::section::section;

section! {
    /// How often one client may call.
    Rate = "rate" {
        /// Requests a minute of one client; 0 sets no limit.
        requests_per_minute: u32 = "0";
    }
}
