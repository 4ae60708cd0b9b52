//! The program `gatewright`; everything is in the library.
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The first random number of a process takes tens of milliseconds to seed. It is wanted for the first signature: let
    // that pass while the rest starts.
    std::thread::spawn(|| gatewright::entropy::bytes::<1>().is_ok());
    gatewright::cli::main()
}
