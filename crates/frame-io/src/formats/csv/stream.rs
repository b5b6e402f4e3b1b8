//! Delimited text in a stream: the head tells names and types, every piece is read like a small file of its own.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Result, TableFigures};

use super::class::Class;
use super::partition::PartitionReader;
use super::structure::{Marks, PADDING, Scanner};
use super::table::{CsvSettings, CsvTable, Learnt, Opened};
use crate::streams::{Cutter, Pieced, last_line};
use crate::{BatchReader, Content, ReadAt, ScanRequest, Stop, StreamTable, Table};

/// How much of a piece is scanned at a time for its last record.
const WINDOW: usize = 256 << 10;

impl CsvTable {
    /// Opens text that can only be read from its start.
    ///
    /// # Errors
    /// Those of [`CsvTable::open`]; `DataError::Damaged` for what cannot be unpacked.
    pub fn open_stream(content: Content, settings: &CsvSettings, learnt: &Learnt) -> Result<StreamTable> {
        let marks = Records(Scanner::new(Marks { delimiter: settings.delimiter, quote: b'"' }));
        // Nobody proves a guess at a record start in the head, so its samples are found from its start.
        let learnt = Learnt { exact_splits: true, ..learnt.clone() };
        StreamTable::new(content, settings.partition_bytes, &marks, |head| {
            let table = CsvTable::open(head, settings, &learnt)?;
            Ok(Arc::new(Csv { opened: table.opened().clone(), table }))
        })
    }
}

/// What is known of the text.
#[derive(Debug)]
struct Csv {
    table: CsvTable,
    opened: Arc<Opened>,
}

impl Pieced for Csv {
    fn schema(&self) -> &SchemaRef {
        self.table.schema()
    }

    fn classes(&self) -> Vec<(String, Class)> {
        self.table.classes()
    }

    fn figures(&self) -> Result<TableFigures> {
        self.table.figures()
    }

    fn read(&self, piece: Arc<dyn ReadAt>, is_first: bool, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let piece = Arc::new(self.opened.piece(piece, is_first));
        Ok(Box::new(PartitionReader::new(piece, 0, request.clone())?))
    }
}

impl Cutter for Csv {
    fn cut(&self, bytes: &[u8], end: usize) -> Option<usize> {
        Records(self.opened.scanner).cut(bytes, end)
    }
}

/// Where records end.
pub(super) struct Records(pub(super) Scanner);

impl Cutter for Records {
    fn cut(&self, bytes: &[u8], end: usize) -> Option<usize> {
        // Without quotes every newline ends a record.
        if memchr::memchr(self.0.marks().quote, &bytes[..end]).is_none() {
            return last_line(&bytes[..end]);
        }
        let (mut bounds, mut last, mut window) = (Vec::new(), 0, WINDOW);
        while last < end {
            let to = (last + window).min(end);
            self.0.scan(&bytes[..to + PADDING], last, to, &mut bounds);
            match bounds[1..].iter().rev().find(|bound| bytes[**bound as usize - 1] == b'\n') {
                Some(bound) => (last, window) = (*bound as usize, WINDOW),
                None if to == end => break,
                None => window *= 2,
            }
        }
        (last > 0).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_with_whole_records() {
        let records = Records(Scanner::new(Marks { delimiter: b',', quote: b'"' }));
        for (text, cut) in [
            ("a,b\n1,2\n3", Some(8)),
            ("a,\"b\n", None),
            ("a,\"b\nc\"\nx,\"\n\n", Some(8)),
            ("\"a\"\n\"\"\"\n\"\nz", Some(10)),
            ("ab", None),
            ("5\" x,1\n6\" y\n", Some(12)),
        ] {
            let mut bytes = text.as_bytes().to_vec();
            bytes.resize(text.len() + PADDING, b'\n');
            assert_eq!(records.cut(&bytes, text.len()), cut, "{text:?}");
        }
    }
}
