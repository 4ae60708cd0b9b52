//! Lists as pages and as streams of items.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, try_unfold};

use crate::error::{Result, ScalekitError};

/// An answer that is one page of a list.
pub(crate) trait Page: Send + 'static {
    type Item: Send + 'static;
    fn next_page_token(&self) -> Option<&str>;
    fn into_items(self) -> Vec<Self::Item>;
}

/// Values that arrive one after the other, each fetched when it is asked for.
///
/// Implements [`Stream`] and has [`try_next`](Self::try_next) and [`try_collect`](Self::try_collect) of its own, so
/// that no other crate is needed.
#[must_use = "a stream does nothing until it is polled"]
pub struct ListStream<T>(BoxStream<'static, Result<T>>);

impl<T> ListStream<T> {
    /// The next value, or None at the end.
    ///
    /// # Errors
    /// As the list call; nothing comes after an error.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.0.try_next().await
    }

    /// All values that are left. Beware of long lists.
    ///
    /// # Errors
    /// As the list call.
    pub async fn try_collect(self) -> Result<Vec<T>> {
        self.0.try_collect().await
    }
}

impl<T> Stream for ListStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListStream").finish_non_exhaustive()
    }
}

/// Pages from the one with this token to the last.
pub(crate) fn pages<P: Page>(
    first: String,
    fetch: impl Fn(String) -> BoxFuture<'static, Result<P>> + Send + 'static,
) -> ListStream<P> {
    let stream = try_unfold((Some(first), fetch), |(token, fetch)| async move {
        let Some(token) = token else { return Ok(None) };
        let page = fetch(token.clone()).await?;
        let next = page.next_page_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.as_ref() == Some(&token) {
            return Err(ScalekitError::invalid_response("the list answers the same page again and again"));
        }
        Ok(Some((page, (next, fetch))))
    });
    ListStream(stream.boxed())
}

/// The items of those pages.
pub(crate) fn items<P: Page>(pages: ListStream<P>) -> ListStream<P::Item> {
    let items = pages.0.map_ok(|page| futures_util::stream::iter(page.into_items().into_iter().map(Ok)));
    ListStream(items.try_flatten().boxed())
}
