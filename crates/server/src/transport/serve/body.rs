//! Reads the body of a request, within its size and its time.
use crate::{
    config::Size,
    error::{Error, Kind},
};
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use std::{pin::pin, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How much of a body that is too large is read and thrown away, so that the client gets to read why.
const DISCARD_LIMIT: u64 = 256 << 20;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Larger than allowed.
    #[error("the request body is larger than {0}")]
    TooLarge(Size),
    /// Not complete in time.
    #[error("the request body did not arrive within {0:?}")]
    TooSlow(Duration),
    /// The client stopped half-way, or sent something that is not HTTP.
    #[error("the request body ended early")]
    Broken,
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::TooLarge(_) | BodyError::Broken => Kind::InvalidArgument,
            BodyError::TooSlow(_) => Kind::DeadlineExceeded,
        };
        Self::new(kind, error.to_string())
    }
}

/// The whole body, of at most `limit` bytes, within `timeout`.
///
/// # Errors
/// `INVALID_ARGUMENT` if it is too large or breaks off, `DEADLINE_EXCEEDED` if it takes too long.
pub async fn read_body<B>(body: B, limit: usize, timeout: Duration) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes>,
{
    let deadline = Instant::now() + timeout;
    let mut body = pin!(body);
    let announced = body.size_hint().lower();
    let mut whole = BytesMut::new();
    let mut first: Option<Bytes> = None;
    if announced > limit as u64 {
        return Err(discard(body.as_mut(), announced, limit, deadline).await.into());
    }
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            return Err(BodyError::TooSlow(timeout).into());
        };
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        let length = whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
        if length > limit {
            return Err(discard(body.as_mut(), length as u64, limit, deadline).await.into());
        }
        // Nearly every body is one frame: it is handed on as it came.
        match first.take() {
            None if whole.is_empty() => first = Some(data),
            None => whole.extend_from_slice(&data),
            Some(before) => {
                whole.reserve(usize::try_from(announced).unwrap_or_default().max(length));
                whole.extend_from_slice(&before);
                whole.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

/// Reads on without keeping anything: a client that is still writing when the connection closes never sees the answer.
async fn discard<B>(
    mut body: std::pin::Pin<&mut B>,
    announced: u64,
    limit: usize,
    deadline: Instant,
) -> BodyError
where
    B: Body<Data = Bytes>,
{
    let mut left = if announced > DISCARD_LIMIT { 0 } else { DISCARD_LIMIT };
    while left > 0 {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                left = left.saturating_sub(length as u64);
            }
            _ => break,
        }
    }
    BodyError::TooLarge(Size(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body as AxumBody;
    use futures_util::stream;

    fn chunks(parts: Vec<&'static str>) -> AxumBody {
        AxumBody::from_stream(stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>)))
    }

    #[tokio::test]
    async fn joins_the_frames_and_refuses_one_byte_too_many() {
        let second = Duration::from_secs(1);
        assert_eq!(read_body(chunks(vec!["ab", "cd", "ef"]), 6, second).await.unwrap(), "abcdef");
        assert_eq!(read_body(AxumBody::from("abcdef"), 6, second).await.unwrap(), "abcdef");
        assert_eq!(read_body(AxumBody::empty(), 6, second).await.unwrap(), "");
        for body in [chunks(vec!["abcd", "efg"]), AxumBody::from("abcdefg")] {
            let error = read_body(body, 6, second).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert_eq!(error.message(), "the request body is larger than 6 bytes");
        }
        let error = read_body(AxumBody::from(vec![0; (4 << 20) + 1]), 4 << 20, second).await.unwrap_err();
        assert_eq!(error.message(), "the request body is larger than 4 MiB");
    }

    #[tokio::test]
    async fn a_body_has_a_deadline_in_total() {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>("x"), ()))
        });
        let error = read_body(AxumBody::from_stream(drip), 100, Duration::from_millis(70)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::DeadlineExceeded);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_the_callers_fault() {
        let parts = vec![Ok("ab"), Err(std::io::Error::other("gone"))];
        let error = read_body(AxumBody::from_stream(stream::iter(parts)), 9, Duration::from_secs(1)).await;
        assert_eq!(error.unwrap_err().kind(), Kind::InvalidArgument);
    }
}
