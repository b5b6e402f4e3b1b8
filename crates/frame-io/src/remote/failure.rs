//! What a store answers instead of an object, as errors of frame.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use frame_core::{Error, IoError};
use object_store::client::{HttpError, HttpErrorKind};

use super::place::Kind;

/// What the crate writes in front of the status of an answer; its type for that is not public.
const STATUS: &str = "Server returned non-2xx status code: ";

/// The failure of `operation` on the object or the folder `path`.
pub(super) fn of(operation: &'static str, path: &str, kind: Kind, error: &object_store::Error) -> Error {
    let (class, reason) = match error {
        object_store::Error::NotFound { .. } => (ErrorKind::NotFound, reason(error)),
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            (ErrorKind::PermissionDenied, reason(error))
        }
        object_store::Error::NotSupported { .. } => (ErrorKind::Unsupported, "the server does not send parts of a file".to_owned()),
        error => (transport(error), reason(error)),
    };
    let advice = match class {
        ErrorKind::NotFound if kind == Kind::Web => "check the URL",
        ErrorKind::NotFound => "check the URL; one that ends with / stands for all objects below it",
        ErrorKind::PermissionDenied => credentials(kind),
        ErrorKind::Unsupported => "download the file first",
        ErrorKind::TimedOut | ErrorKind::NotConnected => "check the name of the server and the network",
        _ if kind == Kind::Web => "try again later, or download the file first",
        _ => credentials(kind),
    };
    failed(operation, path, class, &reason).hint(advice)
}

/// A folder or a pattern that no object is in.
pub(super) fn nothing(path: &str) -> Error {
    failed("open", path, ErrorKind::NotFound, "no object with bytes fits it")
        .hint("check the URL; `*` stands for what is between two /, `**/` for folders")
}

/// An answer that is not as long as it says.
pub(super) fn wrong_length(path: &str) -> Error {
    failed("read", path, ErrorKind::UnexpectedEof, "the server sent another number of bytes than it was asked for")
}

/// The failure of the runtime itself.
pub(super) fn unstarted(path: &str, error: &io::Error) -> Error {
    Error::new(IoError::new("open", path, error))
}

/// Whether a server that is there refused the request, so that a request of another kind may do.
pub(super) fn is_refused(error: &object_store::Error) -> bool {
    match status(error) {
        Some((status, _)) => !status.starts_with('5') && !status.starts_with("404") || status.starts_with("501"),
        None => transport(error) == ErrorKind::Other,
    }
}

/// Whether all bytes that were asked for lie behind the end.
pub(super) fn is_beyond_end(error: &object_store::Error) -> bool {
    status(error).is_some_and(|(status, _)| status.starts_with("416"))
}

fn failed(operation: &'static str, path: &str, kind: ErrorKind, reason: &str) -> Error {
    Error::new(IoError::new(operation, path, &io::Error::new(kind, reason.to_owned())))
}

/// Where credentials of a store come from.
fn credentials(kind: Kind) -> &'static str {
    match kind {
        Kind::Web => "a signed URL may have expired, or the server wants a name and a password",
        Kind::S3 => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT; AWS_SKIP_SIGNATURE=true for public buckets"
        }
        Kind::Google => "check GOOGLE_SERVICE_ACCOUNT or GOOGLE_APPLICATION_CREDENTIALS; GOOGLE_SKIP_SIGNATURE=true for public buckets",
        Kind::Azure => {
            "check AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN; AZURE_SKIP_SIGNATURE=true for public containers"
        }
    }
}

/// The errors behind an error, the outermost first.
fn chain(error: &object_store::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

/// The status of an answer that was no success, such as `403 Forbidden`, and the code of the store in it, such as `AccessDenied`.
fn status(error: &object_store::Error) -> Option<(String, Option<String>)> {
    let answer = chain(error).map(ToString::to_string).find_map(|text| text.strip_prefix(STATUS).map(str::to_owned))?;
    let (status, body) = answer.split_once(": ").unwrap_or((&answer, ""));
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    Some((status.to_owned(), code.map(|(code, _)| code.to_owned())))
}

/// What the server answered, or what kept it from answering.
fn reason(error: &object_store::Error) -> String {
    match status(error) {
        Some((status, Some(code))) => format!("the server says {status}, {code}"),
        Some((status, None)) => format!("the server says {status}"),
        None => chain(error).last().map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// The class of a failure without an answer.
fn transport(error: &object_store::Error) -> ErrorKind {
    match chain(error).find_map(|error| error.downcast_ref::<HttpError>()).map(HttpError::kind) {
        Some(HttpErrorKind::Timeout) => ErrorKind::TimedOut,
        Some(HttpErrorKind::Connect) => ErrorKind::NotConnected,
        Some(HttpErrorKind::Interrupted | HttpErrorKind::Request) => ErrorKind::ConnectionAborted,
        _ => ErrorKind::Other,
    }
}
