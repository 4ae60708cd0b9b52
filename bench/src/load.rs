//! Callers that do the same thing over and over.
use anyhow::Result;
use std::{
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tokio::task::LocalSet;

/// What a load did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// How many calls were answered.
    pub count: f64,
    /// In what time.
    pub time: Duration,
}

impl Done {
    /// Calls per second.
    pub fn rate(&self) -> f64 {
        self.count / self.time.as_secs_f64()
    }

    /// Adds another slice of the same measurement.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.time += other.time;
    }
}

/// Runs `call` with each of `callers` again and again until the time is up. `call` gets a number that is never given
/// twice. All callers share one thread: the rest of the machine is for the server.
///
/// # Errors
/// The first failure of any caller.
pub async fn run<C, F>(
    callers: Vec<C>,
    numbers: &'static AtomicU64,
    length: Duration,
    call: F,
) -> Result<Done>
where
    C: 'static,
    F: AsyncFn(&mut C, u64) -> Result<()> + 'static,
{
    let (call, begun) = (Rc::new(call), Instant::now());
    let tasks = LocalSet::new();
    let running: Vec<_> = callers
        .into_iter()
        .map(|mut caller| {
            let call = call.clone();
            tasks.spawn_local(async move {
                let mut count = 0_u32;
                while begun.elapsed() < length {
                    call(&mut caller, numbers.fetch_add(1, Ordering::Relaxed)).await?;
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    let sum = async {
        let mut count = 0.0;
        for task in running {
            count += f64::from(task.await??);
        }
        anyhow::Ok(count)
    };
    let count = tasks.run_until(sum).await?;
    Ok(Done { count, time: begun.elapsed() })
}

/// Waits for all of them at once.
///
/// # Errors
/// The first failure.
pub async fn join<F, T>(futures: Vec<F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut waiting = false;
        for (future, result) in running.iter_mut().filter(|(_, result)| result.is_none()) {
            match future.as_mut().poll(cx) {
                std::task::Poll::Ready(ready) => *result = Some(ready),
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, result)| result).collect()
}

/// The time below which this share of sorted `times` lies, in milliseconds.
pub fn percentile(times: &[Duration], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a short list"
    )]
    let index = ((times.len() as f64 - 1.0) * share).round() as usize;
    times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
