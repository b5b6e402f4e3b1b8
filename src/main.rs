//! The `frame` command. Reads the environment, and nothing else; the rest is in `cli`.

mod allocator;
mod baseline;
mod cli;
#[cfg(target_os = "linux")]
mod code;
mod generate;

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // A panic becomes an error: in a task at its edge, elsewhere here. The message is told once, by the error.
    if variable("RUST_BACKTRACE").is_none() {
        set_hook(Box::new(|_| {}));
    }
    let of_stores = |name: &str| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|start| name.starts_with(start));
    let store_variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let environment = cli::Environment {
        store_options: store_variables.filter(|(name, _)| cfg!(feature = "remote") && of_stores(name)).collect(),
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
