//! A small server on loopback for the tests of URLs: files of the web, and as much of S3 as is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Keys in one answer of a listing, few so that there are several.
const PAGE: usize = 2;

/// What the server does beside its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Proper,
    /// Answers `GET` alone, as for a URL that was signed for it.
    GetOnly,
    /// Sends the whole file whatever is asked for.
    IgnoresRanges,
    /// Answers everything with this status.
    Refuses(u16),
    /// Answers the first requests, so many of them, with 500.
    Stumbles(usize),
    /// After so many requests the files have other tags.
    Rewrites(usize),
    /// As before, and the server does not look at `If-Match`.
    RewritesQuietly(usize),
    /// After so many requests the files have a byte more; nothing has a tag.
    Grows(usize),
    /// After so many requests the files are gone.
    Removes(usize),
    /// Ends each body in its middle.
    Breaks,
    /// Wants requests that are signed by `reader`, as S3 does.
    Signed,
}

/// Serves until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    manner: Manner,
    requests: AtomicUsize,
    log: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Server {
    /// Serves files by their paths, which begin with `/` (in S3 with `/bucket/`).
    pub(crate) fn start(manner: Manner, files: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let files = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect();
        let shared = Shared { files, manner, requests: AtomicUsize::new(0), log: Mutex::default(), is_over: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let address = listener.local_addr().expect("an address");
        let serving = shared.clone();
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let serving = serving.clone();
                // Who hangs up early is no concern of the server.
                thread::spawn(move || stream.map(|stream| serving.serve(stream)));
            }
        });
        Self { address, shared, listener: Some(listener) }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far: method and target.
    pub(crate) fn log(&self) -> Vec<String> {
        self.shared.log.lock().expect("the log").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            listener.join().expect("the server ends");
        }
    }
}

/// A request without its body.
struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

impl Request {
    fn read(stream: &TcpStream) -> Option<(Self, String)> {
        let mut lines = BufReader::new(stream).lines();
        let line = lines.next()?.ok()?;
        let (method, rest) = line.split_once(' ')?;
        let target = rest.split(' ').next()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |part: &str| part.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
        let headers = lines.map_while(|line| line.ok().filter(|line| !line.is_empty()));
        let headers =
            headers.filter_map(|line| Some((line.split_once(':')?.0.to_ascii_lowercase(), line.split_once(':')?.1.trim().to_owned())));
        let logged = format!("{method} {target}");
        let (query, headers) = (query.split('&').filter_map(pair).collect(), headers.collect());
        Some((Self { method: method.to_owned(), path: decoded(path), query, headers }, logged))
    }

    /// First byte and the one behind the last.
    fn range(&self, len: usize) -> Option<(usize, usize)> {
        let (start, last) = self.headers.get("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((start.parse().ok()?, last.parse::<usize>().ok()?.saturating_add(1).min(len)))
    }
}

/// Status, headers, body.
type Answer = (u16, String, Vec<u8>);

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let Some((request, logged)) = Request::read(&stream) else { return };
        self.log.lock().expect("the log").push(logged);
        let (status, headers, body) = self.answer(&request, self.requests.fetch_add(1, Ordering::Relaxed));
        let head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        let sent = match self.manner {
            _ if request.method == "HEAD" => 0,
            Manner::Breaks => body.len() / 2,
            _ => body.len(),
        };
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..sent]));
    }

    fn answer(&self, request: &Request, before: usize) -> Answer {
        match self.manner {
            Manner::Refuses(status) => return (status, String::new(), Vec::new()),
            Manner::Stumbles(times) if before < times => return (500, String::new(), Vec::new()),
            Manner::GetOnly if request.method != "GET" => return (403, String::new(), Vec::new()),
            Manner::Removes(after) if before >= after => return (404, String::new(), Vec::new()),
            Manner::Signed => {
                let signed = request.headers.get("authorization").is_some_and(|by| by.contains("Credential=reader/"));
                if !signed {
                    return (403, String::new(), b"<Error><Code>AccessDenied</Code></Error>".to_vec());
                }
            }
            _ => {}
        }
        if request.query.contains_key("list-type") {
            return (200, "Content-Type: application/xml\r\n".to_owned(), self.listing(request).into_bytes());
        }
        match self.files.get(&request.path) {
            Some(bytes) => self.file(request, bytes, before),
            None => (404, String::new(), Vec::new()),
        }
    }

    fn file(&self, request: &Request, bytes: &[u8], before: usize) -> Answer {
        let (is_changed, has_tags) = match self.manner {
            Manner::Rewrites(after) | Manner::RewritesQuietly(after) => (before >= after, true),
            Manner::Grows(after) => (before >= after, false),
            _ => (false, true),
        };
        let tag = if is_changed { "\"second\"" } else { "\"first\"" };
        let mut bytes = bytes.to_vec();
        if is_changed && !has_tags {
            bytes.push(b'\n');
        }
        let mut headers = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nAccept-Ranges: bytes\r\n".to_owned();
        if has_tags {
            headers.push_str(&format!("ETag: {tag}\r\n"));
        }
        let is_other = request.headers.get("if-match").is_some_and(|wanted| wanted != tag);
        if is_other && !matches!(self.manner, Manner::RewritesQuietly(_)) {
            return (412, String::new(), Vec::new());
        }
        match request.range(bytes.len()) {
            Some(_) if self.manner == Manner::IgnoresRanges => (200, headers, bytes),
            Some((start, _)) if start >= bytes.len() => (416, String::new(), Vec::new()),
            Some((start, end)) => {
                headers.push_str(&format!("Content-Range: bytes {start}-{}/{}\r\n", end - 1, bytes.len()));
                (206, headers, bytes[start..end].to_vec())
            }
            None => (200, headers, bytes),
        }
    }

    /// `ListObjectsV2` of a bucket.
    fn listing(&self, request: &Request) -> String {
        let asked = |name: &str| request.query.get(name).map_or("", String::as_str);
        let (prefix, delimiter, token) = (asked("prefix"), asked("delimiter"), asked("continuation-token"));
        let bucket = format!("{}/", request.path.trim_end_matches('/'));
        let is_wanted = |key: &&str| {
            let below = key.strip_prefix(prefix);
            *key > token && below.is_some_and(|below| delimiter.is_empty() || !below.contains(delimiter))
        };
        let keys: Vec<&str> = self.files.keys().filter_map(|path| path.strip_prefix(&bucket)).filter(is_wanted).collect();
        let mut text = "<ListBucketResult>".to_owned();
        for key in keys.iter().take(PAGE) {
            let size = self.files[&format!("{bucket}{key}")].len();
            let stamp = "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"first\"</ETag>";
            write!(text, "<Contents><Key>{key}</Key>{stamp}<Size>{size}</Size></Contents>").expect("text");
        }
        if keys.len() > PAGE {
            write!(text, "<NextContinuationToken>{}</NextContinuationToken>", keys[PAGE - 1]).expect("text");
        }
        text + "</ListBucketResult>"
    }
}

/// Text without percent signs in front of codes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).expect("UTF-8")
}
