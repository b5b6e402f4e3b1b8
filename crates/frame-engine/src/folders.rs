//! What the folders of a path say of the rows of its file: `day=2024-01-31/region=eu/part.csv`.

use frame_core::{Scalar, calendar};
use frame_io::formats::csv::Class;
use frame_plan::Input;

/// How other programs spell a missing value.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// Keys and values of the folders of `path` that `root`, a folder or a pattern, does not name itself.
pub(crate) fn keys(root: &str, path: &str) -> Vec<(String, Scalar)> {
    if root == path {
        return Vec::new();
    }
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    let named = |key: &str| !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | ' '));
    pairs.filter(|(key, _)| named(key)).map(|(key, value)| (key.to_owned(), Scalar::Text(plain(value)))).collect()
}

/// A value without the escapes that folder names need.
fn plain(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Gives the values of a key the type that holds them in all files; a key that a file lacks is null there.
pub(crate) fn settle(files: &mut [Input]) {
    let mut classes: Vec<(String, Class)> = Vec::new();
    for (key, value) in files.iter().flat_map(|file| &file.keys) {
        let Scalar::Text(text) = value else { continue };
        let class = if text == NULL { Class::Null } else { Class::of(text.as_bytes()) };
        match classes.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = known.join(class),
            None => classes.push((key.clone(), class)),
        }
    }
    for file in files {
        let value = |key: &String, class: Class| match file.keys.iter().find(|(known, _)| known == key) {
            Some((_, Scalar::Text(text))) if text != NULL => typed(text, class),
            _ => Scalar::Null,
        };
        file.keys = classes.iter().map(|(key, class)| (key.clone(), value(key, *class))).collect();
    }
}

fn typed(text: &str, class: Class) -> Scalar {
    let bytes = text.as_bytes();
    let value = match class {
        Class::Bool => Some(Scalar::Bool(text.eq_ignore_ascii_case("true"))),
        Class::SmallInt | Class::Int => text.parse().ok().map(Scalar::Int),
        Class::Float => text.parse().ok().map(Scalar::Float),
        Class::Date => calendar::parse_date(bytes).map(Scalar::Date),
        Class::Timestamp => calendar::parse_timestamp(bytes)
            .or_else(|| calendar::parse_date(bytes).map(|days| i64::from(days) * 86_400_000_000))
            .map(Scalar::Timestamp),
        Class::Null | Class::Text => None,
    };
    value.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_become_typed_columns() {
        let file = |path: &str| Input { keys: keys("sales", path), path: path.to_owned(), ..Input::default() };
        let mut files = [
            file("sales/day=2024-01-31/region=eu%2Fwest/n=1/a.csv"),
            file("sales/day=2024-02-01/region=us/n=1.5/b=2.csv"),
            file("sales/day=__HIVE_DEFAULT_PARTITION__/n=2/c.csv"),
        ];
        settle(&mut files);
        let text = |text: &str| Scalar::Text(text.to_owned());
        let key = |name: &str, value: Scalar| (name.to_owned(), value);
        assert_eq!(files[0].keys, [key("day", Scalar::Date(19753)), key("region", text("eu/west")), key("n", Scalar::Float(1.0))]);
        assert_eq!(files[1].keys, [key("day", Scalar::Date(19754)), key("region", text("us")), key("n", Scalar::Float(1.5))]);
        assert_eq!(files[2].keys, [key("day", Scalar::Null), key("region", Scalar::Null), key("n", Scalar::Float(2.0))]);
        assert_eq!(keys("sales/day=1/a.csv", "sales/day=1/a.csv"), []);
    }
}
