//! `frame help`: the commands, and the words and signs of the query language. All of it is derived from their lists.

use clap::Args;
use frame_core::Spot;
use frame_core::error::nearest;
use frame_expr::aggregates::{self, AggregateFunction};
use frame_expr::scalars::{self, ScalarFunction};
use frame_expr::windows::{self, WindowFunction};
use frame_lang::operators::{self, Operator};
use frame_lang::verbs::{self, Verb};

use super::Result;
use super::input::usage;
use super::output::print;

const EXAMPLES: &str = "Examples:\n  frame help query\n  frame help verbs\n  frame help groupby";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n  frame help functions\n  frame help operators\n  frame help aggregates\n  frame help windows\n  frame help mean\n  frame help between")
)]
pub(super) struct Arguments {
    /// A command, `verbs`, `functions`, `operators`, `aggregates`, `windows`, or the name of one of these
    topic: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = super::command();
    // Knows the names by which commands call themselves in their help.
    command.build();
    let Some(topic) = arguments.topic.as_deref() else {
        return print(&format!("{}\n", command.render_long_help()));
    };
    match topic {
        "verbs" => return print(&all_verbs()),
        "functions" => return print(&all_functions()),
        "operators" => return print(&all_operators()),
        "aggregates" => return print(&all_aggregates()),
        "windows" => return print(&all_windows()),
        _ => {}
    }
    let mut parts = Vec::new();
    if let Some(command) = command.find_subcommand_mut(topic) {
        parts.push(format!("{}\n", command.render_long_help()));
    }
    parts.extend(verbs::find(topic).map(verb));
    parts.extend(aggregates::find(topic).ok().map(aggregate));
    parts.extend(scalars::find(topic).ok().map(function));
    parts.extend(windows::find(topic).ok().map(window));
    parts.extend(operators::find(topic).map(operator));
    parts.extend(Spot::named(topic).map(spot));
    if parts.is_empty() {
        return Err(unknown(topic, &command).into());
    }
    print(&parts.join("\n"))
}

fn unknown(topic: &str, command: &clap::Command) -> frame::Error {
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let words = verbs::ALL.iter().flat_map(|verb| [verb.name].into_iter().chain(verb.aliases.iter().copied()));
    let words = words.chain(aggregates::ALL.iter().map(|aggregate| aggregate.name()));
    let words = words.chain(scalars::ALL.iter().map(|function| function.name()));
    let words = words.chain(windows::ALL.iter().map(|function| function.name()));
    let words = words.chain(operators::ALL.iter().flat_map(|operator| [operator.name].into_iter().chain(operator.aliases.iter().copied())));
    let words = words.chain(Spot::ALL.iter().map(|spot| spot.name()));
    let known: Vec<&str> = commands.chain(words).chain(["verbs", "functions", "operators", "aggregates", "windows"]).collect();
    let hint = match nearest(topic, known) {
        Some(word) => format!("did you mean `frame help {word}`?"),
        None => "frame help verbs, frame help functions, frame help operators, frame help aggregates, frame help windows".to_owned(),
    };
    usage(format!("there is no help on `{topic}`"), &hint)
}

fn also(aliases: &[&str]) -> String {
    if aliases.is_empty() { String::new() } else { format!("Also: {}\n", aliases.join(", ")) }
}

fn verb(verb: &'static Verb) -> String {
    let aliases = also(verb.aliases);
    format!(
        "{} (verb): {}\n\nUsage: {}\n{aliases}\nExample:\n  frame query \"{}\" data/sales.csv\n",
        verb.name, verb.help, verb.usage, verb.example
    )
}

fn aggregate(aggregate: &'static dyn AggregateFunction) -> String {
    let name = aggregate.name();
    format!(
        "{name} (aggregate): {}\n\nExample:\n  frame query \"groupby category {}\" data/sales.csv\n",
        aggregate.help(),
        aggregate.example()
    )
}

fn function(function: &'static dyn ScalarFunction) -> String {
    let (expression, value) = function.example();
    format!("{} (function): {}\n\nExample:\n  {expression} is {value}\n", function.name(), function.help())
}

fn window(function: &'static dyn WindowFunction) -> String {
    let (name, help, example) = (function.name(), function.help(), function.example());
    format!("{name} (window function): {help}\n\nExample:\n  frame query \"derive x = {example}\" data/sales.csv\n")
}

fn operator(operator: &'static Operator) -> String {
    let (name, help, usage, aliases) = (operator.name, operator.help, operator.usage, also(operator.aliases));
    let (expression, value) = operator.example;
    format!("{name} (operator): {help}\n\nUsage: {usage}\n{aliases}\nExample:\n  {expression} is {value}\n")
}

fn spot(spot: Spot) -> String {
    let (name, help) = (spot.name(), spot.help());
    format!(
        "{name} (column): {help}\n\nEvery row of a file has it as long as it is one: behind `groupby` and joins it does not. It comes out only where a\n\
         stage picks it by this name.\n\nExample:\n  frame query \"where id < 3 | select id, {name}\" data/sales.csv\n"
    )
}

fn all_verbs() -> String {
    let lines = verbs::ALL.iter().map(|verb| (verb.name, verb.help)).collect::<Vec<_>>();
    list("A query is a line of verbs with | between them. `frame help VERB` tells more of one.", &lines)
}

fn all_functions() -> String {
    let lines = scalars::ALL.iter().map(|function| (function.name(), function.help())).collect::<Vec<_>>();
    list("Functions of a row's values, for where, derive and select.", &lines)
}

fn all_operators() -> String {
    let lines = operators::ALL.iter().map(|operator| (operator.name, operator.help)).collect::<Vec<_>>();
    let title = "What stands between values, from what binds least to what binds most. `contains`, `starts`, `ends`, `matches` and `like` are\n\
                 functions that stand there too.";
    list(title, &lines)
}

fn all_aggregates() -> String {
    let lines = aggregates::ALL.iter().map(|aggregate| (aggregate.name(), aggregate.help())).collect::<Vec<_>>();
    list("Functions of many rows, for groupby and agg. Nulls are skipped.", &lines)
}

fn all_windows() -> String {
    let lines = windows::ALL.iter().map(|function| (function.name(), function.help())).collect::<Vec<_>>();
    list(
        "Functions of other rows, for derive, where, select and fill: f(x) over (by key order ts rows -6..0). Every aggregate is one too.",
        &lines,
    )
}

fn list(title: &str, lines: &[(&str, &str)]) -> String {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = lines.iter().map(|(name, help)| format!("  {name:width$}  {help}\n")).collect();
    format!("{title}\n\n{lines}")
}
