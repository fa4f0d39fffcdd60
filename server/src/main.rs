//! The binary `stoa`: chooses the allocator and hands the command line over.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Read by jemalloc when it starts. Large pages: hash tables and column buffers are touched at random, and the first touch of every
/// small page costs a fault that stops the other cores, too. No threshold for oversized blocks: beyond it memory would go back to the
/// system as soon as it is freed, and every growing table would be cleared anew. Threads of its own: without them an idle server keeps
/// what its last large query used, and the system's cache of files has that much less. Twenty seconds until it has gone back: a query
/// of seconds that follows one like it finds the memory still there, and the system need not clear it again.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static ALLOCATOR_OPTIONS: &[u8; 76] =
    b"thp:always,oversize_threshold:0,background_thread:true,dirty_decay_ms:20000\0";

fn main() -> ExitCode {
    stoa_server::cli::run(std::env::args_os())
}
