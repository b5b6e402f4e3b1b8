//! A table without rows: what a file is to a query that wants none of it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Error, TableFigures};

use crate::sample::Sample;
use crate::{BatchReader, ScanRequest, Stop, Table};

/// No rows of these columns.
#[derive(Debug)]
pub struct NoRows(pub SchemaRef);

impl Table for NoRows {
    fn schema(&self) -> &SchemaRef {
        &self.0
    }

    fn partitions(&self) -> usize {
        0
    }

    fn partition_bytes(&self, _: usize) -> u64 {
        0
    }

    fn rows(&self) -> Option<u64> {
        Some(0)
    }

    fn figures(&self) -> frame_core::Result<TableFigures> {
        Ok(Sample::new(&self.0).figures(0.0))
    }

    fn open(&self, partition: usize, _: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        Err(Error::internal(format!("there is no partition {partition}")).into())
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(())
    }
}
