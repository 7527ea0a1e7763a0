//! The reference application.

use std::process::ExitCode;

fn main() -> ExitCode {
    app_template::Program::reference().run()
}
