//! An estimate as text: a line for each operator, and what it comes to.

use std::fmt;

use super::outcome::{Estimate, OperatorEstimate};

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>11}  {:>10}  {:>10}  {:>10}  operator", "rows", "bytes", "memory", "spilled")?;
        for operator in &self.operators {
            writeln!(f, "{operator}")?;
        }
        let (peak, limit) = (size(self.peak_bytes), size(self.limit_bytes as f64));
        match self.spilled_bytes > 0.0 {
            false => writeln!(f, "memory: about {peak} at most of {limit}; nothing goes to disk")?,
            true => {
                let all = size(self.unlimited_bytes);
                writeln!(
                    f,
                    "memory: about {peak} at most of {limit}, {all} without a limit; about {} go to disk",
                    size(self.spilled_bytes)
                )?;
            }
        }
        writeln!(f, "smallest limit that is enough: about {}", size(self.smallest_limit_bytes))
    }
}

impl fmt::Display for OperatorEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = format!("{}{}", if self.is_exact { "" } else { "~" }, count(self.rows, self.is_exact));
        let some = |bytes: f64| if bytes > 0.0 { size(bytes) } else { "-".to_owned() };
        let (bytes, state, spilled) = (size(self.bytes), some(self.state_bytes), some(self.spilled_bytes));
        write!(f, "{rows:>11}  {bytes:>10}  {state:>10}  {spilled:>10}  {}{}", "  ".repeat(self.depth), self.text)
    }
}

/// A number of rows: in two digits if it is a guess.
fn count(rows: f64, is_exact: bool) -> String {
    let rows = rows.max(0.0).round();
    let unit = if is_exact || rows < 100.0 { 1.0 } else { 10_f64.powf(rows.log10().floor() - 1.0) };
    format!("{:.0}", (rows / unit).round() * unit)
}

/// Bytes in two digits.
pub(super) fn size(bytes: f64) -> String {
    let (mut number, mut unit) = (bytes.max(0.0), "B");
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if number < 999.5 {
            break;
        }
        (number, unit) = (number / 1024.0, next);
    }
    if number < 9.95 && unit != "B" { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
}
