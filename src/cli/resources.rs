//! The flags that say what a command may use: threads, memory, sizes.

use clap::Args;
use frame::{Result, Session, parse_size};

use super::input::usage;
use super::settings::Settings;

/// The most threads: more than any machine has processors.
const THREADS_MAX: usize = 1024;

/// What the command may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Resources")]
pub(super) struct ResourceFlags {
    /// Threads (default: one per processor)
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,
    /// Memory limit: 512M, 1.5G, 50% (default: 80% of the machine)
    #[arg(short, long, value_name = "SIZE")]
    memory: Option<String>,
    /// Folder for what does not fit into memory (default: FRAME_TMPDIR, TMPDIR, /var/tmp)
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    spill_dir: Option<String>,
    /// The most bytes in that folder at once: 20G (default: no limit)
    #[arg(long, value_name = "SIZE", hide_short_help = true)]
    max_spill: Option<String>,
    /// The most rows of a batch; no answer depends on it
    #[arg(long, value_name = "N", hide_short_help = true)]
    batch_rows: Option<usize>,
    /// Bytes of a CSV file in a partition; no answer depends on it
    #[arg(long, value_name = "SIZE", hide_short_help = true)]
    partition_size: Option<String>,
    /// Run the plan as it is written
    #[arg(long, hide_short_help = true)]
    no_optimize: bool,
}

impl ResourceFlags {
    /// A session as the flags, and behind them the settings, say.
    pub(super) fn session(&self, settings: &Settings) -> Result<Session> {
        let mut builder = Session::builder().optimize(!self.no_optimize).process_limit(crate::allocator::trim);
        builder = builder.store_options(settings.store_options.clone());
        let from_settings = || {
            let setting = settings.get("threads")?;
            let wrong = || usage(format!("{} says `{}` threads", setting.origin, setting.value), "a number of threads, such as 4");
            Some(setting.value.parse().map_err(|_| wrong()))
        };
        if let Some(threads) = self.threads.map(Ok).or_else(from_settings).transpose()? {
            if threads == 0 {
                return Err(usage("there must be at least one thread".to_owned(), "-j 1"));
            }
            if threads > THREADS_MAX {
                return Err(usage(
                    format!("{threads} threads are more than {THREADS_MAX}"),
                    "as many as there are processors is best: leave -j out",
                ));
            }
            builder = builder.threads(threads);
        }
        let from_settings = || settings.get("memory").map(|setting| setting.value.as_str());
        if let Some(memory) = self.memory.as_deref().or_else(from_settings) {
            builder = builder.memory(memory)?;
        }
        let from_settings = || settings.get("tmpdir").map(|setting| setting.value.as_str());
        if let Some(folder) = self.spill_dir.as_deref().or_else(from_settings).or(settings.temporary.as_deref()) {
            builder = builder.spill_dir(folder);
        }
        if let Some(size) = &self.max_spill {
            builder = builder.max_spill_bytes(parse_size(size)? as u64);
        }
        if let Some(rows) = self.batch_rows {
            builder = builder.batch_rows(rows);
        }
        if let Some(size) = &self.partition_size {
            builder = builder.partition_bytes(parse_size(size)? as u64);
        }
        let session = builder.build()?;
        crate::allocator::fit(session.memory_bytes());
        Ok(session)
    }
}
