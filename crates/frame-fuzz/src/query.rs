//! Query text: read or refused, never anything else; what was read prints as a text that reads back as the same plan.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use frame_core::Result;
use frame_plan::{Catalog, Input};

/// Every input has these columns.
struct OneTable;

static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let columns = [
        ("id", DataType::Int64),
        ("category", DataType::Utf8View),
        ("value", DataType::Float64),
        ("ts", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("day", DataType::Date32),
        ("paid", DataType::Boolean),
        ("price", DataType::Decimal128(9, 2)),
        ("order", DataType::Int64),
        ("a b]", DataType::Utf8View),
    ];
    Arc::new(Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec()))
});

impl Catalog for OneTable {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Ok(Arc::clone(&COLUMNS))
    }
}

/// Any text.
pub(crate) fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let input = Input { path: "a.csv".to_owned(), ..Input::default() };
    match frame_lang::parse(text, vec![input], &OneTable) {
        Err(error) => assert!(!error.render(Some(text)).is_empty() && error.exit_code() != 1, "{}", error.render(Some(text))),
        Ok(plan) => {
            let printed = frame_lang::print(&plan);
            let again = frame_lang::parse(&printed, Vec::new(), &OneTable);
            let again = again.unwrap_or_else(|error| panic!("{printed}\n{}", error.render(Some(&printed))));
            assert_eq!(frame_lang::print(&again), printed, "printing is no fixed point");
            assert_eq!(again, plan, "{printed}");
        }
    }
}
