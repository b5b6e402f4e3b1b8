//! The kept inputs of every fuzz target, `corpus/TARGET/*`, each also cut in half and with a bit flipped.
//!
//! An input that a fuzzer has failed for goes into the folder of its target.

use std::fs;
use std::path::Path;

use frame_fuzz::TARGETS;

#[test]
fn kept_inputs_hold() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    assert_eq!(fs::read_dir(&corpus).expect("the corpus").count(), TARGETS.len(), "every target has a folder and nothing else has");
    for (name, run) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(corpus.join(name)).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        assert!(files.len() >= 10, "{name} has {} inputs", files.len());
        for file in files {
            let bytes = fs::read(&file).expect("an input");
            eprintln!("{}", file.display());
            run(&bytes);
            run(&bytes[..bytes.len() / 2]);
            if let Some(at) = bytes.len().checked_sub(1) {
                let mut flipped = bytes;
                flipped[at * 2 / 3] ^= 4;
                run(&flipped);
            }
        }
    }
}
