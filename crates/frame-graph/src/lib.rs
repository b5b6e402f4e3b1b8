//! Stages, partition tasks and their scheduler; the only user of rayon.
