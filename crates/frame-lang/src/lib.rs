//! The query language of frame: text to plan and back.
