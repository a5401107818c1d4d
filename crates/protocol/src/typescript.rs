//! The same types in TypeScript, for the web client. `tests/wire.rs` keeps the generated file true.

use ts_rs::{Config, TS};

use crate::{
    Addresses, AudioState, Banned, Caps, ChatColor, ChatItem, ChatMode, ChatRules, ChatStyle,
    ClientMessage, Deed, Desk, DeviceReport, DisplayName, DoctorFinding, DoctorLevel, DoctorPath,
    DoctorReport, DoctorTicket, ErrorBody, ErrorCode, Finding, FindingCode, Flagged, Guest,
    HostInfo, IceCandidate, IceServer, Kept, LayerName, LayerReason, LayerSize, Limits, LiveState,
    Moderation, PROTOCOL_VERSION, PathResult, PathState, Pc, Person, PersonId, Present,
    ReactionCount, ReactionKind, Role, RoomInfo, RoomName, RoomState, RoomSummary, SelfInfo,
    ServerMessage, Stage, StageAction, StageLayout, StageStep, Standing, Still, VideoState, Words,
};

/// The text of `web/src/live/protocol.ts`.
pub fn declarations() -> String {
    let config = Config::default();
    let mut text = String::from(
        "// Generated from crates/protocol; do not edit. `UPDATE=1 cargo test -p protocol` renews it.\n\n",
    );
    text.push_str(&format!("export const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n"));
    for declaration in [
        ClientMessage::decl(&config),
        ServerMessage::decl(&config),
        RoomName::decl(&config),
        DisplayName::decl(&config),
        LayerName::decl(&config),
        LayerSize::decl(&config),
        LayerReason::decl(&config),
        RoomState::decl(&config),
        RoomSummary::decl(&config),
        Still::decl(&config),
        Kept::decl(&config),
        RoomInfo::decl(&config),
        Addresses::decl(&config),
        DoctorTicket::decl(&config),
        DoctorReport::decl(&config),
        DoctorFinding::decl(&config),
        DoctorLevel::decl(&config),
        DeviceReport::decl(&config),
        PathResult::decl(&config),
        DoctorPath::decl(&config),
        PathState::decl(&config),
        Words::decl(&config),
        Finding::decl(&config),
        FindingCode::decl(&config),
        ErrorBody::decl(&config),
        ErrorCode::decl(&config),
        LiveState::decl(&config),
        VideoState::decl(&config),
        AudioState::decl(&config),
        Role::decl(&config),
        Pc::decl(&config),
        Caps::decl(&config),
        IceCandidate::decl(&config),
        IceServer::decl(&config),
        Limits::decl(&config),
        SelfInfo::decl(&config),
        HostInfo::decl(&config),
        PersonId::decl(&config),
        Standing::decl(&config),
        Person::decl(&config),
        ChatMode::decl(&config),
        ChatColor::decl(&config),
        ChatStyle::decl(&config),
        ChatItem::decl(&config),
        ChatRules::decl(&config),
        ReactionKind::decl(&config),
        ReactionCount::decl(&config),
        Moderation::decl(&config),
        Banned::decl(&config),
        Present::decl(&config),
        Flagged::decl(&config),
        Deed::decl(&config),
        Desk::decl(&config),
        StageLayout::decl(&config),
        Guest::decl(&config),
        Stage::decl(&config),
        StageAction::decl(&config),
        StageStep::decl(&config),
    ] {
        text.push_str(&format!("\nexport {}\n", declaration.trim()));
    }
    text
}
