//! Asynchronous calls: kept on disk until they are answered or given up.
