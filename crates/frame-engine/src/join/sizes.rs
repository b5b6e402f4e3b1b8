//! About how many rows a plan gives: enough to tell the smaller side of a join, never more than a guess.

use frame_core::Result;
use frame_plan::{JoinKind, Plan};

use crate::tables::Tables;

/// Bytes of a row of a file that does not say how many rows it has.
const ROW_BYTES: u64 = 50;

/// The most rows that a plan may give, as far as that can be seen without reading them.
///
/// # Errors
/// What opening an input can fail with.
pub(crate) fn rows(plan: &Plan, tables: &Tables) -> Result<u64> {
    let of = |input: &Plan| rows(input, tables);
    Ok(match plan {
        Plan::Scan(scan) => {
            let table = tables.open(&scan.input)?;
            let bytes = || (0..table.partitions()).map(|partition| table.partition_bytes(partition)).sum::<u64>();
            table.rows().unwrap_or_else(|| bytes() / ROW_BYTES)
        }
        Plan::Limit(limit) => limit.count.min(of(&limit.input)?),
        Plan::Tail(tail) => tail.count.min(of(&tail.input)?),
        Plan::Aggregate(aggregate) if aggregate.keys.is_empty() => 1,
        Plan::Union(union) => union.inputs.iter().map(of).sum::<Result<u64>>()?,
        Plan::Join(join) => match (join.kind, of(&join.left)?, of(&join.right)?) {
            (JoinKind::Cross, left, right) => left.saturating_mul(right),
            (JoinKind::Semi | JoinKind::Anti | JoinKind::AsOf, left, _) => left,
            (JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Full, left, right) => left.max(right),
        },
        other => other.inputs().into_iter().map(of).sum::<Result<u64>>()?,
    })
}
