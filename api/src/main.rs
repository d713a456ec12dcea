//! The program `teiki`.

use std::process::ExitCode;

fn main() -> ExitCode {
    teiki::cli::main()
}
