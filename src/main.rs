//! tmp
use std::io::Write;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threads: usize = std::env::var("FRAME_THREADS").ok().and_then(|t| t.parse().ok()).unwrap_or(2);
    let s = frame::Session::builder().threads(threads).build().unwrap();
    let mut input = frame::Input { path: args[2].clone(), ..Default::default() };
    if args[2].ends_with(".txt") {
        input.csv =
            frame::CsvOptions { delimiter: Some(b';'), no_headers: true, names: vec!["station".into(), "temp".into()], types: vec![] };
    }
    let q = s.query(args[1].clone()).input_with(input);
    if std::env::var("EXPLAIN").is_ok() {
        match q.explain() {
            Ok(t) => println!("{t}"),
            Err(e) => println!("{}", e.render(Some(&args[1]))),
        }
        return;
    }
    let r = (|| -> frame::Result<()> {
        let mut run = q.start()?;
        let mut out = std::io::stdout().lock();
        for b in run.by_ref() {
            let b = b?;
            for r in 0..b.num_rows() {
                let row: Vec<_> =
                    (0..b.num_columns()).map(|c| frame::arrow::util::display::array_value_to_string(b.column(c), r).unwrap()).collect();
                writeln!(out, "{}", row.join(",")).unwrap();
            }
        }
        eprintln!("{:?}", run.finish()?);
        Ok(())
    })();
    if let Err(e) = r {
        eprint!("{}", e.render(Some(&args[1])));
        std::process::exit(e.exit_code().into());
    }
}
