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
    /// An operation of the disk failed.
    #[error("cannot {operation} in the spill folder {folder}: {reason}")]
    Failed {
        /// The spill folder.
        folder: String,
        /// What was tried.
        operation: &'static str,
        /// What the system said.
        reason: String,
    },
    /// What came back is not what was written.
    #[error("spilled data in {folder} came back damaged: {reason}")]
    Damaged {
        /// The spill folder.
        folder: String,
        /// What is wrong.
        reason: String,
    },
}

impl DiskError {
    pub(super) fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::Full { .. } => ("E0601", "spill-disk-full"),
            Self::Failed { .. } => ("E0602", "spill-disk-failed"),
            Self::Damaged { .. } => ("E0603", "spill-data-damaged"),
        }
    }

    pub(super) fn advice(&self) -> String {
        let advice = match self {
            Self::Full { .. } => "free room there, name another folder with --spill-dir, or allow more with --memory or --max-spill",
            Self::Failed { .. } => "name another folder with --spill-dir, or allow more memory with --memory",
            Self::Damaged { .. } => "the disk or the memory is failing: name a folder on another disk with --spill-dir",
        };
        advice.to_owned()
    }
}
