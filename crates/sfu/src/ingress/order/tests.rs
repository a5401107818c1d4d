use super::*;

fn all(order: &mut Order<&'static str>, missing: Option<u64>) -> Vec<&'static str> {
    std::iter::from_fn(|| order.pop(missing)).collect()
}

#[test]
fn what_is_behind_a_missing_packet_waits_for_it_and_comes_in_order() {
    let mut order = Order::default();
    order.push(7, "seven");
    assert_eq!(all(&mut order, None), ["seven"]);
    order.push(9, "nine");
    order.push(10, "ten");
    assert_eq!(all(&mut order, Some(8)), [""; 0]);
    order.push(8, "its parameter sets");
    order.push(8, "eight");
    order.push(12, "twelve");
    assert_eq!(all(&mut order, Some(11)), ["its parameter sets", "eight", "nine", "ten"]);
    assert!(!order.is_empty());
    assert_eq!(all(&mut order, None), ["twelve"], "no longer waited for");
    assert!(order.is_empty());
}

#[test]
fn no_more_waits_than_there_is_room_for() {
    let mut order = Order::default();
    let mut n_out = 0;
    for seq in 1..=2 * MAX_WAITING as u64 {
        order.push(seq, ());
        n_out += std::iter::from_fn(|| order.pop(Some(0))).count();
    }
    assert_eq!(n_out, MAX_WAITING);
}
