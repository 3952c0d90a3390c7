//! Contents over HTTP: what is answered, where it came from, and what is refused.

use http::{Method, Request, StatusCode};
use swell_samples::samples;

use crate::house::{Answer, House};

async fn up() -> House {
    House::up_with(|settings| settings.cache.workloads = vec!["shop".to_string()]).await
}

async fn ask(
    house: &House,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("/v1/content/{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.request(request, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_is_written_read_changed_and_deleted() {
    let house = up().await;
    let made = ask(&house, Method::PUT, "shop/maps/a", &[("content-type", "text/plain")], "one");
    let made = made.await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.header("x-swell-acknowledged"), "committed");
    let (first, session) = (made.header("etag"), made.header("x-swell-content-session"));

    let read =
        ask(&house, Method::GET, "shop/maps/a", &[("x-swell-content-session", session)], "").await;
    assert_eq!((read.status, &read.body[..]), (StatusCode::OK, &b"one"[..]));
    assert_eq!(read.header("etag"), first);
    assert_eq!(read.header("content-type"), "text/plain");
    assert_eq!(read.header("x-swell-source"), "local");
    assert_eq!(read.header("x-swell-read"), "causal");
    assert!(read.header("x-swell-age-ms").parse::<u64>().is_ok());

    // Known already, in part, and the head alone.
    let same = ask(&house, Method::GET, "shop/maps/a", &[("if-none-match", first)], "").await;
    assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let part = ask(&house, Method::GET, "shop/maps/a", &[("range", "bytes=1-")], "").await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &b"ne"[..]));
    assert_eq!(part.header("content-range"), "bytes 1-2/3");
    let head = ask(&house, Method::HEAD, "shop/maps/a", &[], "").await;
    assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, "3"));

    // Changed on the version that was read, and not on an older one.
    let changed = ask(&house, Method::PUT, "shop/maps/a", &[("if-match", first)], "two").await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    let late = ask(&house, Method::PUT, "shop/maps/a", &[("if-match", first)], "three").await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(late.json()["code"], "precondition-failed");
    let read = ask(&house, Method::GET, "shop/maps/a?read=strict", &[], "").await;
    assert_eq!(&read.body[..], b"two");

    let list = ask(&house, Method::GET, "shop?prefix=maps/", &[], "").await.json();
    assert_eq!(list["contents"][0]["name"], "maps/a");
    assert_eq!(list["contents"][0]["bytes"], 3);

    let gone = ask(&house, Method::DELETE, "shop/maps/a", &[], "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let session = gone.header("x-swell-content-session");
    let read =
        ask(&house, Method::GET, "shop/maps/a", &[("x-swell-content-session", session)], "").await;
    assert_eq!(read.status, StatusCode::NOT_FOUND);
    let again = ask(&house, Method::DELETE, "shop/maps/a", &[], "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let list = ask(&house, Method::GET, "shop", &[], "").await.json();
    assert_eq!(list["contents"].as_array().map(Vec::len), Some(0));
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let house = up().await;
    // More than sockets hold: the reason has to reach a client that is still writing.
    let long = "x".repeat(8 << 20);
    ask(&house, Method::PUT, "shop/a", &[], "one").await;
    for (method, path, header, body, status) in [
        (Method::GET, "nowhere/a", None, "", 404),
        (Method::PUT, "nowhere/a", None, "x", 404),
        (Method::GET, "nowhere", None, "", 404),
        (Method::GET, "Shop/a", None, "", 400),
        (Method::PUT, "shop/..%2f..%2fetc%2fpasswd", None, "x", 400),
        (Method::GET, "shop/a%2f%2fb", None, "", 400),
        (Method::PUT, "shop/a%00", None, "x", 400),
        (Method::GET, "shop/none", None, "", 404),
        (Method::GET, "shop/a?read=newest", None, "", 400),
        (Method::GET, "shop/a?red=any", None, "", 400),
        (Method::GET, "shop/a", Some(("x-swell-content-session", "zz")), "", 400),
        (Method::GET, "shop/a", Some(("if-match", "\"0.9.9\"")), "", 412),
        (Method::GET, "shop/a", Some(("range", "bytes=7-9")), "", 416),
        (Method::PUT, "shop/a", Some(("if-match", "abc")), "x", 400),
        (Method::PUT, "shop/a", Some(("if-none-match", "*")), "x", 412),
        (Method::PUT, "shop/b", Some(("if-match", "*")), "x", 412),
        (Method::PUT, "shop/a?acknowledge=maybe", None, "x", 400),
        (Method::PUT, "shop/long", None, &long, 413),
        (Method::DELETE, "shop/none", None, "", 404),
        (Method::POST, "shop/a", None, "", 405),
    ] {
        let headers: Vec<(&str, &str)> = header.into_iter().collect();
        let answer = ask(&house, method.clone(), path, &headers, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {header:?}: {answer:?}");
        assert!(!answer.json()["title"].as_str().unwrap_or("").is_empty(), "{method} {path}");
    }
    let read = ask(&house, Method::GET, "shop/a", &[], "").await;
    assert_eq!(&read.body[..], b"one", "nothing was changed");
    house.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_outlive_a_restart_and_workloads_are_known_by_them() {
    let house = up().await;
    let made = ask(&house, Method::PUT, "shop/a", &[], "one").await;
    let session = made.header("x-swell-content-session").to_string();
    let folder = house.down().await;
    // Nobody names the workload any more: the data store knows it.
    let house = House::up_in(folder, |_| {}).await;
    let read =
        ask(&house, Method::GET, "shop/a", &[("x-swell-content-session", &session)], "").await;
    assert_eq!((read.status, &read.body[..]), (StatusCode::OK, &b"one"[..]));
    house.down().await;
}

/// A guest counts in contents: the count is there for whoever reads contents, on whatever node.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_keeps_contents_of_its_workload() {
    let house = House::up().await;
    let deployed = house
        .deploy("visits", samples::VISITS, |spec| {
            spec.workload = Some("shop".to_string());
            spec.key_value = vec!["visits=content:shop".to_string()];
        })
        .await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    for _ in 0..3 {
        let answer = house.call("visits", "").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let list = ask(&house, Method::GET, "shop", &[], "").await.json();
    let name = list["contents"][0]["name"].as_str().expect("one content").to_string();
    let read = ask(&house, Method::GET, &format!("shop/{name}?read=strict"), &[], "").await;
    assert_eq!(&read.body[..], b"3");
    house.down().await;
}

/// What a guest keeps as an object is a content, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_keeps_objects_that_are_contents() {
    let house = House::up().await;
    let deployed = house
        .deploy("album", samples::ALBUM, |spec| {
            spec.workload = Some("shop".to_string());
            spec.key_value = vec!["album=content:shop".to_string()];
        })
        .await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    let path = "/function/album/cat";
    let kept = house.send(Method::POST, path, "a picture of a cat").await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{kept:?}");
    let read = ask(&house, Method::GET, "shop/cat?read=strict", &[], "").await;
    assert_eq!(&read.body[..], b"a picture of a cat");
    ask(&house, Method::PUT, "shop/dog", &[], "a dog").await;
    let shown = house.send(Method::POST, "/function/album/cat+dog", "").await;
    assert_eq!((shown.status, shown.text()), (StatusCode::OK, "a picture of a cata dog"));
    let none = house.send(Method::POST, "/function/album/bird", "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    // What it reads is seen, and where it would be called.
    let placed = house.get("/v1/placement/album").await;
    assert_eq!(placed.status, StatusCode::OK, "{placed:?}");
    let placed = placed.json();
    assert_eq!((&placed["workload"], &placed["node"]), (&"shop".into(), &"node".into()));
    let inputs = placed["inputs"].as_array().expect("a list");
    assert!(inputs.iter().any(|input| input["name"] == "shop/cat" && input["bytes"] == 18));
    assert_eq!(house.get("/v1/placement/none").await.status, StatusCode::NOT_FOUND);
    house.down().await;
}
