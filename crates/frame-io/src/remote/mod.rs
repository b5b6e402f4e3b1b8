//! Files behind URLs: objects of S3, Google Cloud Storage and Azure, and files of web servers. They are read, never written.
//!
//! Engine and formats are synchronous; the runtime that the stores need lies behind [`crate::FileAccess`], and nothing else knows of it.

mod driver;
mod failure;
mod files;
mod listing;
mod object;
mod place;
mod stores;

pub use files::RemoteFiles;
