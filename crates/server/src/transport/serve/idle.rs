//! When a connection has been idle, or slow, for too long.
use futures_util::task::AtomicWaker;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, futures::OwnedNotified},
    time::{Instant, Sleep, sleep_until},
};

/// How many requests a connection has in flight.
#[derive(Debug, Default)]
pub(super) struct Activity {
    in_flight: AtomicUsize,
    /// Rises with each request.
    begun: AtomicU64,
    waker: AtomicWaker,
}

/// One request in flight.
pub(super) struct InFlight(Arc<Activity>);

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        self.begun.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(self))
    }
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // HTTP/2 streams run in tasks of their own: the connection's task has to see that it is idle now.
        if self.0.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.waker.wake();
        }
    }
}

/// How long a connection may do nothing, and what else can end it.
pub(super) struct Rules {
    pub(super) idle: Duration,
    pub(super) crowded: Duration,
    /// For the head of a request that has begun to arrive; `None` for HTTP/2, where bytes also come without a request.
    pub(super) header: Option<Duration>,
    pub(super) slots: Arc<Semaphore>,
    pub(super) total: usize,
    pub(super) evict: Arc<Notify>,
}

impl Rules {
    fn idle_limit(&self) -> Duration {
        if self.slots.available_permits() < self.total / 4 { self.crowded.min(self.idle) } else { self.idle }
    }
}

/// Why a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It was idle, or its next request slow, for too long.
    TimedOut,
    /// Another connection needs its place now.
    Evicted,
}

/// Watches one connection; poll it after the connection itself.
pub(super) struct Watch {
    rules: Rules,
    activity: Arc<Activity>,
    reads: Arc<AtomicU64>,
    seen: u64,
    idle_since: Instant,
    reads_when_idle: u64,
    head_since: Option<Instant>,
    evicted: Pin<Box<OwnedNotified>>,
    tick: Pin<Box<Sleep>>,
}

impl Watch {
    pub(super) fn new(rules: Rules, activity: Arc<Activity>, reads: Arc<AtomicU64>) -> Self {
        let now = Instant::now();
        let evicted = Box::pin(Arc::clone(&rules.evict).notified_owned());
        Self {
            tick: Box::pin(sleep_until(now)),
            evicted,
            rules,
            activity,
            reads,
            seen: 0,
            idle_since: now,
            reads_when_idle: 0,
            head_since: None,
        }
    }

    /// Ready when the connection is to be closed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reason> {
        self.activity.waker.register(cx.waker());
        let begun = self.activity.begun.load(Ordering::Acquire);
        if !self.activity.is_idle() {
            self.seen = begun.wrapping_sub(1);
            return Poll::Pending;
        }
        if self.seen != begun {
            self.became_idle(begun);
        }
        let reads = self.reads.load(Ordering::Relaxed);
        if self.rules.header.is_some() && self.head_since.is_none() && reads != self.reads_when_idle {
            self.head_since = Some(Instant::now());
            self.tick.as_mut().reset(Instant::now());
        }
        // Waiters are woken in the order in which they came: the longest idle connection goes first.
        if self.evicted.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Reason::Evicted);
        }
        while self.tick.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let deadline = self.deadline();
            if now >= deadline {
                return Poll::Ready(Reason::TimedOut);
            }
            // It can become crowded meanwhile, so look again after that time.
            self.tick.as_mut().reset(deadline.min(now + self.rules.crowded));
        }
        Poll::Pending
    }

    fn became_idle(&mut self, begun: u64) {
        self.seen = begun;
        self.idle_since = Instant::now();
        self.reads_when_idle = self.reads.load(Ordering::Relaxed);
        self.head_since = None;
        self.evicted = Box::pin(Arc::clone(&self.rules.evict).notified_owned());
    }

    fn deadline(&self) -> Instant {
        let idle = self.idle_since + self.rules.idle_limit();
        match (self.head_since, self.rules.header) {
            (Some(since), Some(header)) => since + header,
            _ => idle,
        }
    }
}
