//! A room that was set up, by its name.

use protocol::{ErrorCode, RoomName};
use store::RulesRow;

use crate::problem::Problem;
use crate::state::App;

/// The room, when it was set up.
pub(super) async fn find(app: &App, room: &RoomName) -> Result<RulesRow, Problem> {
    app.room_book.get(room).await?.ok_or_else(|| not_set_up(room))
}

/// The refusal where it was not.
pub(super) fn not_set_up(room: &RoomName) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("room {room} was not set up"))
}
