//! A program in C, built against the header and the static library, at a real node.

use std::path::PathBuf;
use std::process::Command;

use crate::node::{Ran, until};
use crate::stage::{frames, socket, with_flow};

const PROGRAM: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "swell_flow.h"

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, swell_error());
    exit(1);
}

int main(int count, char **words) {
    (void)count;
    const char *socket = words[1];
    swell_producer *nobody = swell_producer_connect(socket, "frames", "nobody", 10);
    if (nobody) fail("nobody was let in");
    printf("%s\n", swell_error());
    swell_producer *producer = swell_producer_connect(socket, "frames", "sensor", 10000);
    swell_consumer *consumer = swell_consumer_connect(socket, "frames", "viewer", 10000);
    if (!producer || !consumer) fail("connect");
    char text[32];
    for (int number = 0; number < 500; number++) {
        int length = snprintf(text, sizeof text, "%d", number);
        if (swell_producer_push(producer, text, (size_t)length, -1) != SWELL_OK) fail("push");
    }
    for (int number = 500; number < 1000; number += 10) {
        char texts[10][32];
        swell_piece pieces[10];
        for (int place = 0; place < 10; place++) {
            int length = snprintf(texts[place], sizeof texts[place], "%d", number + place);
            pieces[place].data = texts[place];
            pieces[place].length = (size_t)length;
        }
        if (swell_producer_push_batch(producer, pieces, 10, -1) != SWELL_OK) fail("push_batch");
    }
    if (swell_producer_push_batch(producer, NULL, 0, -1) != SWELL_OK) fail("no items");
    if (swell_producer_push_batch(producer, NULL, 1, -1) != SWELL_ARGUMENT) fail("null");
    if (swell_producer_flush(producer, 60000) != SWELL_OK) fail("flush");
    if (swell_producer_push(producer, text, 1 << 20, -1) != SWELL_TOO_LARGE) fail("too large");
    if (swell_producer_push(NULL, text, 1, -1) != SWELL_ARGUMENT) fail("null");
    for (int number = 0, round = 0; number < 1000; round++) {
        swell_item items[7];
        size_t given = 1;
        int code = round % 3 == 0   ? swell_consumer_peek(consumer, items, 60000)
                   : round % 3 == 1 ? swell_consumer_pop(consumer, items, 60000)
                                    : swell_consumer_pop_batch(consumer, items, 7, &given, 60000);
        if (code != SWELL_OK || given < 1 || given > 7) fail("pop");
        for (size_t place = 0; place < given; place++, number++) {
            swell_item item = items[place];
            int length = snprintf(text, sizeof text, "%d", number);
            if (item.length != (size_t)length || memcmp(item.data, text, item.length) != 0
                || strcmp(item.from, "native:sensor") != 0 || item.sequence != (uint64_t)number)
                fail("another item");
        }
        if (swell_consumer_done(consumer) != SWELL_OK) fail("done");
    }
    swell_item item;
    size_t none = 1;
    if (swell_consumer_pop_batch(consumer, &item, 1, &none, 1) != SWELL_EMPTY || none != 0)
        fail("empty batch");
    if (swell_consumer_pop_batch(consumer, NULL, 1, &none, 1) != SWELL_ARGUMENT) fail("no room");
    if (swell_consumer_pop(consumer, &item, 1) != SWELL_EMPTY) fail("empty");
    printf("next %llu\n", (unsigned long long)swell_producer_next(producer));
    swell_producer_close(producer);
    swell_consumer_close(consumer);
    return 0;
}
"#;

/// The static library that was built beside this test.
fn library() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let folder = program.parent().expect("it is in a folder");
    let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_string);
    let files = std::fs::read_dir(folder).expect("the folder can be read");
    let mut found: Vec<PathBuf> = files
        .map(|entry| entry.expect("it is there").path())
        .filter(|path| {
            name(path).is_some_and(|name| {
                name.starts_with("libswell_flow_client") && name.ends_with(".a")
            })
        })
        .collect();
    let age = |path: &PathBuf| path.metadata().and_then(|about| about.modified()).ok();
    found.sort_by_key(age);
    found.pop().expect("it is built with this test")
}

#[test]
fn a_program_in_c_puts_in_and_takes_out() {
    if Command::new("cc").arg("--version").output().is_err() {
        println!("skipped: there is no C compiler `cc` here");
        return;
    }
    let node = with_flow("from = \"native:sensor\"\nto = \"native:viewer\"\nitem = \"1KiB\"\n");
    node.write("program.c", PROGRAM.as_bytes());
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/../flow-client/include");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-o", "program", "program.c", "-I"])
        .arg(include)
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm"])
        .current_dir(&node.folder.0);
    Ran::of(cc).ended(0, "");
    let mut program = Command::new(node.folder.0.join("program"));
    program.arg(socket(&node));
    let ran = Ran::of(program);
    ran.ended(0, "");
    assert!(ran.out.contains("does not name `native:nobody` in `from`"), "{ran:?}");
    assert!(ran.out.ends_with("next 1000\n"), "{ran:?}");
    until("all are done", || (frames(&node)["items"]["done"] == 1_000).then_some(()));
    node.stop();
}
