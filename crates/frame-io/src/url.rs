//! Paths that are URLs, as far as every build knows them. Nothing is fetched here.

use frame_core::{Error, QueryError, Result};

/// Whether a path is a URL: letters, then `://`. A file of such a name is found behind `./`.
pub fn is_url(path: &str) -> bool {
    scheme(path).is_some()
}

/// What stands in front of `://`. A single letter is a drive.
pub(crate) fn scheme(path: &str) -> Option<&str> {
    let scheme = path.split_once("://")?.0;
    (scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))).then_some(scheme)
}

/// Whether a path is a URL of the web, which has a query string behind its name.
pub(crate) fn is_web(path: &str) -> bool {
    scheme(path).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// The part of a path that names a file: a URL of the web without its query string.
///
/// ```
/// use frame_io::url::named;
///
/// assert_eq!((named("http://h/a.csv.gz?sig=x"), named("s3://b/a?.csv"), named("a?b.csv")), ("http://h/a.csv.gz", "s3://b/a?.csv", "a?b.csv"));
/// ```
pub fn named(path: &str) -> &str {
    if is_web(path) { &path[..path.find(['?', '#']).unwrap_or(path.len())] } else { path }
}

/// Refuses a URL where only local files are read.
pub(crate) fn check_input(path: &str) -> Result<()> {
    if !is_url(path) {
        return Ok(());
    }
    let error = Error::new(QueryError::Usage(format!("`{path}` is a URL; this build of frame reads local files only")));
    Err(error.hint("build it with `--features remote`, or download the file first"))
}

/// Refuses a URL as a place to write to: no build writes to one.
///
/// # Errors
/// `QueryError::Usage`.
pub fn check_output(path: &str) -> Result<()> {
    if !is_url(path) {
        return Ok(());
    }
    let error = Error::new(QueryError::Usage(format!("`{path}` is a URL; frame writes local files only")));
    Err(error.hint("write to a file, then copy it there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        for url in ["http://h/a", "s3://b/k", "abfss://c@a.dfs.core.windows.net/k", "x+y://"] {
            assert!(is_url(url) && check_input(url).is_err() && check_output(url).is_err(), "{url}");
        }
        for path in ["a.csv", "./http://h", "/a/b://c", "c://a", "://", "http:/h", "-"] {
            assert!(!is_url(path) && check_input(path).is_ok() && check_output(path).is_ok(), "{path}");
        }
    }
}
