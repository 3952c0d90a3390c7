//! From options and environment to a node that can be asked.

use crate::cli::node::NodeArguments;
use crate::client::connection::Connection;
use crate::client::node::NodeClient;
use crate::error::Letter;

/// The node that is meant.
pub fn node(arguments: &NodeArguments) -> Result<NodeClient, Letter> {
    NodeClient::new(connection(arguments)?)
}

/// How to reach it.
pub fn connection(arguments: &NodeArguments) -> Result<Connection, Letter> {
    let NodeArguments { node, token, ca } = arguments;
    Connection::resolve(node.as_deref(), token.as_deref(), ca.as_deref(), &|name| {
        std::env::var(name).ok()
    })
}
