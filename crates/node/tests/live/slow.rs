//! A client of HTTP/2 that holds its answer up keeps no instance busy beyond the deadline.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use swell_samples::samples;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_held_up_is_ended_by_the_deadline() {
    let house = House::up().await;
    let deployed = house.deploy("events", samples::EVENTS, |spec| spec.timeout_ms = 500).await;
    assert!(deployed.status.is_success(), "{deployed:?}");
    let socket = TcpStream::connect(house.address).await.expect("the node listens");
    let (mut client, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1)
        .handshake(TokioIo::new(socket))
        .await
        .expect("the node speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let uri = format!("http://{}/function/events?n=1000000000", house.address);
    let request = Request::get(uri).body(Empty::<Bytes>::new()).expect("it is a request");
    let held = client.send_request(request).await.expect("the node answers");
    assert_eq!(held.status(), StatusCode::OK);
    let idle = async {
        while house.get("/v1/functions/events").await.json()["instances"]["busy"] != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), idle).await.expect("the guest is stopped");
    drop((held, client));
    connection.abort();
    house.down().await;
}
