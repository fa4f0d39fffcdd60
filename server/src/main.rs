//! The binary `stoa`: chooses the allocator and hands the command line over.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    stoa_server::cli::run(std::env::args_os())
}
