//! The store from outside: what was acknowledged is there, before and after a restart.

mod basics;
mod check;
mod concurrency;
mod history;
mod key_speed;
mod key_zones;
mod keys;
mod loads;
mod partials;
mod seal;
mod simulation;
mod speed;
mod support;
