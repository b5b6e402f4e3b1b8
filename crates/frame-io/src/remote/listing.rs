//! The objects that a folder or a pattern stands for.

use frame_core::{Error, QueryError, Result};
use futures_util::TryStreamExt;
use glob::{MatchOptions, Pattern};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::place::{Kind, Place};
use crate::url;

/// The marks of patterns.
const MARKS: [char; 3] = ['*', '?', '['];

/// As in patterns of local files: `*` does not go past a `/`, `**` does.
const OPTIONS: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Which keys of a store are wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What all of them begin with: up to the last `/` in front of the first mark of a pattern.
    prefix: String,
    /// `None` for all below the prefix but notes of other programs, which begin with a point or an underscore.
    pattern: Option<Pattern>,
    /// Whether none lies in a folder below the prefix.
    is_flat: bool,
}

impl Wanted {
    /// What a place stands for, if it is more than one object.
    pub(super) fn of(place: &Place<'_>, path: &str) -> Result<Option<Self>> {
        if place.kind == Kind::Web {
            let is_many = url::named(path).contains(['*', '[']) || path.ends_with('/');
            return if is_many { Err(unlisted(path)) } else { Ok(None) };
        }
        let key = place.key;
        let Some(mark) = key.find(MARKS) else {
            let is_folder = key.is_empty() || key.ends_with('/');
            return Ok(is_folder.then(|| Self { prefix: key.to_owned(), pattern: None, is_flat: false }));
        };
        let pattern = Pattern::new(key).map_err(|error| {
            let error = Error::new(QueryError::Usage(format!("the pattern `{path}` cannot be read: {error}")));
            error.hint("for example s3://bucket/sales-*.csv; [[] stands for a bracket")
        })?;
        let prefix = key[..mark].rfind('/').map_or("", |slash| &key[..=slash]);
        Ok(Some(Self { prefix: prefix.to_owned(), pattern: Some(pattern), is_flat: !key[prefix.len()..].contains('/') }))
    }

    /// The keys, in order.
    pub(super) async fn list(self, store: &dyn ObjectStore) -> object_store::Result<Vec<String>> {
        let prefix = Path::parse(&self.prefix)?;
        let objects = match self.is_flat {
            true => store.list_with_delimiter(Some(&prefix)).await?.objects,
            false => store.list(Some(&prefix)).try_collect().await?,
        };
        let mut keys: Vec<String> = objects.iter().filter(|object| self.fits(object)).map(|object| object.location.to_string()).collect();
        keys.sort();
        Ok(keys)
    }

    fn fits(&self, object: &ObjectMeta) -> bool {
        let key = object.location.as_ref();
        object.size > 0
            && match &self.pattern {
                Some(pattern) => pattern.matches_with(key, OPTIONS),
                None => key.strip_prefix(&self.prefix).is_some_and(|rest| !rest.split('/').any(|name| name.starts_with(['.', '_']))),
            }
    }
}

/// A server of the web does not say what it has.
fn unlisted(path: &str) -> Error {
    let error = Error::new(QueryError::Usage(format!("`{path}` stands for several files, and a web server cannot be asked which it has")));
    error.hint("name each file; folders and patterns are for s3://, gs:// and az://")
}
