//! A node, put together: opens what it keeps, starts what it runs, stops in order.
