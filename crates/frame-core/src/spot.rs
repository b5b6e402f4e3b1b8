//! Where a row stands: what a query may ask of the rows of a file beside their columns.

use arrow::datatypes::{DataType, Field};

/// Something that is known of where a row stands. It is read only if a query names it, and comes out only if a query picks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// The path of its file.
    File,
    /// The number of the line at which it begins, from 1.
    Line,
    /// The byte of the text at which it begins, from 0.
    Byte,
}

impl Spot {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::File, Self::Line, Self::Byte];

    /// The column that it is, unless the file has one of that name.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "_file",
            Self::Line => "_line",
            Self::Byte => "_byte",
        }
    }

    /// The spot of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spot| spot.name() == name)
    }

    /// What it is, in a sentence.
    pub fn help(self) -> &'static str {
        match self {
            Self::File => "The path of the file that a row is of, as it was given. A filter on it leaves other files unread.",
            Self::Line => "The line of its text file at which a row begins, from 1; Parquet and Arrow have none.",
            Self::Byte => "The byte of its text, unpacked, at which a row begins, from 0; Parquet and Arrow have none.",
        }
    }

    /// Its name and type.
    pub fn field(self) -> Field {
        let data_type = if self == Self::File { DataType::Utf8View } else { DataType::Int64 };
        Field::new(self.name(), data_type, true)
    }
}

#[cfg(test)]
mod tests {
    use super::Spot;

    #[test]
    fn names_and_spots_belong_together() {
        for spot in Spot::ALL {
            assert_eq!(Spot::named(spot.name()), Some(spot));
            assert_eq!(spot.field().name(), spot.name());
        }
        assert_eq!((Spot::named("line"), Spot::named("_lines")), (None, None));
    }
}
