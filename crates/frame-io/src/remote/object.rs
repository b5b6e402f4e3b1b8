//! An object of a store as a file: parts of it are fetched when they are asked for.

use std::sync::Arc;

use frame_core::{DataError, Error, Result};
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::failure;
use super::files::Remote;
use super::place::{Kind, Place};
use crate::ReadAt;

/// An object as it was when it was opened.
#[derive(Debug)]
pub(super) struct Object {
    remote: Arc<Remote>,
    store: Arc<dyn ObjectStore>,
    kind: Kind,
    location: Path,
    path: String,
    opened: ObjectMeta,
}

impl Object {
    /// Asks for length and version of the object at `place`, which the user calls `path`.
    pub(super) fn open(remote: &Arc<Remote>, place: &Place<'_>, path: &str) -> Result<Self> {
        let failed = |error| failure::of("open", path, place.kind, &error);
        let store = remote.stores.of(place).map_err(failed)?;
        let location = Path::parse(place.key).map_err(|error| failed(error.into()))?;
        let opened = remote.driver.wait(look(&*store, &location, place.kind)).map_err(|error| failure::unstarted(path, &error))?;
        let opened = opened.map_err(failed)?;
        Ok(Self { remote: remote.clone(), store, kind: place.kind, location, path: path.to_owned(), opened })
    }

    fn changed(&self, reason: impl Into<String>) -> Error {
        Error::new(DataError::Changed { file: self.path.clone(), reason: reason.into() })
    }

    /// Fails if `now` is not the object that was opened.
    fn compare(&self, now: &ObjectMeta) -> Result<()> {
        let opened = &self.opened;
        if now.size != opened.size {
            return Err(self.changed(format!("it had {} bytes, now {}", opened.size, now.size)));
        }
        let is_same = match (&opened.e_tag, &now.e_tag) {
            (Some(opened), Some(now)) => opened == now,
            _ => opened.last_modified == now.last_modified,
        };
        if is_same { Ok(()) } else { Err(self.changed("it was written to")) }
    }

    /// The error of a request that came after the object was opened.
    fn failed(&self, error: &object_store::Error) -> Error {
        match error {
            object_store::Error::NotFound { .. } => self.changed("it is not there any more"),
            object_store::Error::Precondition { .. } => self.changed("it was written to"),
            error if failure::is_beyond_end(error) => self.changed("it is shorter now"),
            error => failure::of("read", &self.path, self.kind, error),
        }
    }

    /// Fills `buffer`, which the object goes on for, from byte `offset` on.
    async fn fetch(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let range = Some(GetRange::Bounded(offset..offset + buffer.len() as u64));
        // A weak tag never matches here; it is compared like all others when the answer comes.
        let if_match = self.opened.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions { range, if_match, ..GetOptions::default() };
        let answer = self.store.get_opts(&self.location, options).await.map_err(|error| self.failed(&error))?;
        self.compare(&answer.meta)?;
        let mut parts = answer.into_stream();
        let mut filled = 0;
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| self.failed(&error))?;
            let room = buffer.get_mut(filled..filled + part.len()).ok_or_else(|| failure::wrong_length(&self.path))?;
            room.copy_from_slice(&part);
            filled += part.len();
        }
        if filled == buffer.len() { Ok(()) } else { Err(failure::wrong_length(&self.path)) }
    }
}

/// Length and version of an object. A server of the web that does not answer `HEAD`, or that signed `GET` alone, is asked for the first byte.
async fn look(store: &dyn ObjectStore, location: &Path, kind: Kind) -> object_store::Result<ObjectMeta> {
    match store.head(location).await {
        Err(error) if kind == Kind::Web && failure::is_refused(&error) => {
            let options = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
            Ok(store.get_opts(location, options).await?.meta)
        }
        answer => answer,
    }
}

impl ReadAt for Object {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let len = self.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
        if len == 0 {
            return Ok(0);
        }
        let done = self.remote.driver.wait(self.fetch(&mut buffer[..len], offset));
        done.map_err(|error| failure::unstarted(&self.path, &error))??;
        Ok(len)
    }

    fn len(&self) -> u64 {
        self.opened.size
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn check_unchanged(&self) -> Result<()> {
        let now = self.remote.driver.wait(look(&*self.store, &self.location, self.kind));
        let now = now.map_err(|error| failure::unstarted(&self.path, &error))?;
        self.compare(&now.map_err(|error| self.failed(&error))?)
    }
}
