//! Programs that tests start.
use std::process::Command;

/// Takes this program's settings out of the environment that a command inherits: those of whoever runs the tests, and the
/// test command's own, are no configuration of the program.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GATEWRIGHT_") {
            command.env_remove(name);
        }
    }
    command
}
