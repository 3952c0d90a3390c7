//! The mind among its hands: news goes in under one lock, orders are carried out.
