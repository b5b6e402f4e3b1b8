//! The `frame` command. Reads the environment, and nothing else; the rest is in `cli`.

mod allocator;
mod baseline;
mod cli;
mod generate;

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // A panic becomes an error: in a task at its edge, elsewhere here. The message is told once, by the error.
    if variable("RUST_BACKTRACE").is_none() {
        set_hook(Box::new(|_| {}));
    }
    let environment = cli::Environment {
        threads: variable("FRAME_THREADS"),
        memory: variable("FRAME_MEMORY"),
        tmpdir: variable("FRAME_TMPDIR"),
        system_tmpdir: variable("TMPDIR"),
        progress: variable("FRAME_PROGRESS"),
        config: variable("FRAME_CONFIG"),
        config_home: variable("XDG_CONFIG_HOME"),
        home: variable("HOME"),
        no_color: variable("NO_COLOR"),
        clicolor: variable("CLICOLOR"),
        clicolor_force: variable("CLICOLOR_FORCE"),
        force_color: variable("FORCE_COLOR"),
        term: variable("TERM"),
    };
    catch_unwind(AssertUnwindSafe(|| cli::main(&environment))).unwrap_or_else(|panic| cli::stopped(panic.as_ref()))
}
