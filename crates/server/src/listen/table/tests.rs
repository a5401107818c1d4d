use super::*;
use crate::listen::limits::{HTTP2_IDLE, RESPONSE_WITHIN};

type Connection = (Arc<Place>, oneshot::Receiver<()>);

fn table(connections: usize, per_network: usize) -> Arc<Table> {
    let proxy = "10.0.0.0/8".parse().unwrap();
    let limits = Limits { connections, per_network, trusted: vec![proxy] };
    Arc::new(Table::with_exactly(limits))
}

fn admit(table: &Arc<Table>, ip: &str) -> Option<Connection> {
    table.admit(ip.parse().unwrap(), Instant::now())
}

/// Whether a connection was told to close.
fn is_closed(connection: &mut Connection) -> bool {
    connection.1.try_recv().is_ok()
}

fn n_connections(table: &Table) -> usize {
    table.lock().entries.len()
}

#[test]
fn a_network_has_its_number_of_connections_and_its_oldest_unfinished_gives_way() {
    let table = table(10_000, 256);
    let mut other = admit(&table, "198.51.100.1").unwrap();
    let mut held: Vec<_> = (0..300).map(|_| admit(&table, "2001:db8::1").unwrap()).collect();
    assert_eq!(n_connections(&table), 257);
    let n_closed = held.iter_mut().take(44).filter_map(|it| is_closed(it).then_some(())).count();
    assert_eq!(n_closed, 44, "the oldest");
    assert!(held.iter_mut().skip(44).all(|it| !is_closed(it)));
    assert!(!is_closed(&mut other));
    for connection in &held {
        connection.0.request_begins();
    }
    assert!(admit(&table, "2001:db8::2").is_none(), "nothing of this network waits");
    assert!(admit(&table, "2001:db8:0:1::1").is_some(), "another network");
    drop(held);
    assert_eq!(n_connections(&table), 1);
    assert!(admit(&table, "2001:db8::1").is_some());
}

#[test]
fn loopback_and_trusted_bring_the_connections_of_many_networks() {
    let table = table(10_000, 256);
    for ip in ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"] {
        let held: Vec<_> = (0..300).filter_map(|_| admit(&table, ip)).collect();
        assert_eq!(held.len(), 300, "{ip}");
        assert_eq!(n_connections(&table), 300, "{ip}");
    }
}

#[test]
fn when_all_places_are_taken_the_network_with_the_most_unfinished_loses_its_oldest() {
    let table = table(10, 256);
    let mut quiet = admit(&table, "192.0.2.1").unwrap();
    let mut flood: Vec<_> = (0..9).map(|_| admit(&table, "192.0.2.2").unwrap()).collect();
    let mut newcomer = admit(&table, "192.0.2.3").unwrap();
    assert!(is_closed(&mut flood[0]));
    assert!(!is_closed(&mut quiet) && !is_closed(&mut newcomer));
    assert_eq!(n_connections(&table), 10);
    drop(flood);
    assert_eq!(n_connections(&table), 2, "who gave way is not counted twice");
}

#[test]
fn newcomers_wait_while_too_many_that_gave_way_still_have_their_sockets() {
    let table = table(100, 256);
    let later = Instant::now() + 2 * JUST_CAME;
    let mut closing: Vec<_> = (0..100).map(|_| admit(&table, "127.0.0.1").unwrap()).collect();
    let mut newcomers: Vec<_> = (1..CLOSING).map(|_| admit(&table, "127.0.0.1").unwrap()).collect();
    assert_eq!(table.wait_for_place(later), None);
    newcomers.extend(admit(&table, "127.0.0.1"));
    assert!(table.wait_for_place(later).is_some(), "{CLOSING} sockets more than places");
    let gone = closing.iter_mut().position(is_closed).unwrap();
    closing.remove(gone);
    assert_eq!(table.wait_for_place(later), None, "one of them is closed");
    drop(closing);
    assert_eq!(n_connections(&table), CLOSING);
}

#[test]
fn requests_under_way_and_websockets_never_give_way() {
    let table = table(3, 256);
    let mut held: Vec<_> = (0..3).map(|_| admit(&table, "192.0.2.1").unwrap()).collect();
    let request = held[0].0.request_begins();
    held[1].0.request_begins();
    held[1].0.upgraded();
    held[2].0.request_begins();
    assert!(admit(&table, "192.0.2.2").is_none() && !table.evict_one());
    // A peer that does not take its response, and one that keeps its body back.
    held[1].0.stalled(true);
    held[2].0.stalled(true);
    held[2].0.stalled(false);
    assert!(admit(&table, "192.0.2.2").is_none());
    request.waits(true);
    let mut newcomer = admit(&table, "192.0.2.2").unwrap();
    assert!(is_closed(&mut held[0]));
    newcomer.0.request_begins();
    held[2].0.stalled(true);
    assert!(admit(&table, "192.0.2.3").is_some());
    assert!(is_closed(&mut held[2]) && !is_closed(&mut held[1]));
    assert!(!is_closed(&mut newcomer));
}

