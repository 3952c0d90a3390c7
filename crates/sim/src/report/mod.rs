//! Results for people and programs: one text table, two file formats and one page.

pub mod figure;
pub mod student;
pub mod summary;
pub mod table;
pub mod csv;
pub mod json;
pub mod html;
