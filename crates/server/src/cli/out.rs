//! Where commands write. A reader that has gone away (`| head`) is no error.
use std::io::{self, Write as _};

/// Writes a text to stdout as it is.
pub fn write_out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes a line to stderr.
pub(super) fn write_err(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
