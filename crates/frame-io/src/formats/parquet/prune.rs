//! Which rows of a row group can pass the filter, as far as statistics tell.

use std::ops::Range;

use frame_core::{ColumnRange, Result, ScanFilter};

use super::page_index::{PageIndex, read_page_index};
use super::projection::Projection;
use super::statistics::{group_range, may_trust_order};
use super::table::ParquetFile;

/// The stretches of row group `group` that must be read: ascending, not empty, not touching.
///
/// # Errors
/// `IoError`; `DataError::Changed`.
pub(super) fn rows_to_read(
    file: &ParquetFile,
    group: usize,
    projection: &Projection,
    filter: Option<&dyn ScanFilter>,
) -> Result<Vec<Range<usize>>> {
    let metadata = file.metadata.row_group(group);
    let rows = metadata.num_rows() as usize;
    let all = Vec::from_iter((rows > 0).then_some(0..rows));
    let Some(filter) = filter.filter(|_| rows > 0) else { return Ok(all) };
    let field_of = |column: usize| projection.filter_places.get(column).map(|place| projection.fields[*place]);
    let by_group = |column: usize| {
        let field = field_of(column)?;
        group_range(&file.metadata, metadata, file.columns.plain_leaf(field)?, file.columns.schema.field(field).data_type())
    };
    if !filter.may_keep(&by_group) {
        return Ok(Vec::new());
    }
    let mut indexes = Vec::with_capacity(projection.filter_places.len());
    for column in 0..projection.filter_places.len() {
        indexes.push(column_index(file, group, field_of(column), rows)?);
    }
    if indexes.iter().all(Option::is_none) {
        return Ok(all);
    }
    Ok(rows_by_pages(filter, &indexes, rows, &by_group))
}

fn column_index(file: &ParquetFile, group: usize, field: Option<usize>, rows: usize) -> Result<Option<PageIndex>> {
    let Some((field, leaf)) = field.and_then(|field| Some((field, file.columns.plain_leaf(field)?))) else { return Ok(None) };
    let data_type = file.columns.schema.field(field).data_type();
    if !may_trust_order(&file.metadata, leaf, false, data_type) {
        return Ok(None);
    }
    read_page_index(file.file.as_ref(), file.data_end, file.metadata.row_group(group).column(leaf), rows, data_type)
}

/// Pages of different columns begin at different rows: between two neighbouring beginnings every column has one page.
fn rows_by_pages(
    filter: &dyn ScanFilter,
    indexes: &[Option<PageIndex>],
    rows: usize,
    by_group: &dyn Fn(usize) -> Option<ColumnRange>,
) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = indexes.iter().flatten().flat_map(|index| index.first_rows.iter().copied()).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([rows]);
    let mut kept: Vec<Range<usize>> = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let by_page = |column: usize| match indexes.get(column)? {
            Some(index) => Some(index.ranges[index.first_rows.partition_point(|first| *first <= start) - 1].clone()),
            None => by_group(column),
        };
        if !filter.may_keep(&by_page) {
            continue;
        }
        match kept.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => kept.push(start..end),
        }
    }
    kept
}
