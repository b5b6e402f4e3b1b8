//! The `frame` command. Reads the environment, and nothing else; the rest is in `cli`.

mod baseline;
mod cli;
mod generate;

use std::process::ExitCode;

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    cli::main(cli::Environment {
        threads: variable("FRAME_THREADS"),
        memory: variable("FRAME_MEMORY"),
        progress: variable("FRAME_PROGRESS"),
    })
}
