//! Binary out and in against what PostgreSQL 15 sends and receives.
