//! What a URL says: which kind of store, which store, which object.

use frame_core::{Error, QueryError, Result};

use crate::url;

/// The schemes that are read.
const SCHEMES: [(&str, Kind); 9] = [
    ("http", Kind::Web),
    ("https", Kind::Web),
    ("s3", Kind::S3),
    ("s3a", Kind::S3),
    ("gs", Kind::Google),
    ("az", Kind::Azure),
    ("azure", Kind::Azure),
    ("abfs", Kind::Azure),
    ("abfss", Kind::Azure),
];

/// Who keeps the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any server that speaks HTTP.
    Web,
    S3,
    Google,
    Azure,
}

/// A URL in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) kind: Kind,
    /// The URL of the store, `s3://bucket`; of the web, the whole URL, as its query string may be signed.
    pub(super) store: &'a str,
    /// The key of the object, as the store knows it: nothing in it is escaped. Empty on the web.
    pub(super) key: &'a str,
}

impl<'a> Place<'a> {
    /// Takes a URL apart.
    pub(super) fn of(path: &'a str) -> Result<Self> {
        let scheme = url::scheme(path).unwrap_or_default();
        let Some((_, kind)) = SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)) else {
            let error = Error::new(QueryError::Usage(format!("`{path}` is no URL that frame reads")));
            return Err(error.hint("http, https, s3, gs, az, abfs or abfss; or download the file first"));
        };
        let start = scheme.len() + "://".len();
        let end = path[start..].find('/').map_or(path.len(), |slash| start + slash);
        match kind {
            Kind::Web if path[start..path[start..].find(['/', '?', '#']).map_or(path.len(), |mark| start + mark)].contains('@') => {
                let error = Error::new(QueryError::Usage(format!("`{path}` has a name in front of its server, which frame does not send")));
                Err(error.hint("ask for a signed URL, or download the file first"))
            }
            Kind::Web if path.contains(char::is_whitespace) => {
                let error = Error::new(QueryError::Usage("a URL of the web has no spaces".to_owned()));
                Err(error.hint("write %20 for a space"))
            }
            Kind::Web => Ok(Self { kind: *kind, store: path, key: "" }),
            kind => Ok(Self { kind: *kind, store: &path[..end], key: path[end..].trim_start_matches('/') }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let place = |kind, store, key| Ok(Place { kind, store, key });
        assert_eq!(Place::of("s3://b/day=1/a b%2F?.csv"), place(Kind::S3, "s3://b", "day=1/a b%2F?.csv"));
        assert_eq!(Place::of("GS://b"), place(Kind::Google, "GS://b", ""));
        assert_eq!(Place::of("abfss://c@a.dfs.core.windows.net/x/"), place(Kind::Azure, "abfss://c@a.dfs.core.windows.net", "x/"));
        assert_eq!(Place::of("https://h/a.csv?x=a@b"), place(Kind::Web, "https://h/a.csv?x=a@b", ""));
        for wrong in ["ftp://h/a", "file:///a", "http://me:pass@h/a", "http://h/a?x=a b"] {
            assert!(Place::of(wrong).is_err(), "{wrong}");
        }
    }
}
