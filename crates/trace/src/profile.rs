//! What a trace tells about a function, beside when it is called.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::table::quoted;

/// One function of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionProfile {
    /// The function's name or hash, as the trace spells it.
    pub name: String,
    /// The application it belongs to, where the trace knows.
    pub app: Option<String>,
    /// What triggers it (`http`, `timer`, ...), where the trace knows.
    pub trigger: Option<String>,
    /// Memory of one instance.
    pub memory: Bytes,
    /// Average length of a call on a warm instance.
    pub warm: Span,
    /// Longest observed call (Azure's `Maximum`), where the trace knows.
    pub longest: Option<Span>,
    /// Measured length of a start, beyond the warm run, where the trace knows.
    pub cold: Option<Span>,
}

/// Memory of a function whose trace does not tell: half of the applications of Azure
/// 2019 allocate no more (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020).
pub const MEMORY_DEFAULT: Bytes = Bytes::from_mb(170);

/// Run time of a function whose trace does not tell: half of the functions of Azure 2019
/// take less on average (same source).
pub const WARM_DEFAULT: Span = Span::from_secs(1);

/// Most functions in one trace; more is a broken file.
pub const FUNCTIONS_MAX: usize = 10_000_000;

/// Names under which formats without applications can tell the functions apart: the
/// name, with the application where the name is not unique, with the id where even that
/// is not.
pub fn unique_names(functions: &[FunctionProfile]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::with_capacity(functions.len());
    for (id, function) in functions.iter().enumerate() {
        let app = function.app.as_deref().unwrap_or_default();
        let candidates = [
            function.name.clone(),
            format!("{app}/{}", function.name),
            format!("{}#{id}", function.name),
        ];
        let free = candidates.into_iter().find(|name| !taken.contains(name));
        let mut name = free.unwrap_or_else(|| format!("#{id}"));
        while !taken.insert(name.clone()) {
            name.push('#');
        }
        names.push(name);
    }
    names
}

/// Application and name as two fields of a CSV line, for the formats of Azure; a
/// function without an application is its own. Pairs that occur twice get distinct names.
pub fn app_and_name(functions: &[FunctionProfile]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut keys = Vec::with_capacity(functions.len());
    for (id, function) in functions.iter().enumerate() {
        let app = quoted(function.app.as_deref().unwrap_or(&function.name));
        let mut key = format!("{app},{}", quoted(&function.name));
        if !taken.insert(key.clone()) {
            key = format!("{app},{}", quoted(&format!("{}#{id}", function.name)));
            taken.insert(key.clone());
        }
        keys.push(key);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_unique() {
        let function = |app: Option<&str>, name: &str| FunctionProfile {
            name: name.to_string(),
            app: app.map(str::to_string),
            trigger: None,
            memory: MEMORY_DEFAULT,
            warm: WARM_DEFAULT,
            longest: None,
            cold: None,
        };
        let functions = [
            function(None, "f"),
            function(Some("a"), "f"),
            function(Some("a"), "f"),
            function(None, "g"),
        ];
        assert_eq!(unique_names(&functions), ["f", "a/f", "f#2", "g"]);
        assert_eq!(app_and_name(&functions), ["f,f", "a,f", "a,f#2", "g,g"]);
    }
}
