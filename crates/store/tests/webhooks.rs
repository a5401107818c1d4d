//! What webhooks are to be told, and the records of broadcasts.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use store::{
    BroadcastRow, DeliveryState, MAX_BROADCASTS_OF_ROOM, MAX_DONE_DELIVERIES,
    MAX_WAITING_DELIVERIES, NewDelivery, Store, Tried, WebhookRow,
};

fn webhook(id: &str, events: &[&str]) -> WebhookRow {
    WebhookRow {
        id: id.into(),
        url: format!("https://{id}/"),
        events: events.iter().map(|it| (*it).to_owned()).collect(),
        secret: "secret".into(),
        made_ms: 1,
    }
}

fn event(id: &str, room: &str, kind: &str) -> NewDelivery {
    let body = format!("body of {id}");
    NewDelivery { id: id.into(), room: room.into(), event: kind.into(), body, at_ms: 5 }
}

fn over(state: DeliveryState) -> Tried {
    let error = (state != DeliveryState::Delivered).then(|| "no".to_owned());
    Tried { at_ms: 7, code: None, error, state }
}

fn broadcast(room: &str, n: i64, ended_ms: Option<i64>) -> BroadcastRow {
    let id = format!("{n:05}");
    BroadcastRow { id, room: room.into(), began_ms: n, ended_ms, record: "{}".into() }
}

fn ids(rows: &[BroadcastRow]) -> Vec<&str> {
    rows.iter().map(|it| it.id.as_str()).collect()
}

#[tokio::test]
async fn a_room_is_told_in_order_and_a_webhook_what_it_wants() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.add_webhook(webhook("all", &["live", "ended"]), 2).await, Ok(true));
    assert_eq!(store.add_webhook(webhook("ends", &["ended"]), 2).await, Ok(true));
    assert_eq!(store.add_webhook(webhook("more", &["ended"]), 2).await, Ok(false), "two at most");
    assert_eq!(store.queue_delivery(event("1", "red", "live"), None).await.unwrap(), ["all"]);
    let both = store.queue_delivery(event("2", "red", "ended"), None).await.unwrap();
    assert_eq!(both, ["all", "ends"]);
    assert_eq!(store.queue_delivery(event("3", "", "ping"), Some("ends")).await.unwrap(), ["ends"]);
    assert!(store.queue_delivery(event("4", "", "ping"), Some("?")).await.unwrap().is_empty());
    store.finish();

    let store = Store::open(folder.path()).unwrap();
    let first = store.next_delivery("all", "red").await.unwrap().unwrap();
    assert_eq!((first.delivery.clone(), first.tries), (event("1", "red", "live"), 0));
    assert_eq!((first.url.as_str(), first.secret.as_str()), ("https://all/", "secret"));
    store.delivery_tried(first.n, over(DeliveryState::Waiting { next_ms: 99 })).await.unwrap();
    let mut waiting = store.waiting_deliveries().await.unwrap();
    waiting.sort();
    let expect = [("all", "red", 99), ("ends", "", 5), ("ends", "red", 5)];
    assert_eq!(waiting, expect.map(|(webhook, room, at)| (webhook.into(), room.into(), at)));
    let again = store.next_delivery("all", "red").await.unwrap().unwrap();
    assert_eq!((again.n, again.tries), (first.n, 1), "it stays the first");
    store.delivery_tried(first.n, over(DeliveryState::Delivered)).await.unwrap();
    store.delivery_tried(first.n, over(DeliveryState::Failed)).await.unwrap();
    let told = store.deliveries("all", None, 9).await.unwrap().unwrap();
    let states: Vec<_> = told.iter().map(|it| (it.id.as_str(), it.state, it.tries)).collect();
    let waits = DeliveryState::Waiting { next_ms: 5 };
    assert_eq!(states, [("2", waits, 0), ("1", DeliveryState::Delivered, 2)], "over is over");
    assert_eq!(store.deliveries("all", Some(told[0].n), 9).await.unwrap().unwrap().len(), 1);
    let all = store.webhooks().await.unwrap();
    assert_eq!(all[0].waiting, 1);
    assert_eq!(all[0].last.as_ref().map(|it| it.at_ms), Some(7));

    assert_eq!(store.delete_webhook("all").await, Ok(true));
    assert_eq!(store.delete_webhook("all").await, Ok(false));
    assert_eq!(store.deliveries("all", None, 9).await, Ok(None));
    assert_eq!(store.next_delivery("all", "red").await, Ok(None));
}

