//! From bounds to records: which stretches of a chunk have the right number of fields, and what comes between them.

/// Consecutive records of the right number of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Index of the first record's first bound.
    pub(super) bound: usize,
    /// Number of records.
    pub(super) records: usize,
}

/// The complete records of a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// The good ones, in order.
    pub(super) stretches: Vec<Stretch>,
    /// A record of another number of fields ends them: where it begins, and how many it has.
    pub(super) ragged: Option<(u32, usize)>,
    /// Where the record that the chunk does not finish begins, or the end.
    pub(super) rest: u32,
}

/// Splits the records whose bounds are given. Blank lines are skipped where a record has more than one field.
pub(super) fn split(bytes: &[u8], bounds: &[u32], newlines: usize, fields: usize) -> Records {
    let is_newline = |bound: usize| bytes[bounds[bound] as usize - 1] == b'\n';
    let last = newlines * fields;
    // Every record has its newline in the right place, and there are no others: that is nearly always so.
    if last < bounds.len() && (1..=newlines).all(|record| is_newline(record * fields)) {
        // Blank lines can hide only where one field makes a record, and there they are nulls.
        let stretches = if newlines > 0 { vec![Stretch { bound: 0, records: newlines }] } else { Vec::new() };
        return Records { stretches, ragged: None, rest: bounds[last] };
    }
    let mut records = Records { stretches: Vec::new(), ragged: None, rest: bounds[0] };
    let mut first = 0;
    for bound in 1..bounds.len() {
        if !is_newline(bound) {
            continue;
        }
        let count = bound - first;
        let is_blank = count == 1 && matches!(bytes[bounds[first] as usize..bounds[bound] as usize], [b'\n'] | [b'\r', b'\n']);
        if count == fields {
            match records.stretches.last_mut() {
                Some(stretch) if stretch.bound + stretch.records * fields == first => stretch.records += 1,
                _ => records.stretches.push(Stretch { bound: first, records: 1 }),
            }
        } else if !is_blank {
            records.ragged = Some((bounds[first], count));
            break;
        }
        first = bound;
        records.rest = bounds[bound];
    }
    records
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
        let mut bounds = vec![0];
        bounds.extend(text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'\n')).map(|(at, _)| at as u32 + 1));
        split(text.as_bytes(), &bounds, text.matches('\n').count(), fields)
    }

    #[test]
    fn regular_blank_and_ragged() {
        let stretch = |bound, records| Stretch { bound, records };
        assert_eq!(split_text("a,b\nc,d\ne", 2), Records { stretches: vec![stretch(0, 2)], ragged: None, rest: 8 });
        assert_eq!(split_text("a,b\n\r\nc,d\n\n", 2), Records { stretches: vec![stretch(0, 1), stretch(3, 1)], ragged: None, rest: 11 });
        assert_eq!(split_text("a,b\nc\nd,e\n", 2), Records { stretches: vec![stretch(0, 1)], ragged: Some((4, 1)), rest: 4 });
        assert_eq!(split_text("a,b,c\nd\n", 2).ragged, Some((0, 3)));
        assert_eq!(split_text("\n\na\n", 1), Records { stretches: vec![stretch(0, 3)], ragged: None, rest: 4 });
        assert_eq!(split_text("a,b", 2), Records { stretches: vec![], ragged: None, rest: 0 });
    }
}
