//! The addresses of WHIP and WHEP. A slash at the end changes nothing. Those without a room, and those under
//! `/api`, are Broadcast Box's.

use axum::Router;

use super::{whep, whip};
use crate::state::App;

pub(crate) fn routes() -> Router<App> {
    let mut router = Router::new();
    for base in ["/whip", "/api/whip"] {
        router = router
            .route(base, whip::endpoint())
            .route(&format!("{base}/"), whip::endpoint())
            .route(&format!("{base}/{{room}}"), whip::endpoint())
            .route(&format!("{base}/{{room}}/"), whip::endpoint())
            .route(&format!("{base}/{{room}}/{{id}}"), whip::session())
            .route(&format!("{base}/{{room}}/{{id}}/"), whip::session());
    }
    for base in ["/whep", "/api/whep"] {
        router = router
            .route(base, whep::endpoint())
            .route(&format!("{base}/"), whep::endpoint())
            .route(&format!("{base}/{{room}}"), whep::endpoint())
            .route(&format!("{base}/{{room}}/"), whep::endpoint())
            .route(&format!("{base}/{{room}}/{{id}}"), whep::session())
            .route(&format!("{base}/{{room}}/{{id}}/"), whep::session())
            .route(&format!("{base}/{{room}}/{{id}}/layer"), whep::layer())
            .route(&format!("{base}/{{room}}/{{id}}/rewind"), whep::rewind())
            .route(&format!("{base}/{{room}}/{{id}}/events"), whep::events())
            .route(&format!("{base}/{{room}}/{{id}}/events/"), whep::events())
            .route(&format!("{base}/{{room}}/{{id}}/events/{{stream}}"), whep::stream());
    }
    router
}
