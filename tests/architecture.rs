//! A package uses only packages further down the line, and the rules of CONVENTIONS.md that a program can check.

#[path = "shared/sources.rs"]
mod sources;

use std::fs;
use std::path::Path;

use sources::sources;

/// Package, and the packages that it may use.
const LAYERS: [(&str, &[&str]); 10] = [
    ("frame-fuzz", &["frame-lang", "frame-plan", "frame-io", "frame-memory", "frame-core"]),
    ("frame-testing", &["frame-plan", "frame-expr", "frame-core"]),
    ("frame-lang", &["frame-plan", "frame-expr", "frame-core"]),
    ("frame-engine", &["frame-plan", "frame-io", "frame-expr", "frame-graph", "frame-memory", "frame-core"]),
    ("frame-plan", &["frame-expr", "frame-core"]),
    ("frame-graph", &["frame-core"]),
    ("frame-io", &["frame-memory", "frame-core"]),
    ("frame-expr", &["frame-core"]),
    ("frame-memory", &["frame-core"]),
    ("frame-core", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn packages_use_only_those_below_them() {
    for (package, allowed) in LAYERS {
        let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml")).expect("a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
        for line in dependencies.lines().filter(|line| line.starts_with("frame-")) {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(allowed.contains(&used), "{package} must not use {used}");
        }
    }
    let packages = fs::read_dir(root().join("crates")).expect("the crates").count();
    assert_eq!(packages, LAYERS.len(), "every package has its layer");
}

#[test]
fn only_tests_use_the_naive_model() {
    let mut folders = vec![root().to_owned()];
    folders.extend(LAYERS.iter().map(|(package, _)| root().join("crates").join(package)));
    for folder in folders {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        for section in manifest.split("\n[").filter(|section| section.contains("\nframe-testing.")) {
            assert!(folder == root() && section.starts_with("dev-dependencies]"), "{} uses frame-testing", folder.display());
        }
    }
}

#[test]
fn rayon_has_one_user() {
    for (package, _) in LAYERS.iter().filter(|(package, _)| *package != "frame-graph") {
        let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml")).expect("a manifest");
        assert!(!manifest.contains("\nrayon"), "{package} uses rayon");
    }
}

#[test]
fn files_say_what_they_are_and_unsafe_stays_where_it_is_named() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("crates"), &mut files);
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        assert!(text.starts_with("//!"), "{name} does not say what it is for");
        assert!(text.lines().count() <= 560, "{name} has two subjects by now");
        assert!(!["util.rs", "utils.rs", "common.rs", "helpers.rs", "misc.rs"].iter().any(|bad| name.ends_with(bad)), "{name}");
        if text.contains("unsafe {") || text.contains("unsafe fn") {
            assert!(architecture.contains(&name), "{name} has unsafe code and ARCHITECTURE.md does not name it");
        }
    }
}
