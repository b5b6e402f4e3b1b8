//! What is secret in the URLs of a text: passwords, and the values of a query string, which may be keys and signatures.

use std::ops::Range;

/// What may stand right behind a URL in a sentence or a query.
const BEHIND: [char; 7] = ['\'', '"', '`', ')', ',', '.', ':'];

/// `text` with a mark instead of each secret of a URL in it.
///
/// ```
/// use frame_core::error::without_secrets;
///
/// assert_eq!(without_secrets("cannot open https://h/a.csv?id=7&sig=abc: no"), "cannot open https://h/a.csv?id=…&sig=…: no");
/// ```
pub fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets(text) {
        shown.push_str(&text[from..secret.start]);
        shown.push('…');
        from = secret.end;
    }
    shown.push_str(&text[from..]);
    shown
}

/// The stretches of `text` that are secret, in order. A URL ends with white space.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut end = 0;
    for (colon, mark) in text.match_indices("://") {
        if colon < end {
            continue;
        }
        let start = colon + mark.len();
        end = text[start..].find(char::is_whitespace).map_or(text.len(), |len| start + len);
        let url = text[start..end].trim_end_matches(BEHIND);
        let scheme = text[..colon].to_ascii_lowercase();
        let is_web = scheme.ends_with("http") || scheme.ends_with("https");
        found.extend(password(url, is_web).map(|part| start + part.start..start + part.end));
        if is_web {
            found.extend(values(url).map(|part| start + part.start..start + part.end));
        }
    }
    found
}

/// Name and password in front of the host. In other schemes than those of the web, a name says which container is meant.
fn password(url: &str, is_web: bool) -> Option<Range<usize>> {
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    let user = &authority[..authority.rfind('@')?];
    let start = if is_web { 0 } else { user.find(':')? + 1 };
    (start < user.len()).then_some(start..user.len())
}

/// The values behind the question mark: what follows a name and an equals sign, or all of a part without a name.
fn values(url: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = url.find(['?', '#']).map_or(url.len(), |mark| mark + 1);
    url[start..].split(['&', '#']).filter_map(move |part| {
        let value = start + part.find('=').map_or(0, |equals| equals + 1);
        let end = start + part.len();
        start = end + 1;
        (value < end).then_some(value..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let cases = [
            ("no address at all", "no address at all"),
            ("http://h/a.csv", "http://h/a.csv"),
            ("(http://h/a.csv?x=1&sig=ab%2Fc=&flag), line 3", "(http://h/a.csv?x=…&sig=…&…), line 3"),
            ("from 'HTTPS://me:pass@h:80/a?b' | take 1", "from 'HTTPS://…@h:80/a?…' | take 1"),
            ("http://h/a?next=http://k/b?c=d e=f", "http://h/a?next=… e=f"),
            ("http://h/a?x=#top http://h/b?y=2", "http://h/a?x=#… http://h/b?y=…"),
            ("s3://bucket/part-?.csv", "s3://bucket/part-?.csv"),
            ("s3://key:secret@bucket/a", "s3://key:…@bucket/a"),
            ("abfss://files@account.dfs.core.windows.net/a", "abfss://files@account.dfs.core.windows.net/a"),
            ("ü://ü?ü=ü http://ü/?ü=ü", "ü://ü?ü=ü http://ü/?ü=…"),
        ];
        for (text, shown) in cases {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
