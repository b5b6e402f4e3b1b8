//! `frame` inside a Rust program: the same question as text and as a builder, batches out, and what the run did.

use frame::{Session, col, count, mean};

fn main() -> frame::Result<()> {
    let session = Session::builder().threads(2).memory("256M")?.build()?;

    // 1. As text.
    let mut run = session.query("where value > 1200 | groupby category mean value, count as n").input("data/sales.csv").start()?;
    let mut rows = 0;
    for batch in run.by_ref() {
        rows += batch?.num_rows();
    }
    let report = run.finish()?;
    println!("{rows} categories from {} rows, {} of them filtered", report.rows_read, report.rows_filtered);

    // 2. As a builder: the same plan, so the same text.
    let means = session
        .scan("data/sales.csv")
        .filter(col("value").gt(1200))
        .group_by(["category"])
        .agg([mean("value"), count().named("n")])
        .sort_descending(col("n"))
        .take(3);
    println!("{}", means.to_text());
    for batch in means.start()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = (0..batch.num_columns())
                .map(|column| frame::arrow::util::display::array_value_to_string(batch.column(column), row).unwrap_or_default())
                .collect();
            println!("{}", cells.join("  "));
        }
    }
    Ok(())
}
