//! What a node expects of its functions, and how good it was at that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::ForecastMode;

/// What a node expects of its functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Forecasts {
    /// What comes of forecasts, unless a function has a mode of its own.
    pub mode: ForecastMode,
    /// Length of a step on the wall, in milliseconds.
    pub step_ms: u64,
    /// Steps ahead.
    pub horizon_steps: u32,
    /// Who forecasts.
    pub model: ForecastModel,
    /// The functions that are forecast, by name.
    pub functions: Vec<ForecastRow>,
    /// Series of a Prometheus that demand may follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followed: Vec<FollowedSeries>,
}

/// A series of a Prometheus that demand may follow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FollowedSeries {
    /// What it is called.
    pub name: String,
    /// The query for it.
    pub query: String,
    /// When its newest value is of, in milliseconds since 1970; left out before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_at_ms: Option<u64>,
    /// Its newest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<f64>,
    /// Why it could not be fetched the last time; left out if it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Who forecasts, and where learning stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastModel {
    /// Its name; empty before the first forecast.
    pub name: String,
    /// Why it is that one.
    pub why: String,
    /// When the newest model was made, in milliseconds since 1970; left out before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at_ms: Option<u64>,
    /// Whether a model is being made.
    pub is_training: bool,
    /// Models made since the node came up.
    pub trainings: u64,
    /// Time of the processor that they took, in seconds.
    pub training_seconds: f64,
    /// Time of the processor that forecasts took, in seconds.
    pub forecasting_seconds: f64,
    /// Share of counts that lay within the 80 % band of late, over all functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_80: Option<f64>,
    /// The same of the 95 % band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_95: Option<f64>,
    /// What the league of models decided, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<String>,
}

/// One function in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastRow {
    /// The function.
    pub function: String,
    /// Calls expected in the next step; left out of one that was never called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_median: Option<f32>,
    /// In nine cases of ten no more; left out likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_high: Option<f32>,
    /// Calls expected within the horizon: the sum of the medians; left out likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_median: Option<f32>,
    /// How good forecasts of it were.
    pub quality: ForecastQuality,
}

/// What is expected of one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionForecast {
    /// The function.
    pub function: String,
    /// What comes of its forecasts.
    pub mode: ForecastMode,
    /// When this was forecast, in milliseconds since 1970.
    pub made_at_ms: u64,
    /// When the first step begins, in milliseconds since 1970.
    pub origin_ms: u64,
    /// Length of a step on the wall, in milliseconds.
    pub step_ms: u64,
    /// Who forecast it.
    pub model: String,
    /// Why that one.
    pub why: String,
    /// How good forecasts of it were.
    pub quality: ForecastQuality,
    /// The steps, in order; none of a function that was never called and whose schedule tells nothing.
    pub steps: Vec<ForecastStep>,
    /// What a call uses, from which what the steps need is told.
    #[serde(default)]
    pub of_a_call: CallUse,
    /// When its schedule will surely call it, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_at_ms: Vec<u64>,
    /// Why steps and horizon are not as the function has them, if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Calls that came in the last steps, oldest first; null for a step that was not measured.
    pub recent: Vec<Option<u32>>,
    /// What is expected of the next minutes, where clones are made by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<MinuteForecast>,
    /// What the node makes of it: the clones of each version that gets calls.
    #[serde(default)]
    pub clones: Vec<CloneProspect>,
    /// Whether it can be predicted.
    #[serde(default)]
    pub verdict: Verdict,
}

/// What is expected of the next minutes: the chance of any call in each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MinuteForecast {
    /// Who says so.
    pub model: String,
    /// When this was said, in milliseconds since 1970.
    pub made_at_ms: u64,
    /// Length of a minute on the wall, in milliseconds: less where the node's clock goes faster.
    pub step_ms: u64,
    /// The minutes, the first of them the one under way.
    pub steps: Vec<MinuteStep>,
    /// The share of minutes of late that saw a call, 0 to 1.
    pub called: f64,
    /// The share of the squared error of always saying that share that these chances do without: 1
    /// is certain and right, 0 tells no more than the share, less misleads. Left out where next to
    /// all minutes see a call, or none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<f64>,
    /// Minutes whose chances were scored, since the node came up and for the day before.
    pub n: u64,
    /// Share of counts within the 80 % band of the next minute of late, each spread over its own share
    /// of the forecast; of minutes of which a call was expected with 2 % or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_80: Option<f64>,
    /// The same of the 95 % band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_95: Option<f64>,
}

/// One minute ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MinuteStep {
    /// When it begins, in milliseconds since 1970.
    pub at_ms: u64,
    /// The chance that any call comes in it if none came in those before, 0 to 1.
    pub chance: f64,
    /// Half of all cases have no more calls, if none came in the minutes before.
    pub median: f32,
    /// Lower edge of the 80 % band.
    pub low_80: f32,
    /// Upper edge of the 80 % band.
    pub high_80: f32,
    /// Lower edge of the 95 % band.
    pub low_95: f32,
    /// Upper edge of the 95 % band.
    pub high_95: f32,
}

