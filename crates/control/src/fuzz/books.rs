//! What holds between any two inputs of the hub.

use protocol::LiveState;

use crate::session::Watching;
use crate::{Admission, Hub, limits};

/// Every index names what is there, every place that is counted is held, and no bound is exceeded.
pub(crate) fn check(hub: &Hub, admission: &Admission, max_viewers: usize) {
    let directory = &hub.cx.directory;
    assert_eq!(hub.rooms.len(), directory.rooms.len());
    let mut n_sessions = 0;
    let mut n_peers = 0;
    for (id, room) in &hub.rooms {
        assert_eq!(directory.rooms[&room.name], *id);
        assert!(!room.members.is_empty(), "a room has somebody in it");
        n_sessions += room.members.len();
        let watching = room.members.values().filter_map(|session| session.watching.as_ref());
        // A host that watches its guests alone has no place of a viewer.
        let watching: Vec<_> = watching.filter(|it| it.cast.has_host).collect();
        let is_viewer = |it: &&&Watching| it.connected_at.is_some() && !it.is_preview;
        let connected = watching.iter().filter(is_viewer).count();
        assert_eq!(room.audience.n_watching, watching.len());
        assert!(room.audience.n_watching <= max_viewers, "the limit holds");
        assert_eq!(room.audience.n_viewers as usize, connected);
        let broadcast = &room.broadcast;
        assert!(!broadcast.is_on_air() || room.host.is_some(), "somebody is on air");
        assert!(!broadcast.is_on_air() || room.audience.peak >= room.audience.n_viewers);
        assert_eq!(broadcast.since.is_some(), broadcast.is_on_air());
        assert_eq!(room.is_idle(), room.host.is_none(), "{:?}", broadcast.live);
        let is_live = broadcast.live == LiveState::Live;
        assert!(!is_live || (broadcast.on_air && broadcast.is_flowing));
        assert_eq!(broadcast.told_trouble, broadcast.has_host_trouble(), "members know");
        assert!(!is_live || room.claimant.is_some() || room.is_published());
        for sid in room.host.iter().map(|host| host.session).chain(room.claimant) {
            assert!(room.members.contains_key(&sid), "hosts are in their room");
        }
        if let Some(claimant) = room.claimant {
            assert!(room.members[&claimant].has_claim());
        }
        assert!(room.desks.iter().all(|sid| room.members.contains_key(sid)));
        for (uid, known) in room.people.present() {
            for sid in &known.sessions {
                assert_eq!(room.members[sid].person.as_ref(), Some(uid), "a page of that person");
                assert_eq!(room.members[sid].name, known.name, "by the same name");
            }
        }
        for (sid, session) in &room.members {
            assert!(session.page().is_none() || session.person.is_some(), "a page is somebody's");
            if let Some(uid) = &session.person {
                assert!(room.people.get(uid).is_some_and(|known| known.sessions.contains(sid)));
            }
            assert_eq!(directory.sessions[sid], *id);
            let is_left = session.is_http() && session.client.is_none();
            assert!(!is_left || session.has_media() || room.is_host(*sid), "nobody asks for it");
            if let Some(client) = session.client {
                assert_eq!(directory.clients.get(&client), Some(sid));
            }
            if let Some(page) = session.page() {
                assert_eq!(directory.tokens.get(&page.token), Some(sid));
            }
            let publishing = session.publishing.as_ref();
            let publishers = publishing.iter().flat_map(|it| [&it.claim, &it.current]).flatten();
            let publishers: Vec<_> = publishers.collect();
            let may_publish = room.is_host(*sid) || room.is_guest(*sid);
            assert!(session.publisher().is_none() || may_publish, "host and guests alone");
            assert!(publishers.iter().all(|it| it.pending.len() <= limits::PENDING_OFFERS));
            let peers = publishers.iter().map(|it| it.peer);
            for peer in peers.chain(session.watching.as_ref().map(|it| it.peer)) {
                assert_eq!(directory.peers.get(&peer), Some(sid), "{peer} of {sid}");
                n_peers += 1;
            }
        }
    }
    assert_eq!(directory.sessions.len(), n_sessions);
    assert_eq!(directory.peers.len(), n_peers);
    let n_viewers: usize = hub.rooms.values().map(|room| room.audience.n_watching).sum();
    let places = admission.capacity().max_peers;
    assert!(n_viewers <= places && n_peers <= places + limits::PUBLISHERS_BEYOND);
    assert!(n_sessions <= admission.capacity().max_sessions());
    assert_eq!(admission.counts(), (n_sessions, n_peers));
    for (client, sid) in &directory.clients {
        let room = &hub.rooms[&directory.sessions[sid]];
        assert_eq!(room.members[sid].client, Some(*client));
    }
    let n_pages = hub.rooms.values().flat_map(|room| room.members.values());
    assert_eq!(directory.tokens.len(), n_pages.filter(|it| it.page().is_some()).count());
}
