//! Which file a path leads to, whatever it is called: paths, links and hard links to one file are the same.

use std::fs;
use std::path::Path;

/// The file that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Device and number of the file.
    #[cfg(unix)]
    node: (u64, u64),
    /// The path without links.
    #[cfg(not(unix))]
    place: std::path::PathBuf,
}

impl Identity {
    /// The file at `path`; `None` if there is none that can be looked at.
    pub fn of(path: impl AsRef<Path>) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let metadata = fs::metadata(path).ok()?;
            Some(Self { node: (metadata.dev(), metadata.ino()) })
        }
        #[cfg(not(unix))]
        {
            Some(Self { place: fs::canonicalize(path).ok()? })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_itself_under_every_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two, link) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("link"));
        fs::write(&one, "x").expect("a file");
        fs::write(&two, "x").expect("a file");
        fs::hard_link(&one, &link).expect("a link");
        assert_eq!(Identity::of(&one), Identity::of(folder.path().join(".").join("one")));
        assert_ne!(Identity::of(&one), Identity::of(&two));
        #[cfg(unix)]
        assert_eq!(Identity::of(&one), Identity::of(&link));
        assert_eq!(Identity::of(folder.path().join("none")), None);
    }
}
