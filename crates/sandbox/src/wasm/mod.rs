//! The backend that runs WebAssembly.