#[tokio::test]
async fn the_queue_of_a_webhook_has_a_bound_and_so_has_what_is_over() {
    let store = Store::in_memory().unwrap();
    store.add_webhook(webhook("all", &["live"]), 9).await.unwrap();
    for n in 0..=MAX_WAITING_DELIVERIES {
        store.queue_delivery(event(&n.to_string(), "red", "live"), None).await.unwrap();
    }
    let states = store.webhooks().await.unwrap();
    assert_eq!(states[0].waiting, MAX_WAITING_DELIVERIES);
    let first = store.next_delivery("all", "red").await.unwrap().unwrap();
    assert_eq!(first.delivery.id, "1", "the oldest one failed");
    for _ in 0..MAX_DONE_DELIVERIES {
        let next = store.next_delivery("all", "red").await.unwrap().unwrap();
        store.delivery_tried(next.n, over(DeliveryState::Delivered)).await.unwrap();
    }
    let told = store.deliveries("all", None, usize::MAX).await.unwrap().unwrap();
    let done: Vec<_> = told.iter().filter(|it| it.state == DeliveryState::Delivered).collect();
    assert_eq!(done.len() as i64, MAX_DONE_DELIVERIES);
    assert!(!told.iter().any(|it| it.id == "0"), "the one that failed was the oldest");
}

#[tokio::test]
async fn broadcasts_are_there_again_the_newest_first_and_a_page_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for n in 1..=4 {
        store.save_broadcast(broadcast(if n % 2 == 0 { "red" } else { "blue" }, n, None));
    }
    let ended = BroadcastRow { record: "new".into(), ..broadcast("red", 2, Some(9)) };
    store.save_broadcast(ended.clone());
    store.finish();

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.broadcast("00002").await, Ok(Some(ended)));
    assert_eq!(store.broadcast("00007").await, Ok(None));
    let all = store.broadcasts(None, None, 3).await.unwrap();
    assert_eq!(ids(&all), ["00004", "00003", "00002"]);
    assert_eq!(ids(&store.broadcasts(None, Some("00002".into()), 3).await.unwrap()), ["00001"]);
    assert_eq!(ids(&store.broadcasts(Some("red"), None, 9).await.unwrap()), ["00004", "00002"]);
    let of_red = store.broadcasts(Some("red"), Some("00004".into()), 9).await.unwrap();
    assert_eq!(ids(&of_red), ["00002"]);
    assert_eq!(ids(&store.open_broadcasts().await.unwrap()), ["00001", "00003", "00004"]);
}

#[tokio::test]
async fn a_room_has_so_many_broadcasts_and_takes_none_from_others() {
    let store = Store::in_memory().unwrap();
    store.save_broadcast(broadcast("blue", 0, Some(1)));
    for n in 1..=MAX_BROADCASTS_OF_ROOM + 5 {
        store.save_broadcast(broadcast("red", n, Some(n)));
        store.broadcast("").await.unwrap();
    }
    let kept = store.broadcasts(Some("red"), None, usize::MAX).await.unwrap();
    assert_eq!(kept.len() as i64, MAX_BROADCASTS_OF_ROOM);
    assert_eq!(kept.last().unwrap().id, "00006", "the oldest are forgotten");
    assert_eq!(store.broadcasts(Some("blue"), None, 9).await.unwrap().len(), 1);
}
