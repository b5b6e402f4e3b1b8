//! Every example prints what stands beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Splits a command line at blanks, with double quotes as a shell has them.
fn words(command: &str) -> Vec<String> {
    let parts = command.trim().split('"').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn commands_print_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python-free-examples");
    let mut examples = 0;
    for entry in fs::read_dir(&folder).expect("the examples") {
        let example = entry.expect("an entry").path();
        let Ok(command) = fs::read_to_string(example.join("command")) else { continue };
        let output = Command::new(env!("CARGO_BIN_EXE_frame"))
            .args(words(&command))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{}: {}", example.display(), String::from_utf8_lossy(&output.stderr));
        let expected = fs::read_to_string(example.join("expected.csv")).expect("an expected output");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", example.display());
        examples += 1;
    }
    assert_eq!(examples, 7);
}

#[test]
fn the_embedding_example_prints_what_is_expected() {
    // Cargo builds examples before it runs tests, beside them.
    let program = Path::new(env!("CARGO_BIN_EXE_frame")).with_file_name("examples").join("embedding");
    let output = Command::new(program).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the example runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("python-free-examples/05-embedding/expected.txt"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected.expect("an expected output"));
}
