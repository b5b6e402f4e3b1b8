//! What object stores are reached with: regions, endpoints, credentials. No file is opened here.

use std::fmt;

/// Names and values, by the names of the variables that the stores' own programs read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoreOptions(Vec<(String, String)>);

impl FromIterator<(String, String)> for StoreOptions {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(options: I) -> Self {
        Self(options.into_iter().collect())
    }
}

impl IntoIterator for StoreOptions {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Debug for StoreOptions {
    /// The names: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let options: StoreOptions = [("AWS_SECRET_ACCESS_KEY".to_owned(), "abc".to_owned())].into_iter().collect();
        assert_eq!(format!("{options:?}"), "[\"AWS_SECRET_ACCESS_KEY\"]");
    }
}
