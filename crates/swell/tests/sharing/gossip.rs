//! A node that is on nobody's list: it knows those that are, speaks to them, and is soon known to
//! all. It shares what they have and votes nowhere.

use std::time::{Duration, Instant};

use crate::callers::{read, write};
use crate::circle::{Circle, Making, PATIENCE};

#[test]
fn a_node_on_no_list_is_found_by_gossip() {
    let circle = Circle::made(Making { workloads: "shop", nodes: 4, ..Making::default() });
    let guest = circle.node("madrid");
    let deadline = Instant::now() + PATIENCE;
    for node in 0..circle.len() {
        loop {
            let state = circle.page(node, "/v1/cache");
            let members = state.map(|state| state["members"].to_string()).unwrap_or_default();
            if ["berlin", "oslo", "paris", "madrid"].iter().all(|name| members.contains(name)) {
                break;
            }
            assert!(Instant::now() < deadline, "{} knows only {members}", circle.name(node));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let leader = circle.leader(None);
    assert_ne!(leader, guest, "who is not on the list does not lead");
    let voters =
        circle.page(guest, "/v1/cache").expect("it answers")["groups"][0]["voters"].clone();
    assert!(!voters.to_string().contains("madrid"), "{voters}");

    // What one of them wrote it has from the group, and the other way round.
    let text = "from the leader";
    let written = write(&circle.url(leader), "map", text, "", "committed").expect("it answers");
    assert_eq!(written.status, 201);
    let mut sources = Vec::new();
    for round in 0..20 {
        let name = format!("map-{round}");
        let written = write(&circle.url(leader), &name, text, "", "committed").expect("it answers");
        let told = read(&circle.url(guest), &name, "strict", &written.session).expect("it answers");
        assert_eq!((told.status, told.version, told.text.as_str()), (200, written.version, text));
        sources.push(told.source);
    }
    assert!(sources.iter().any(|source| source == "group"), "{sources:?}");
    let back = write(&circle.url(guest), "map", "from the guest", &written.session, "committed");
    let back = back.expect("it answers");
    assert_eq!(back.status, 204, "{}", back.text);
    let told = read(&circle.url(leader), "map", "strict", "").expect("it answers");
    assert_eq!((told.version, told.text.as_str()), (back.version, "from the guest"));
}
