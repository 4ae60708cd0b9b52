//! The log's way to stderr. Under load a line for each request would be a system call for each request, so lines are written
//! together, at most [`PAUSE`] after the first of them. A warning or an error is written at once, with all before it.
use std::{
    io::{self, Write as _},
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const PAUSE: Duration = Duration::from_millis(50);
/// More than this is written at once.
const MOST: usize = 64 << 10;

static LINES: LazyLock<Lines> = LazyLock::new(Lines::default);

#[derive(Default)]
struct Lines {
    waiting: Mutex<Vec<u8>>,
    first_came: Condvar,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self) {
        // The lock is kept meanwhile, so that lines stay in order.
        let mut waiting = self.waiting();
        // Nobody can be told that stderr is gone.
        let _ = io::stderr().write_all(&waiting);
        waiting.clear();
    }

    fn run(&self) {
        loop {
            let waiting = self.waiting();
            let waiting = self.first_came.wait_while(waiting, |waiting| waiting.is_empty());
            drop(waiting.unwrap_or_else(PoisonError::into_inner));
            thread::sleep(PAUSE);
            self.write_all();
        }
    }
}

/// A writer for the log's layer. Without a thread to write later, each line is written at once.
pub(super) fn to_stderr() -> ToStderr {
    let thread = thread::Builder::new().name("log".to_owned()).spawn(|| LINES.run());
    ToStderr { later: thread.is_ok() }
}

/// Writes what waits when it is dropped.
#[derive(Debug)]
pub(super) struct LastLines;

impl Drop for LastLines {
    fn drop(&mut self) {
        LINES.write_all();
    }
}

#[derive(Debug)]
pub(super) struct ToStderr {
    later: bool,
}

impl<'a> MakeWriter<'a> for ToStderr {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { at_once: true }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line {
        Line { at_once: !self.later || *meta.level() <= Level::WARN }
    }
}

/// Takes one line, which the layer hands over in one piece.
#[derive(Debug)]
pub(super) struct Line {
    at_once: bool,
}

impl io::Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = LINES.waiting();
        let first = waiting.is_empty();
        waiting.extend_from_slice(line);
        let much = waiting.len() >= MOST;
        drop(waiting);
        if self.at_once || much {
            LINES.write_all();
        } else if first {
            LINES.first_came.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
