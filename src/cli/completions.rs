//! `frame completions`: what a shell needs to complete frame's commands and flags.

use clap::Args;
use clap_complete::{Shell, generate};

use super::Result;
use super::output::print;

const EXAMPLES: &str = "Examples:\n  frame completions bash > ~/.local/share/bash-completion/completions/frame\n  \
                        frame completions fish > ~/.config/fish/completions/frame.fish";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n  frame completions zsh > ~/.zfunc/_frame   (with ~/.zfunc in fpath, before compinit)\n  \
                               frame completions powershell >> $PROFILE")
)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut super::command(), "frame", &mut script);
    print(&String::from_utf8_lossy(&script))
}
