//! URLs as files: what is refused without asking anyone, and use inside of a program that has a runtime of its own. What servers answer is
//! tested through the command line (`tests/remote` of `frame`).

use std::net::TcpListener;

use frame_core::ErrorKind;
use frame_io::{FileAccess, LocalFiles, RemoteFiles, StoreOptions};
use tokio::runtime::Builder;

fn files() -> RemoteFiles {
    RemoteFiles::new(LocalFiles::default(), StoreOptions::default())
}

#[test]
fn what_is_no_url_of_a_store_is_refused() {
    for wrong in ["ftp://h/a", "file:///a", "http://me:pass@h/a", "http://h/a?x=a b", "://a", "xy://"] {
        let error = files().open(wrong).map(|_| ()).expect_err(wrong);
        let is_local = wrong == "://a";
        assert_eq!(matches!(error.kind(), ErrorKind::Io(_)), is_local, "{error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
}

#[test]
fn a_runtime_of_the_program_is_not_in_the_way() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let files = files();
        let error = files.open(&format!("http://{nobody}/a.csv")).map(|_| ()).expect_err("nobody is there");
        assert!(error.to_string().contains("refused"), "{error}");
    });
}
