//! When a call is repeated: the rules of the vendor's newest SDKs.

use std::time::Duration;

use crate::error::{GrpcStatus, ScalekitError};

const TOOL_ERROR: &str = "TOOL_ERROR";
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Getting the client's own token. A refusal there is final: a new token cannot help.
    Token,
    /// The call itself.
    Call,
}

/// What to do after a failure.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Give the error to the caller.
    Fail,
    /// Repeat at once with a new token.
    RenewToken,
    /// Repeat after this time.
    Wait(Duration),
}

/// What was done so far for one call.
#[derive(Debug)]
pub(crate) struct Retries {
    left: u32,
    waits: u32,
    renewed: bool,
}

impl Retries {
    /// At most `limit` repetitions of any kind; 0 for none.
    pub(crate) fn new(limit: u32) -> Self {
        Self { left: limit, waits: 0, renewed: false }
    }

    /// Decides on an error. `random` is in `0.0..1.0`.
    pub(crate) fn next(&mut self, step: Step, error: &ScalekitError, random: f64) -> Next {
        if self.left == 0 || error.error_code() == Some(TOOL_ERROR) {
            return Next::Fail;
        }
        let next = match (error.grpc_status(), step) {
            (Some(GrpcStatus::Unauthenticated), Step::Call) if !self.renewed => {
                self.renewed = true;
                Next::RenewToken
            }
            (Some(GrpcStatus::Unavailable), _) => {
                let wait = backoff(self.waits, random);
                self.waits += 1;
                Next::Wait(wait)
            }
            _ => return Next::Fail,
        };
        self.left -= 1;
        next
    }
}

/// `min(1000·2^n, 30000)` ms × 0.5..1.0.
fn backoff(n: u32, random: f64) -> Duration {
    let full = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(n)).min(LONGEST_WAIT);
    full.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;
    use crate::error::{from_http, from_status};

    fn error(code: Code) -> ScalekitError {
        from_status(Status::new(code, "no"))
    }

    #[test]
    fn unavailable_is_repeated_three_times_with_growing_waits() {
        let mut retries = Retries::new(3);
        let waits: Vec<Next> =
            (0..4).map(|_| retries.next(Step::Call, &error(Code::Unavailable), 0.0)).collect();
        let ms = |ms| Next::Wait(Duration::from_millis(ms));
        assert_eq!(waits, [ms(500), ms(1000), ms(2000), Next::Fail]);
    }

    #[test]
    fn the_wait_is_half_to_whole_and_at_most_30_seconds() {
        assert_eq!(backoff(0, 0.0), Duration::from_millis(500));
        assert_eq!(backoff(0, 0.5), Duration::from_millis(750));
        assert!(backoff(0, 0.999_999) < Duration::from_millis(1000));
        assert_eq!(backoff(40, 1.0), Duration::from_secs(30));
    }

    #[test]
    fn a_new_token_is_tried_once() {
        let mut retries = Retries::new(3);
        assert_eq!(retries.next(Step::Call, &error(Code::Unauthenticated), 0.0), Next::RenewToken);
        assert_eq!(retries.next(Step::Call, &error(Code::Unauthenticated), 0.0), Next::Fail);
    }

    #[test]
    fn renewal_counts_as_one_of_the_three() {
        let mut retries = Retries::new(3);
        assert_eq!(retries.next(Step::Call, &error(Code::Unauthenticated), 0.0), Next::RenewToken);
        assert!(matches!(retries.next(Step::Call, &error(Code::Unavailable), 0.0), Next::Wait(_)));
        assert!(matches!(retries.next(Step::Call, &error(Code::Unavailable), 0.0), Next::Wait(_)));
        assert_eq!(retries.next(Step::Call, &error(Code::Unavailable), 0.0), Next::Fail);
    }

    #[test]
    fn a_refused_secret_is_final() {
        let refused = from_http(401, None, br#"{"error":"invalid_client"}"#);
        assert_eq!(Retries::new(3).next(Step::Token, &refused, 0.0), Next::Fail);
    }

    #[test]
    fn a_busy_token_endpoint_is_waited_for() {
        assert!(matches!(Retries::new(3).next(Step::Token, &from_http(503, None, b""), 0.0), Next::Wait(_)));
    }

    #[test]
    fn nothing_else_is_repeated() {
        for code in [
            Code::Cancelled,
            Code::Unknown,
            Code::InvalidArgument,
            Code::DeadlineExceeded,
            Code::NotFound,
            Code::AlreadyExists,
            Code::PermissionDenied,
            Code::ResourceExhausted,
            Code::FailedPrecondition,
            Code::Aborted,
            Code::OutOfRange,
            Code::Unimplemented,
            Code::Internal,
            Code::DataLoss,
        ] {
            assert_eq!(Retries::new(3).next(Step::Call, &error(code), 0.0), Next::Fail, "{code:?}");
        }
        assert_eq!(Retries::new(3).next(Step::Call, &ScalekitError::timeout("late"), 0.0), Next::Fail);
    }

    #[test]
    fn without_retries_nothing_is() {
        assert_eq!(Retries::new(0).next(Step::Call, &error(Code::Unavailable), 0.0), Next::Fail);
        assert_eq!(Retries::new(0).next(Step::Call, &error(Code::Unauthenticated), 0.0), Next::Fail);
    }
}