/// What a node makes of the forecast of one version of a function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CloneProspect {
    /// The version.
    pub version: u32,
    /// Whether clones of it are made; in `shadow`, all of this is what would be.
    pub mode: ForecastMode,
    /// Instances it has, at work or not.
    pub instances: u32,
    /// Of these, clones that wait for their first call.
    pub clones: u32,
    /// Instances that the forecast asks for, those at work included.
    pub wanted: u32,
    /// The chance of a call in the step under way from which on a clone is worth its start, 0 to 1;
    /// left out where none is enough, or nothing is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<f64>,
    /// Why there are as many clones and no more: `off`, `unforeseen`, `unworthy`, `fulfilled`,
    /// `outranked`, `later`, `there`, `failing`, `calls-fail`, `capped`, `calls-wait`, `unpaid`,
    /// `share-used`,
    /// `own-share-used`, `no-room`, `due`.
    pub reason: String,
    /// The same in a sentence.
    pub text: String,
}

/// Whether a function can be predicted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// `yes`, `no`, or `unknown` while too little was scored.
    pub predictable: String,
    /// Why, in a sentence.
    pub text: String,
}

/// One step ahead: quantiles of the number of calls, and what they need.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastStep {
    /// When it begins, in milliseconds since 1970.
    pub at_ms: u64,
    /// Half of all cases lie below.
    pub median: f32,
    /// Lower edge of the 80 % band.
    pub low_80: f32,
    /// Upper edge of the 80 % band.
    pub high_80: f32,
    /// Lower edge of the 95 % band.
    pub low_95: f32,
    /// Upper edge of the 95 % band.
    pub high_95: f32,
    /// The most calls that run at once.
    pub at_once: Band,
    /// Processors that they keep busy, on average over the step.
    pub cpu_cores: Band,
    /// Memory that the guests of as many instances hold as run at once, in bytes.
    pub memory_bytes: Band,
    /// Requests and answers, in bytes a second, on average over the step.
    pub network_bytes_per_second: Band,
}

/// What is needed, by how many calls come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Band {
    /// Half of all cases lie below.
    pub median: f32,
    /// Lower edge of the 80 % band.
    pub low_80: f32,
    /// Upper edge of the 80 % band.
    pub high_80: f32,
    /// Lower edge of the 95 % band.
    pub low_95: f32,
    /// Upper edge of the 95 % band.
    pub high_95: f32,
}

/// What a call uses on average, as it was measured of late; what was not is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallUse {
    /// How long it runs, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_seconds: Option<f64>,
    /// Processor time, that of starts included, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// The most memory that the guest held, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<f64>,
    /// Request and answer, as far as their lengths were told, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_bytes: Option<f64>,
    /// Memory that the guest may hold, in bytes: what counts where it was not measured.
    pub memory_limit_bytes: u64,
}

/// How good forecasts were of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastQuality {
    /// Mean error of the median over the mean change from step to step; below one is better
    /// than "as much as last".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mase: Option<f64>,
    /// Twice the pinball loss at 0.9 over the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wql90: Option<f64>,
    /// Share of counts within the 80 % band, each spread over its own share of the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_80: Option<f64>,
    /// The same of the 95 % band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_95: Option<f64>,
    /// Forecasts of steps that were scored.
    pub n: u64,
}

/// Something that was not as usual; also the data of the event that tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Anomaly {
    /// Its id, which the event has too.
    #[serde(default)]
    pub id: String,
    /// When it was noticed, at the end of a step, in milliseconds since 1970.
    pub at_ms: u64,
    /// When the first step of it began, in milliseconds since 1970.
    #[serde(default)]
    pub since_ms: u64,
    /// Length of a step on the wall, in milliseconds.
    #[serde(default)]
    pub step_ms: u64,
    /// The function; `*` where it is many of them. The workload, where it is about one of a site.
    pub function: String,
    /// Of a workload of a site, which resource it took otherwise: `cpu`, `memory`, `network` or
    /// `io`; left out of functions, whose calls are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// `spike`, `level-shift`, `silence` or `changed-season`; `storm` where so many functions were
    /// out of the ordinary in one step that the rest of them are told of together.
    pub kind: String,
    /// What happened, in a sentence.
    pub text: String,
    /// Calls in the last step of it; left out where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u32>,
    /// What had been forecast of that step; left out where nothing had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedCalls>,
}

/// What had been forecast of a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedCalls {
    /// Half of all cases lie below.
    pub median: f32,
    /// Lower edge of the 80 % band.
    pub low_80: f32,
    /// Upper edge of the 80 % band.
    pub high_80: f32,
    /// Lower edge of the 95 % band.
    pub low_95: f32,
    /// Upper edge of the 95 % band.
    pub high_95: f32,
}
