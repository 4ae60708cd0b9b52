//! How many mails an address gets, however many nodes are asked for them.
use super::{model::too_early, store};
use crate::{db::Tx, email::Email, error::Error, ids::EnvironmentId, time::Timestamp};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// Beside the limit by the minute one by the hour, against guessing with ever new requests.
const HOUR: Duration = Duration::from_secs(3600);
const MAILS_AN_HOUR: usize = 10;
/// Wrong codes of one request until it must rest, and for how long.
pub const TRIES: i64 = 5;
/// See [`TRIES`].
pub const REST: Duration = Duration::from_secs(600);

/// Counts a mail to an address that may get so many in a minute. Whoever else wants to send to it waits until `tx` has ended.
///
/// # Errors
/// `RESOURCE_EXHAUSTED` with the seconds to wait.
pub async fn count_mail(
    tx: &mut Tx,
    env: EnvironmentId,
    email: &Email,
    mails_a_minute: usize,
    now: Timestamp,
) -> Result<(), Error> {
    let mut sent = store::hold_address(tx, env, email.key(), now).await?;
    sent.retain(|time| !time.plus(HOUR).is_past(now));
    if let Some(wait) = wait(&sent, mails_a_minute, now) {
        return Err(too_early("too many mails to this address", wait));
    }
    sent.push(now);
    store::set_sent_times(tx, env, email.key(), &sent, now).await
}

/// Seconds until one more is allowed. `sent` is in order.
fn wait(sent: &[Timestamp], mails_a_minute: usize, now: Timestamp) -> Option<u64> {
    let limits = [(mails_a_minute, MINUTE), (MAILS_AN_HOUR, HOUR)];
    let blocking = limits.into_iter().filter_map(|(count, span)| {
        let first = sent.len().checked_sub(count).and_then(|index| sent.get(index))?;
        seconds_until(first.plus(span), now)
    });
    blocking.max()
}

/// Whole seconds from `now` until `then`, rounded up. None if it is past.
pub fn seconds_until(then: Timestamp, now: Timestamp) -> Option<u64> {
    let micros = u64::try_from(then.as_micros().saturating_sub(now.as_micros())).ok()?;
    (micros > 0).then(|| micros.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn two_a_minute_and_ten_an_hour() {
        assert_eq!(wait(&[], 2, at(0)), None);
        assert_eq!(wait(&[at(0)], 2, at(0)), None);
        assert_eq!(wait(&[at(0), at(30)], 2, at(30)), Some(30));
        assert_eq!(wait(&[at(0), at(30)], 2, at(59)), Some(1));
        assert_eq!(wait(&[at(0), at(30)], 2, at(60)), None);
        assert_eq!(wait(&[at(0), at(30), at(60)], 2, at(61)), Some(29));
        let ten: Vec<_> = (0..10).map(|minute| at(minute * 60)).collect();
        assert_eq!(wait(&ten, 2, at(600)), Some(3000));
        assert_eq!(wait(&ten, 2, at(3600)), None);
    }
}
