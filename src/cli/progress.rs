//! A bar on stderr: bytes read, time left. Only on a terminal, and only after half a second.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::{Args, ValueEnum};
use frame::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use super::settings::Settings;

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ProgressFlags {
    /// Show a progress bar on stderr
    #[arg(long, value_name = "WHEN", hide_short_help = true)]
    progress: Option<When>,
    /// Say nothing but errors
    #[arg(short, long, hide_short_help = true)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    On,
    Off,
}

/// The thread that draws; it stops when this is dropped.
pub(super) struct Bar(Option<(Sender<()>, JoinHandle<()>)>);

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// Starts to draw, if someone is there to see it.
pub(super) fn start(flags: &ProgressFlags, settings: &Settings, progress: Progress) -> Bar {
    let from_settings = settings.get("progress").and_then(|setting| When::from_str(&setting.value, true).ok());
    let is_wanted = match flags.progress.or(from_settings).unwrap_or(When::Auto) {
        When::On => true,
        When::Off => false,
        When::Auto => !flags.quiet && stderr().is_terminal(),
    };
    if !is_wanted {
        return Bar(None);
    }
    let (stop, stopped) = channel::<()>();
    let thread = std::thread::spawn(move || {
        let waits = |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        if !waits(Duration::from_millis(500)) {
            return;
        }
        let bar = ProgressBar::new(progress.bytes().1);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left") {
            bar.set_style(style);
        }
        while waits(Duration::from_millis(100)) {
            let (done, total) = progress.bytes();
            bar.set_length(total);
            bar.set_position(done);
        }
        bar.finish_and_clear();
    });
    Bar(Some((stop, thread)))
}
