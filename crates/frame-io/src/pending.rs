//! Files and folders that take their name when they are complete, and leave nothing behind otherwise.
//!
//! Linux keeps a file without a name until then, so not even `kill -9` leaves one. A folder has a name of its own that only its end removes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Something that is being written beside its place.
#[derive(Debug)]
pub struct Pending {
    temporary: Temporary,
    target: PathBuf,
    is_complete: bool,
}

#[derive(Debug)]
enum Temporary {
    /// Goes with its last handle.
    Nameless(File),
    File(PathBuf),
    Folder {
        place: PathBuf,
        /// The folders and files in it, each behind the folder that it is in.
        within: Vec<PathBuf>,
    },
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
            // Whatever is wrong with the place shows when a file gets a name there, which should be before it is written.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Self::named(target),
            _ => match nameless(&target) {
                Some((file, handle)) => Ok((file, Some(Self { temporary: Temporary::Nameless(handle), target, is_complete: false }))),
                None => Self::named(target),
            },
        }
    }

    fn named(target: PathBuf) -> io::Result<(File, Option<Self>)> {
        let (temporary, file) = beside(&target, |temporary| File::create_new(temporary))?;
        Ok((file, Some(Self { temporary: Temporary::File(temporary), target, is_complete: false })))
    }

    /// Starts a folder that will stand at `path`, where there may be an empty one.
    ///
    /// # Errors
    /// Those of the system.
    pub fn folder(path: &str) -> io::Result<Self> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let (temporary, ()) = beside(&target, |temporary| fs::create_dir(temporary))?;
        Ok(Self { temporary: Temporary::Folder { place: temporary, within: Vec::new() }, target, is_complete: false })
    }

    /// A new file in a pending folder, below `folders`, which are made where they are not there yet.
    ///
    /// # Errors
    /// Those of the system.
    pub fn file_within(&mut self, folders: impl IntoIterator<Item = String>, name: &str) -> io::Result<File> {
        let Temporary::Folder { place, within } = &mut self.temporary else { return Err(io::ErrorKind::NotADirectory.into()) };
        let mut path = place.clone();
        for folder in folders {
            path.push(folder);
            match fs::create_dir(&path) {
                Ok(()) => within.push(path.clone()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        path.push(name);
        let file = File::create_new(&path)?;
        within.push(path);
        Ok(file)
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// Those of the system; then it is removed.
    pub fn complete(mut self) -> io::Result<()> {
        if matches!(self.temporary, Temporary::Folder { .. }) && self.target.is_dir() {
            // Fails for a folder that is not empty.
            fs::remove_dir(&self.target)?;
        }
        match &self.temporary {
            Temporary::Nameless(file) => match name(file, &self.target) {
                // Only a name can take the place of another one.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let (temporary, ()) = beside(&self.target, |temporary| name(file, temporary))?;
                    self.temporary = Temporary::File(temporary.clone());
                    fs::rename(temporary, &self.target)?;
                }
                named => named?,
            },
            Temporary::File(place) | Temporary::Folder { place, .. } => fs::rename(place, &self.target)?,
        }
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_complete {
            // There is nobody left to tell.
            let _ = match &self.temporary {
                Temporary::Nameless(_) => Ok(()),
                Temporary::File(path) => fs::remove_file(path),
                // One by one: to look into a folder takes a file handle, and there may be none left.
                Temporary::Folder { place, within } => {
                    within.iter().rev().for_each(|path| drop(fs::remove_file(path).or_else(|_| fs::remove_dir(path))));
                    fs::remove_dir(place)
                }
            };
        }
    }
}

/// A file without a name in the folder of `target`, and a second handle by which it can get one; `None` where that cannot be.
#[cfg(target_os = "linux")]
fn nameless(target: &Path) -> Option<(File, File)> {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    target.file_name()?;
    let flags = i32::try_from(rustix::fs::OFlags::TMPFILE.bits()).ok()?;
    let file = File::options().write(true).custom_flags(flags).open(folder).ok()?;
    let handle = file.try_clone().ok()?;
    handle_path(&handle).exists().then_some((file, handle))
}

/// Gives a nameless file a name that nothing has yet.
#[cfg(target_os = "linux")]
fn name(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    Ok(linkat(CWD, handle_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// The path that leads to what a handle of this process has open.
#[cfg(target_os = "linux")]
fn handle_path(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<(File, File)> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
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
    fn a_name_that_cannot_be_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), b"x").expect("a file");
        for path in [folder.path().join("none/a.csv"), folder.path().join("a".repeat(300)), folder.path().join("file/a.csv")] {
            assert!(Pending::file(&path.display().to_string()).is_err(), "{}", path.display());
        }
        let (_, named) = Pending::named(folder.path().join("b.csv")).expect("a file");
        assert_eq!(names(folder.path()).len(), 2, "with a name for the time being");
        named.expect("a plain file").complete().expect("a name");
        assert_eq!(names(folder.path()), ["b.csv", "file"]);
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
        if cfg!(target_os = "linux") {
            assert_eq!(names(folder.path()), [""; 0], "a file that is not complete has no name");
        }
        pending.expect("a plain file").complete().expect("a name");
        assert_eq!(fs::read(&path).expect("the file"), b"x");
        assert_eq!(names(folder.path()), ["a.csv"]);

        let (mut file, pending) = Pending::file(&path).expect("a file");
        file.write_all(b"y").expect("a byte");
        assert_eq!(fs::read(&path).expect("the file"), b"x");
        pending.expect("a plain file").complete().expect("the name of another file");
        assert_eq!((fs::read(&path).expect("the file"), names(folder.path())), (b"y".to_vec(), vec!["a.csv".to_owned()]));

        let path = folder.path().join("b").display().to_string();
        let mut pending = Pending::folder(&path).expect("a folder");
        for below in ["c=1", "c=2"] {
            pending.file_within(["b=1".to_owned(), below.to_owned()], "part").expect("a file");
        }
        assert!(pending.file_within(["b=1".to_owned(), "c=2".to_owned()], "part").is_err(), "there is one");
        drop(pending);
        assert_eq!(names(folder.path()), ["a.csv"]);
        let mut pending = Pending::folder(&path).expect("a folder");
        fs::create_dir(&path).expect("an empty folder");
        pending.file_within([], "part").expect("a file");
        pending.complete().expect("a name");
        assert_eq!(names(Path::new(&path)), ["part"]);
        assert!(Pending::folder(&path).expect("a folder").complete().is_err(), "what is there is kept");
        assert_eq!(names(folder.path()), ["a.csv", "b"]);
    }
}
