//! The outcome of an estimate.

/// What a plan will take.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The operators of the optimized plan: the one that gives the answer first, its inputs below it.
    pub operators: Vec<OperatorEstimate>,
    /// Rows of the answer.
    pub rows: f64,
    /// The most bytes that will be reserved at once under the limit.
    pub peak_bytes: f64,
    /// Bytes that will be written to spill files under the limit.
    pub spilled_bytes: f64,
    /// The most bytes that would be reserved at once if there was no limit: with more than that nothing goes to disk.
    pub unlimited_bytes: f64,
    /// The smallest limit that the plan can be run with.
    pub smallest_limit_bytes: f64,
    /// The limit that it was asked for.
    pub limit_bytes: usize,
}

/// What an operator will take.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorEstimate {
    /// The operator in one line.
    pub text: String,
    /// How many operators are between it and the answer.
    pub depth: usize,
    /// Rows that come out.
    pub rows: f64,
    /// Whether the number of rows is known and no guess.
    pub is_exact: bool,
    /// Bytes of memory of these rows.
    pub bytes: f64,
    /// Bytes of memory that it needs for what it gathers, if nothing goes to disk.
    pub state_bytes: f64,
    /// Bytes that it writes to spill files under the limit.
    pub spilled_bytes: f64,
}
