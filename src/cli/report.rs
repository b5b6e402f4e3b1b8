//! What a run did, for people and for programs.

use frame::{Estimate, Report};

/// Some lines of text.
pub(super) fn text(report: &Report, predicted: Option<&Estimate>) -> String {
    let mut text = format!(
        "rows: {} read = {} kept + {} filtered{}; {} in the answer{}\ntime: {:.3} s; {} bytes read\nmemory: {} bytes reserved at most, {} resident at most\n",
        report.rows_read,
        report.rows_kept,
        report.rows_filtered,
        part(report.rows_rejected, " + ", " rejected"),
        report.rows_out,
        part(report.rows_written, ", ", " written"),
        report.elapsed.as_secs_f64(),
        report.bytes_read,
        report.peak_reserved_bytes,
        resident_peak_bytes().map_or("unknown".to_owned(), |bytes| bytes.to_string()),
    );
    if let Some(predicted) = predicted {
        text.push_str(&format!(
            "predicted: {:.0} rows in the answer or written, {:.0} bytes reserved at most, {:.0} spilled\n",
            predicted.rows, predicted.peak_bytes, predicted.spilled_bytes
        ));
    }
    if report.spilled_bytes > 0 {
        text.push_str(&format!("spilled: {} bytes written, {} on disk at most\n", report.spilled_bytes, report.peak_spilled_bytes));
    }
    if report.derived_rejected > 0 {
        text.push_str(&format!("rejected of the rows of results on the way: {}\n", report.derived_rejected));
    }
    for restart in &report.restarts {
        text.push_str(&format!("began again: {restart}\n"));
    }
    text
}

/// A number that is worth a word unless it is 0.
fn part(number: u64, before: &str, behind: &str) -> String {
    if number == 0 { String::new() } else { format!("{before}{number}{behind}") }
}

/// A JSON object; `version` grows when a field changes its meaning.
pub(super) fn json(report: &Report, predicted: Option<&Estimate>) -> String {
    let predicted = predicted.map_or("null".to_owned(), |predicted| {
        format!(
            "{{\"rows\":{:.0},\"peak_reserved_bytes\":{:.0},\"spilled_bytes\":{:.0},\"unlimited_bytes\":{:.0},\"smallest_limit_bytes\":{:.0}}}",
            predicted.rows, predicted.peak_bytes, predicted.spilled_bytes, predicted.unlimited_bytes, predicted.smallest_limit_bytes
        )
    });
    let restarts: Vec<String> = report.restarts.iter().map(|restart| format!("\"{}\"", escaped(restart))).collect();
    format!(
        "{{\"version\":1,\"rows_read\":{},\"rows_kept\":{},\"rows_filtered\":{},\"rows_rejected\":{},\"derived_rejected\":{},\"rows_out\":{},\"rows_written\":{},\"bytes_read\":{},\"elapsed_seconds\":{:.6},\
         \"peak_reserved_bytes\":{},\"peak_resident_bytes\":{},\"spilled_bytes\":{},\"peak_spilled_bytes\":{},\"predicted\":{predicted},\"restarts\":[{}]}}\n",
        report.rows_read,
        report.rows_kept,
        report.rows_filtered,
        report.rows_rejected,
        report.derived_rejected,
        report.rows_out,
        report.rows_written,
        report.bytes_read,
        report.elapsed.as_secs_f64(),
        report.peak_reserved_bytes,
        resident_peak_bytes().map_or("null".to_owned(), |bytes| bytes.to_string()),
        report.spilled_bytes,
        report.peak_spilled_bytes,
        restarts.join(",")
    )
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// The most memory that this process ever had, as the kernel counts it; `None` where it does not say.
pub(super) fn resident_peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}
