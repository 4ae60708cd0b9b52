//! Randomness, all of it from AWS-LC.

use crate::error::{Result, ScalekitError};

/// Fills a buffer with random bytes.
pub(crate) fn fill(buffer: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(buffer)
        .map_err(|_| ScalekitError::internal("the random number generator of the system failed"))
}

/// A number in `0.0..1.0` for jitter; 0.5 should the generator fail.
pub(crate) fn fraction() -> f64 {
    let mut bytes = [0; 4];
    match fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}
