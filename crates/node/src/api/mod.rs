//! The API under `/v1`: what people and programs may ask of a node.
