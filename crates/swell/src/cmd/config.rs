//! Prints the settings that a node would have.

use crate::cli::config::ConfigCommand;
use crate::cli::form::Listing;
use crate::configuration;
use crate::error::Letter;
use crate::listing::{Column, show};
use crate::settings::resolve::Row;

const PLAIN: [Column<Row>; 3] = [
    Column::text("SETTING", |row| row.name.to_string()),
    Column::text("VALUE", value),
    Column::wide("MEANING", |row| row.meaning.to_string()),
];

const WITH_ORIGIN: [Column<Row>; 4] = [
    Column::text("SETTING", |row| row.name.to_string()),
    Column::text("VALUE", value),
    Column::text("ORIGIN", |row| row.origin.clone()),
    Column::wide("MEANING", |row| row.meaning.to_string()),
];

fn value(row: &Row) -> String {
    if row.value.is_empty() { "-".to_string() } else { row.value.clone() }
}

/// Runs `swell config`.
pub fn run(command: &ConfigCommand) -> Result<(), Letter> {
    let ConfigCommand::Show { origin, output, settings } = command;
    let rows = configuration::settings(settings)?.rows;
    let columns: &[Column<Row>] = if *origin { &WITH_ORIGIN } else { &PLAIN };
    let output: Listing = *output;
    show(&rows, columns, |row| row.name.to_string(), output)
}
