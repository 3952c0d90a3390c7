//! What a person wrote for what the API names: a node speaks of `item_bytes`, where the manifest in
//! front of that person has `item`.

/// What the API and a manifest name differently.
const NAMES: &[(&str, &str)] = &[
    ("memory_bytes", "memory"),
    ("timeout_ms", "timeout"),
    ("reuse_max", "reuse"),
    ("min_warm", "min-warm"),
    ("max_instances", "max-instances"),
    ("max_idle_ms", "max-idle"),
    ("queue_max", "queue"),
    ("body_bytes_max", "body-max"),
    ("cpu_ms_max", "cpu"),
    ("fuel_max", "fuel"),
    ("environment", "env"),
    ("key_value", "key-value"),
    ("item_bytes", "item"),
    ("stall_ms", "stall"),
    ("disk_bytes", "disk"),
    ("hops_max", "hops-max"),
    ("cut.after_ms", "cut"),
    ("retry.attempts_max", "retry.attempts"),
    ("retry.backoff_ms", "retry.backoff"),
    ("retry.backoff_ms_max", "retry.backoff-max"),
];

/// A node's sentence with keys, each in backticks, as a manifest has them.
pub fn as_written(sentence: &str) -> String {
    NAMES.iter().fold(sentence.to_string(), |text, (api, manifest)| {
        text.replace(&format!("`{api}`"), &format!("`{manifest}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{flow, function};

    #[test]
    fn keys_are_named_as_the_manifest_has_them() {
        let said = "give one of them a `hops_max`, or raise `retry.backoff_ms_max`";
        let written = "give one of them a `hops-max`, or raise `retry.backoff-max`";
        assert_eq!(as_written(said), written);
    }

    #[test]
    fn every_name_is_a_key() {
        let schemas = [function::schema().to_string(), flow::schema().to_string()];
        for (_, name) in NAMES {
            let key = name.rsplit('.').next().unwrap_or(name);
            let key = format!("\"{key}\":");
            assert!(schemas.iter().any(|schema| schema.contains(&key)), "no key {name}");
        }
    }
}
