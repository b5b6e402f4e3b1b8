//! Files of the system and, by their URLs, objects of stores.

use std::sync::Arc;

use frame_core::Result;

use super::driver::Driver;
use super::object::Object;
use super::place::Place;
use super::stores::Stores;
use super::{failure, listing};
use crate::{FileAccess, LocalFiles, ReadAt, StoreOptions, url};

/// Reads paths as [`LocalFiles`] does, and URLs (`http`, `https`, `s3`, `gs`, `az`, `abfs`, `abfss`) from where they lead.
///
/// An object is read piece by piece, one request for each, as large as its reader asks: a chunk of text, a column of a row group of Parquet.
/// There is no reading ahead, so over a slow network a scan is as fast as its threads have requests under way. Beside the buffer of the
/// caller only what a connection has received is held. A failed request is tried again for a while.
///
/// The runtime and the connections are made when the first URL is met.
#[derive(Debug)]
pub struct RemoteFiles {
    local: LocalFiles,
    remote: Arc<Remote>,
}

/// What all objects share.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) driver: Driver,
    pub(super) stores: Stores,
}

impl RemoteFiles {
    /// Paths are read by `local`; stores are reached with `options`.
    pub fn new(local: LocalFiles, options: StoreOptions) -> Self {
        Self { local, remote: Arc::new(Remote { driver: Driver::default(), stores: Stores::new(options) }) }
    }
}

impl FileAccess for RemoteFiles {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        if !url::is_url(path) {
            return self.local.open(path);
        }
        Ok(Arc::new(Object::open(&self.remote, &Place::of(path)?, path)?))
    }

    /// The objects that a URL stands for: itself; all whose keys begin with it if it ends with `/`; those that fit if it is a pattern. In
    /// either case objects without bytes, which some stores keep for folders, are left out. On the web a URL stands for itself, and
    /// `?` begins its query string.
    fn expand(&self, path: &str) -> Result<Vec<String>> {
        if !url::is_url(path) {
            return self.local.expand(path);
        }
        let place = Place::of(path)?;
        let Some(wanted) = listing::Wanted::of(&place, path)? else { return Ok(vec![path.to_owned()]) };
        let store = self.remote.stores.of(&place).map_err(|error| failure::of("open", path, place.kind, &error))?;
        let listed = self.remote.driver.wait(wanted.list(&*store)).map_err(|error| failure::unstarted(path, &error))?;
        let keys = listed.map_err(|error| failure::of("list", path, place.kind, &error))?;
        if keys.is_empty() {
            return Err(failure::nothing(path));
        }
        Ok(keys.into_iter().map(|key| format!("{}/{key}", place.store)).collect())
    }
}
