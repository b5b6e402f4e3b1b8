//! The spill disk: full or failing.

/// What is wrong with the disk that spilled data goes to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// No room is left, by the file system or by `--max-spill`.
    #[error("no room left for spilling in {folder}: {reason}")]
    Full {
        /// The spill folder.
        folder: String,
        /// What the system said.
        reason: String,
    },
}

impl DiskError {
    pub(super) fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::Full { .. } => ("E0601", "spill-disk-full"),
        }
    }

    pub(super) fn advice(&self) -> String {
        "free room there, or name another folder with --spill-dir".to_owned()
    }
}
