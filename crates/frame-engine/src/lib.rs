//! The physical operators of frame: from a plan to a task graph.
