//! `frame config`: the settings, and who says so.

use clap::Args;

use super::Result;
use super::output::print;
use super::settings::{ALL, PROJECT_FILE, Settings};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  frame config --show-origin",
    after_long_help = format!("Example:\n  frame config --show-origin\n\nFlags come before the environment, that before {PROJECT_FILE} of the \
                               current folder or one above it, that before\nframe/config.toml in the user's folder of settings \
                               (~/.config, XDG_CONFIG_HOME; or the file that FRAME_CONFIG names).\n\
                               A file has lines such as\n  memory = \"2G\"\n  threads = 4")
)]
pub(super) struct Arguments {
    /// Show where each value comes from
    #[arg(long)]
    show_origin: bool,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let lines: Vec<[String; 3]> = ALL
        .iter()
        .map(|known| match settings.get(known.key) {
            Some(setting) => [known.key.to_owned(), setting.value.clone(), setting.origin.to_string()],
            None => [known.key.to_owned(), known.default.to_owned(), format!("default ({} is not set)", known.variable)],
        })
        .collect();
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(0), width(1));
    let line = |[key, value, origin]: &[String; 3]| match arguments.show_origin {
        true => format!("{key:keys$}  {value:values$}  {origin}\n"),
        false => format!("{key:keys$}  {value}\n"),
    };
    print(&lines.iter().map(line).collect::<String>())
}
