//! How a command ends when it does not end well.

use std::io;
use std::process::ExitCode;

use frame::Error;
use frame_core::IoError;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of the engine, and the query text it may point into.
    Engine(Error, Option<String>),
    /// Nobody reads the output any more: the quiet end of a pipe.
    ClosedPipe,
    /// Answers that should be equal are not.
    Verification(String),
}

impl Failure {
    /// Tells the user and gives the documented exit code.
    pub(crate) fn exit(self) -> ExitCode {
        match self {
            Self::Engine(error, query) => {
                eprint!("{}", error.render(query.as_deref()));
                ExitCode::from(error.exit_code())
            }
            Self::ClosedPipe => ExitCode::SUCCESS,
            Self::Verification(what) => {
                eprintln!("error[E0951]: {what}");
                ExitCode::from(6)
            }
        }
    }

    /// The failure of a write to `path`.
    pub(crate) fn write(path: &str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Engine(Error::new(IoError::new("write", path, &error)), None),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error, None)
    }
}
