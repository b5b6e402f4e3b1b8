//! Whether, and how, text for people is coloured.

use std::io::{IsTerminal, stderr, stdout};

use clap::ValueEnum;

use super::Environment;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whether the two streams are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
}

impl Colours {
    /// The flag decides, then the environment, then whether someone is there to see it.
    pub(super) fn new(flag: When, environment: &Environment) -> Self {
        let choice = match flag {
            When::Always => Some(true),
            When::Never => Some(false),
            When::Auto => wish(environment),
        };
        Self { stdout: choice.unwrap_or_else(|| stdout().is_terminal()), stderr: choice.unwrap_or_else(|| stderr().is_terminal()) }
    }
}

/// What the environment asks for; `None` where it leaves the choice to the terminal.
pub(super) fn wish(environment: &Environment) -> Option<bool> {
    let is_on = |value: &Option<String>| value.as_deref().is_some_and(|value| value != "0");
    if environment.no_color.is_some() {
        return Some(false);
    }
    if is_on(&environment.clicolor_force) || is_on(&environment.force_color) {
        return Some(true);
    }
    let is_off = environment.clicolor.as_deref() == Some("0") || environment.term.as_deref() == Some("dumb");
    is_off.then_some(false)
}

/// A text in bold letters.
pub(super) fn bold(text: &str, is_on: bool) -> String {
    styled(text, "1", is_on)
}

/// A text that stands back.
pub(super) fn dim(text: &str, is_on: bool) -> String {
    styled(text, "2", is_on)
}

/// A text that is an error.
pub(super) fn red(text: &str, is_on: bool) -> String {
    styled(text, "1;31", is_on)
}

fn styled(text: &str, style: &str, is_on: bool) -> String {
    if is_on && !text.is_empty() { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_honoured_in_order() {
        let some = |text: &str| Some(text.to_owned());
        let none = Environment::default;
        assert_eq!(wish(&none()), None);
        assert_eq!(wish(&Environment { no_color: some("1"), force_color: some("1"), ..none() }), Some(false), "NO_COLOR wins");
        assert_eq!(wish(&Environment { clicolor_force: some("1"), clicolor: some("0"), ..none() }), Some(true));
        assert_eq!(wish(&Environment { force_color: some("0"), ..none() }), None);
        assert_eq!(wish(&Environment { clicolor: some("0"), ..none() }), Some(false));
        assert_eq!(wish(&Environment { term: some("dumb"), ..none() }), Some(false));
        let forced = Environment { force_color: some("1"), ..none() };
        assert!(!Colours::new(When::Never, &forced).stdout, "a flag comes before the environment");
    }
}
