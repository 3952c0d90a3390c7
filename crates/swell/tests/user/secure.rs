//! TLS with a certificate of our own making, and a token.

use std::sync::Arc;

use swell_samples::samples;

use crate::node::{Node, command, write};
use crate::shell::Folder;

#[test]
fn a_node_speaks_tls_to_those_who_trust_it() {
    let folder = Arc::new(Folder::new());
    let names = ["localhost".to_string(), "127.0.0.1".to_string()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate is made");
    write(&folder.0, "cert.pem", made.cert.pem().as_bytes());
    write(&folder.0, "key.pem", made.signing_key.serialize_pem().as_bytes());
    let tls = "--set tls.certificate=cert.pem --set tls.key=key.pem --set api.token=secret";
    let node = Node::on(folder.clone(), tls);
    assert!(node.url().starts_with("https://"), "{}", node.url());
    write(&folder.0, "hello.wasm", samples::HELLO);
    let trusting = "--ca cert.pem --token secret";
    node.fine(&format!("deploy hello.wasm {trusting}"));
    let ran = node.fine(&format!("invoke hello -d Ada -i {trusting}"));
    assert_eq!(ran.out, "Hello, Ada!\n");
    for (words, told) in [
        ("list --token secret", "no secure connection"),
        ("list --ca cert.pem --token wrong", "the token is not this node's"),
        ("list --ca cert.pem", "wants to see its token"),
    ] {
        node.run(words).ended(1, told);
    }
    // What speaks plainly is not understood, and hurts nobody.
    let plain = format!("list --node http://{}", node.address);
    assert_eq!(node.run(&plain).code, Some(1));
    node.fine(&format!("list {trusting}"));
    node.stop();

    write(&folder.0, "other.pem", b"-----BEGIN PRIVATE KEY-----\nnothing\n");
    for (words, told) in [
        ("--set tls.certificate=key.pem --set tls.key=key.pem", "holds no certificate"),
        ("--set tls.certificate=cert.pem --set tls.key=other.pem", "other.pem"),
        ("--set tls.certificate=none.pem --set tls.key=key.pem", "cannot read `none.pem`"),
        ("--set tls.certificate=cert.pem", "`tls.key` is not"),
    ] {
        let words = format!("up --listen 127.0.0.1:0 --data data {words}");
        crate::node::Ran::of(command(&folder, &words)).ended(2, told);
    }
}
