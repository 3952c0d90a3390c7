//! Contents shared by cache groups: stores, copies and the nodes that hold them.

pub mod naming;
pub mod blob;
pub mod objects;
pub mod rows;
pub mod data_store;
pub mod copies;
pub mod keeper;
pub mod clock;
pub mod circle;
pub mod parcel;
pub mod carrier;
pub mod figures;
pub mod settings;
pub mod mind;
pub mod shared;
pub mod ahead;
pub mod foreseeing;
pub mod sweeping;
pub mod voting;
pub mod hands;
pub mod token;
pub mod answer;
pub mod contents;
pub mod writing;
pub mod view;
pub mod peers;
