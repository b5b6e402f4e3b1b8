//! Files and folders that take their name when they are complete, and leave nothing behind otherwise.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Something that is being written beside its place.
#[derive(Debug)]
pub struct Pending {
    temporary: PathBuf,
    target: PathBuf,
    is_folder: bool,
    is_complete: bool,
}

impl Pending {
    /// Starts a file that will stand at `path`; a link is followed: the file that it names is replaced, not the link. What is there and
    /// no plain file (a device, a named pipe) is opened as it is, and nothing is pending.
    ///
    /// # Errors
    /// Those of the system; `IsADirectory` for a folder.
    pub fn file(path: &str) -> io::Result<(File, Option<Self>)> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(metadata) if !metadata.is_file() => Ok((File::options().write(true).open(&target)?, None)),
            _ => {
                let (temporary, file) = beside(&target, |temporary| File::create_new(temporary))?;
                Ok((file, Some(Self { temporary, target, is_folder: false, is_complete: false })))
            }
        }
    }

    /// Starts a folder that will stand at `path`, where there may be an empty one.
    ///
    /// # Errors
    /// Those of the system.
    pub fn folder(path: &str) -> io::Result<Self> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let (temporary, ()) = beside(&target, |temporary| fs::create_dir(temporary))?;
        Ok(Self { temporary, target, is_folder: true, is_complete: false })
    }

    /// Where it stands until it is complete.
    pub fn place(&self) -> &Path {
        &self.temporary
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// Those of the system; then it is removed.
    pub fn complete(mut self) -> io::Result<()> {
        if self.is_folder && self.target.is_dir() {
            // Fails for a folder that is not empty.
            fs::remove_dir(&self.target)?;
        }
        fs::rename(&self.temporary, &self.target)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_complete {
            // There is nobody left to tell.
            let _ = if self.is_folder { fs::remove_dir_all(&self.temporary) } else { fs::remove_file(&self.temporary) };
        }
    }
}

/// Creates something under a new name beside `target`.
fn beside<T>(target: &Path, create: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let Some(name) = target.file_name() else { return Err(io::Error::from(io::ErrorKind::InvalidInput)) };
    let mut number = 0_u32;
    loop {
        let temporary = target.with_file_name(format!(".{}.{}.{number}.tmp", name.to_string_lossy(), std::process::id()));
        match create(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => number += 1,
            result => return result.map(|created| (temporary, created)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_there_before_it_is_complete_or_when_it_never_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv").display().to_string();
        let (mut file, pending) = Pending::file(&path).expect("a file");
        let (_, second) = Pending::file(&path).expect("a second file");
        file.write_all(b"x").expect("a byte");
        assert!(!Path::new(&path).exists());
        drop(second);
        pending.expect("a plain file").complete().expect("a name");
        assert_eq!(fs::read(&path).expect("the file"), b"x");
        assert_eq!(names(folder.path()), ["a.csv"]);

        let path = folder.path().join("b").display().to_string();
        let pending = Pending::folder(&path).expect("a folder");
        fs::write(pending.place().join("part"), b"x").expect("a file");
        drop(pending);
        assert_eq!(names(folder.path()), ["a.csv"]);
        let pending = Pending::folder(&path).expect("a folder");
        fs::create_dir(&path).expect("an empty folder");
        fs::write(pending.place().join("part"), b"x").expect("a file");
        pending.complete().expect("a name");
        assert_eq!(names(Path::new(&path)), ["part"]);
        assert!(Pending::folder(&path).expect("a folder").complete().is_err(), "what is there is kept");
        assert_eq!(names(folder.path()), ["a.csv", "b"]);
    }
}
