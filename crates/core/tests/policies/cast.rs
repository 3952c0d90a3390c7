//! The functions of a table, read from text: `a 100MB; b 200MB start=5s run=2s pinned`.
//! What is not said is a start of one second, a run of a tenth, and no rule of its own.

use swell_core::ids::FunctionId;
use swell_core::settings::FunctionSettings;
use swell_core::time::Span;
use swell_core::units::Bytes;

/// One function and how long its starts and calls take.
pub(crate) struct Role {
    name: String,
    pub(crate) settings: FunctionSettings,
    pub(crate) start: Span,
    pub(crate) run: Span,
}

/// All functions of a table, by id.
pub(crate) struct Cast(Vec<Role>);

impl Cast {
    pub(crate) fn read(text: &str) -> Self {
        Self(text.split(';').map(|entry| role(entry.trim())).collect())
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (0..self.0.len() as u32).map(FunctionId)
    }

    pub(crate) fn role(&self, function: FunctionId) -> &Role {
        &self.0[function.index()]
    }

    pub(crate) fn name(&self, function: FunctionId) -> &str {
        &self.role(function).name
    }

    pub(crate) fn find(&self, name: &str) -> FunctionId {
        let place = self.0.iter().position(|role| role.name == name);
        FunctionId(place.unwrap_or_else(|| panic!("no function is called `{name}`")) as u32)
    }
}

fn role(text: &str) -> Role {
    let mut words = text.split(' ');
    let name = words.next().expect("a name").to_string();
    let memory: Bytes = words.next().expect("memory").parse().expect("an amount of memory");
    let mut role = Role {
        name,
        settings: FunctionSettings::plain(memory),
        start: Span::from_secs(1),
        run: Span::from_millis(100),
    };
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        rule(&mut role, key, value);
    }
    role
}

fn rule(role: &mut Role, key: &str, value: &str) {
    let span = || value.parse::<Span>().expect("a length of time");
    let number = || value.parse::<u32>().expect("a number");
    let settings = &mut role.settings;
    match key {
        "start" => role.start = span(),
        "run" => role.run = span(),
        "concurrency" => settings.concurrency = number(),
        "min_warm" => settings.min_warm = number(),
        "max_instances" => settings.max_instances = number(),
        "max_idle" => settings.max_idle = Some(span()),
        "pinned" => settings.pinned = true,
        "run_and_exit" => settings.run_and_exit = true,
        "pause_after" => settings.pause_after = Some(span()),
        "paused_memory" => settings.paused_memory = value.parse().expect("an amount of memory"),
        _ => panic!("a function has no rule `{key}`"),
    }
}
