//! How a command ends when it does not end well.

use std::io;
use std::process::ExitCode;

use frame::Error;

use super::colour::{Colours, bold, red};
use super::stderr::say;

/// Why a command stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of the engine, and the query text it may point into.
    Engine(Error, Option<String>),
    /// Nobody reads the output any more: the quiet end of a pipe.
    ClosedPipe,
    /// What was checked differs from what it should be; nothing more is to be said.
    Difference,
    /// Answers that should be equal are not.
    Verification(String),
}

impl Failure {
    /// Tells the user and gives the documented exit code.
    pub(super) fn exit(self, colours: Colours) -> ExitCode {
        match self {
            Self::Engine(error, query) => {
                say(&coloured(&error.render(query.as_deref()), colours.stderr));
                ExitCode::from(error.exit_code())
            }
            Self::ClosedPipe => ExitCode::SUCCESS,
            Self::Difference => ExitCode::FAILURE,
            Self::Verification(what) => {
                say(&coloured(&format!("error[E0951]: {what}\n"), colours.stderr));
                ExitCode::from(6)
            }
        }
    }

    /// The failure of a write to `path`.
    pub(super) fn write(path: &str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Engine(frame_io::formats::failure(path, &error), None),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error, None)
    }
}

/// An error with its code in red, its message bold, and its carets red.
fn coloured(error: &str, is_on: bool) -> String {
    let Some((message, rest)) = error.split_once('\n') else { return error.to_owned() };
    let Some((code, what)) = message.split_once(": ") else { return error.to_owned() };
    let mut text = format!("{}{}\n", red(code, is_on), bold(&format!(": {what}"), is_on));
    for line in rest.lines() {
        match line.trim_start().starts_with('^') {
            true => {
                let start = line.len() - line.trim_start().len();
                let end = start + line[start..].bytes().take_while(|byte| *byte == b'^').count();
                text.push_str(&format!("{}{}{}\n", &line[..start], red(&line[start..end], is_on), &line[end..]));
            }
            false => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn an_error_without_colour_is_unchanged() {
        let error = "error[E0203]: unknown column `catgory`\n  groupby catgory count\n          ^^^^^^^ did you mean `category`?\n";
        assert_eq!(coloured(error, false), error);
        let red = coloured(error, true);
        assert!(red.starts_with("\u{1b}[1;31merror[E0203]\u{1b}[0m\u{1b}[1m: unknown"), "{red:?}");
        assert!(red.contains("          \u{1b}[1;31m^^^^^^^\u{1b}[0m did you mean"), "{red:?}");
    }
}
