//! From bounds to records: which stretches of a chunk have the right number of fields, and what comes between them.

use super::policy::RaggedRows;

/// Consecutive records of the right number of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Index of the first record's first bound.
    pub(super) bound: usize,
    /// Number of records.
    pub(super) records: usize,
}

/// A record of another number of fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ragged {
    /// Where it begins.
    pub(super) start: u32,
    /// Where the next one begins.
    pub(super) end: u32,
    /// How many fields it has.
    pub(super) found: usize,
}

/// The complete records of a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// The good ones, in order.
    pub(super) stretches: Vec<Stretch>,
    /// A record of another number of fields ends them: where it begins, and how many it has.
    pub(super) ragged: Option<(u32, usize)>,
    /// Records of another number of fields that are left out.
    pub(super) rejected: Vec<Ragged>,
    /// Where the record that the chunk does not finish begins, or the end.
    pub(super) rest: u32,
}

/// Splits the records whose bounds are given. Blank lines are skipped where a record has more than one field. The bounds of records that are
/// filled up with nulls are added behind those of the chunk.
pub(super) fn split(bytes: &[u8], bounds: &mut Vec<u32>, newlines: usize, fields: usize, policy: RaggedRows) -> Records {
    let is_newline = |bounds: &[u32], bound: usize| bytes[bounds[bound] as usize - 1] == b'\n';
    let last = newlines * fields;
    // Every record has its newline in the right place, and there are no others: that is nearly always so.
    if last < bounds.len() && (1..=newlines).all(|record| is_newline(bounds, record * fields)) {
        // Blank lines can hide only where one field makes a record, and there they are nulls.
        let stretches = if newlines > 0 { vec![Stretch { bound: 0, records: newlines }] } else { Vec::new() };
        return Records { stretches, ragged: None, rejected: Vec::new(), rest: bounds[last] };
    }
    let mut records = Records { stretches: Vec::new(), ragged: None, rejected: Vec::new(), rest: bounds[0] };
    let mut first = 0;
    for bound in 1..bounds.len() {
        if !is_newline(bounds, bound) {
            continue;
        }
        let found = bound - first;
        let (start, end) = (bounds[first], bounds[bound]);
        let is_blank = found == 1 && matches!(bytes[start as usize..end as usize], [b'\n'] | [b'\r', b'\n']);
        if found == fields {
            match records.stretches.last_mut() {
                Some(stretch) if stretch.bound + stretch.records * fields == first => stretch.records += 1,
                _ => records.stretches.push(Stretch { bound: first, records: 1 }),
            }
        } else if is_blank {
            // Nothing.
        } else if policy == RaggedRows::Pad && found < fields {
            records.stretches.push(Stretch { bound: bounds.len(), records: 1 });
            fill_up(bytes, bounds, first, found, fields);
        } else if policy == RaggedRows::Reject {
            records.rejected.push(Ragged { start, end, found });
        } else {
            records.ragged = Some((start, found));
            break;
        }
        first = bound;
        records.rest = end;
    }
    records
}

/// Adds the bounds of a record that lacks fields: those that it has, and empty ones.
fn fill_up(bytes: &[u8], bounds: &mut Vec<u32>, first: usize, found: usize, fields: usize) {
    bounds.extend_from_within(first..first + found);
    // What was the last field is no longer, so the carriage return of its line end has to be left out here.
    let end = bounds[first + found];
    let newline = end as usize - 1;
    let has_return = newline > bounds[first + found - 1] as usize && bytes[newline - 1] == b'\r';
    let bound = end - u32::from(has_return);
    // An empty field is one byte wide, separator and all.
    bounds.extend(bound..=bound + (fields - found) as u32);
}

/// How far a chunk may grow to hold one record.
pub(super) struct LastRecord;

impl LastRecord {
    /// The largest record: bounds are 32 bits wide.
    pub(super) const BYTES_MAX: usize = 1 << 30;

    /// The next larger size to try, or `None`.
    pub(super) fn grown(bytes: usize) -> Option<usize> {
        (bytes < Self::BYTES_MAX).then(|| (bytes * 2).min(Self::BYTES_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_text(text: &str, fields: usize) -> Records {
        split_with(text, fields, RaggedRows::Fail).0
    }

    fn split_with(text: &str, fields: usize, policy: RaggedRows) -> (Records, Vec<u32>) {
        let mut bounds = vec![0];
        bounds.extend(text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'\n')).map(|(at, _)| at as u32 + 1));
        let records = split(text.as_bytes(), &mut bounds, text.matches('\n').count(), fields, policy);
        (records, bounds)
    }

    #[test]
    fn regular_blank_and_ragged() {
        let stretch = |bound, records| Stretch { bound, records };
        assert_eq!(split_text("a,b\nc,d\ne", 2), Records { stretches: vec![stretch(0, 2)], ragged: None, rejected: vec![], rest: 8 });
        assert_eq!(
            split_text("a,b\n\r\nc,d\n\n", 2),
            Records { stretches: vec![stretch(0, 1), stretch(3, 1)], ragged: None, rejected: vec![], rest: 11 }
        );
        assert_eq!(
            split_text("a,b\nc\nd,e\n", 2),
            Records { stretches: vec![stretch(0, 1)], ragged: Some((4, 1)), rejected: vec![], rest: 4 }
        );
        assert_eq!(split_text("a,b,c\nd\n", 2).ragged, Some((0, 3)));
        assert_eq!(split_text("\n\na\n", 1), Records { stretches: vec![stretch(0, 3)], ragged: None, rejected: vec![], rest: 4 });
        assert_eq!(split_text("a,b", 2), Records { stretches: vec![], ragged: None, rejected: vec![], rest: 0 });
    }

    #[test]
    fn ragged_records_are_filled_up_or_left_out() {
        let (records, bounds) = split_with("a,b,c\nd\r\ne,f\ng,h,i\nj,k,l,m\n", 3, RaggedRows::Pad);
        assert_eq!(records.ragged, Some((19, 4)));
        let starts: Vec<u32> = records.stretches.iter().map(|stretch| bounds[stretch.bound]).collect();
        assert_eq!(starts, [0, 6, 9, 13]);
        // `d` ends before its carriage return; the other two fields are empty.
        let padded = records.stretches[1].bound;
        assert_eq!(bounds[padded..=padded + 3], [6, 8, 9, 10]);
        let (records, _) = split_with("a,b\nc\n\nd,e,f\ng,h\n", 2, RaggedRows::Reject);
        assert_eq!(records.rejected, [Ragged { start: 4, end: 6, found: 1 }, Ragged { start: 7, end: 13, found: 3 }]);
        assert_eq!((records.stretches.len(), records.rest, records.ragged), (2, 17, None));
    }
}