#[test]
fn a_connection_whose_response_is_out_waits_for_the_next_request() {
    let table = table(2, 256);
    let place = admit(&table, "192.0.2.1").unwrap().0;
    let request = place.request_begins();
    place.flushed();
    assert!(!table.evict_one(), "only a part of the response");
    request.answered();
    assert!(!table.evict_one());
    place.flushed();
    assert!(table.evict_one());
}

#[test]
fn of_many_requests_each_keeps_the_connection_until_all_wait_or_are_answered() {
    let table = table(2, 256);
    let place = admit(&table, "192.0.2.1").unwrap().0;
    let [one, two] = [place.request_begins(), place.request_begins()];
    one.waits(true);
    assert!(!table.evict_one(), "the other is being answered");
    one.waits(false);
    one.answered();
    place.flushed();
    assert!(!table.evict_one(), "one is left");
    let three = place.request_begins();
    two.waits(true);
    three.waits(true);
    two.waits(false);
    two.answered();
    three.waits(false);
    assert!(!table.evict_one());
    three.answered();
    place.flushed();
    assert!(table.evict_one(), "all are answered");
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http2_that_is_idle_or_gives_no_credit_is_closed() {
    let table = table(2, 256);
    let (start, place) = (Instant::now(), admit(&table, "192.0.2.1").unwrap().0);
    place.waits_too_long().await;
    assert_eq!(start.elapsed(), HTTP2_IDLE);
    let (start, request) = (Instant::now(), place.request_begins());
    request.waits(true);
    place.waits_too_long().await;
    assert_eq!(start.elapsed(), RESPONSE_WITHIN);
}

#[test]
fn one_in_twenty_places_is_kept_for_loopback() {
    let table = table(40, 256);
    let busy = |ip: &str| admit(&table, ip).inspect(|it| _ = it.0.request_begins());
    let others: Vec<_> = (0..50).filter_map(|n| busy(&format!("192.0.2.{n}"))).collect();
    assert_eq!(others.len(), 38);
    let local = [busy("127.0.0.1"), busy("::1")];
    assert!(local.iter().all(Option::is_some));
    assert!(busy("127.0.0.1").is_none());
    drop(others);
    let local: Vec<_> = (0..50).filter_map(|_| busy("127.0.0.1")).collect();
    assert_eq!(local.len(), 38, "the others' places are anybody's");
}

#[test]
fn a_flood_through_the_proxy_costs_no_direct_client_its_connection_nor_the_reverse() {
    let table = table(40, 256);
    let mut direct = admit(&table, "192.0.2.1").unwrap();
    let mut proxied: Vec<_> = (0..100).map(|_| admit(&table, "127.0.0.1").unwrap()).collect();
    assert!(!is_closed(&mut direct));
    drop(proxied.split_off(90));
    let mut last = proxied.pop().unwrap();
    drop(proxied);
    let _flood: Vec<_> = (0..100).map(|_| admit(&table, "192.0.2.2").unwrap()).collect();
    assert!(!is_closed(&mut last));
}

#[test]
fn stopping_closes_every_connection_and_keeps_counting_them_until_they_are_gone() {
    let table = table(4, 4);
    let mut held: Vec<_> = (0..4).map(|_| admit(&table, "192.0.2.1").unwrap()).collect();
    held[0].0.upgraded();
    table.close_all();
    assert!(held.iter_mut().all(is_closed));
    assert_eq!(n_connections(&table), 4);
    drop(held);
    assert_eq!(n_connections(&table), 0);
}

#[tokio::test(start_paused = true)]
async fn who_has_just_come_is_not_closed_for_who_comes_next() {
    let table = table(4, 256);
    let wait = |table: &Table| table.wait_for_place(Instant::now());
    let mut held: Vec<_> = (0..3).map(|_| admit(&table, "127.0.0.1").unwrap()).collect();
    assert_eq!(wait(&table), None, "a place is free");
    tokio::time::advance(Duration::from_millis(30)).await;
    held.push(admit(&table, "127.0.0.1").unwrap());
    assert_eq!(wait(&table), Some(Duration::from_millis(70)), "until the oldest had its time");
    tokio::time::advance(Duration::from_millis(70)).await;
    assert_eq!(wait(&table), None);
    for connection in &held[..3] {
        connection.0.request_begins();
    }
    assert_eq!(
        wait(&table),
        Some(Duration::from_millis(30)),
        "those being served keep their places"
    );
    held[3].0.request_begins();
    assert_eq!(wait(&table), None, "nobody gives way: newcomers are refused at once");
}
