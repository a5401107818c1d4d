//! `kaibo room`, `key`, `invite`, `token` and `owner-link`: what the operator does, by the API of a running server.
//!
//! | file | what |
//! | --- | --- |
//! | `api.rs` | asks the server |
//! | `commands.rs` | the subcommands, and what they ask |
//! | `tables.rs` | what is printed |

mod api;
mod commands;
mod tables;

use std::process::ExitCode;

use server::Config;

pub(crate) use commands::{InviteArgs, KeyArgs, OwnerLinkArgs, RoomArgs, TokenArgs};

use self::api::Api;

/// What is done, and to which server.
pub(crate) trait Operation {
    /// Which server, and how its answer is told.
    fn target(&self) -> &api::Target;
    /// Does it; what is to be printed.
    fn run(&self, api: &Api) -> anyhow::Result<String>;
}

/// Does something by the API of a server. `settings` are those of this machine's server.
pub(crate) fn operate(
    operation: &impl Operation,
    settings: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<ExitCode> {
    let api = Api::new(operation.target(), settings)?;
    let text = operation.run(&api)?;
    crate::output::print(text)?;
    Ok(ExitCode::SUCCESS)
}
