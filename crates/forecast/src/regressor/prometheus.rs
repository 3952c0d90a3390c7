//! Reads what a Prometheus server answers to a range query (`/api/v1/query_range`, format of
//! the HTTP API, "Range vectors").

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

/// The longest answer that is read, in bytes.
pub const BYTES_MAX: usize = 32 << 20;
/// The most series of an answer.
pub const SERIES_MAX: usize = 1000;

/// Why an answer was not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrometheusError {
    /// It is no answer of that kind.
    #[error("this is no answer of Prometheus: {0}; ask for `/api/v1/query_range`")]
    Foreign(String),
    /// The server refused the query.
    #[error("Prometheus refused the query ({kind}): {message}; mend the query or its range")]
    Refused {
        /// Its kind of error.
        kind: String,
        /// Its reason.
        message: String,
    },
    /// It is another kind of result.
    #[error("the answer holds a `{0}`, not a `matrix`; ask for a range with `query_range`")]
    Shape(String),
    /// It is too large.
    #[error("the answer is larger than can be read here; ask for less at a time")]
    Large,
}

/// One series of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Samples {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Unix milliseconds and values, in order, each moment once; what is no number is left out.
    pub points: Vec<(u64, f64)>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(rename = "errorType", default)]
    error_type: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads an answer.
pub fn read(bytes: &[u8]) -> Result<Vec<Samples>, PrometheusError> {
    if bytes.len() > BYTES_MAX {
        return Err(PrometheusError::Large);
    }
    let foreign = |error: serde_json::Error| PrometheusError::Foreign(error.to_string());
    let answer: Answer = serde_json::from_slice(bytes).map_err(foreign)?;
    if answer.status != "success" {
        let (kind, message) = (answer.error_type, answer.error);
        return Err(PrometheusError::Refused { kind, message });
    }
    let data = answer.data.ok_or_else(|| PrometheusError::Foreign("it has no data".into()))?;
    if data.result_type != "matrix" {
        return Err(PrometheusError::Shape(data.result_type));
    }
    let rows: Vec<Row> = serde_json::from_value(data.result).map_err(foreign)?;
    if rows.len() > SERIES_MAX {
        return Err(PrometheusError::Large);
    }
    Ok(rows.into_iter().map(samples).collect())
}

fn samples(row: Row) -> Samples {
    let point = |(seconds, text): &(f64, String)| {
        let ms = (seconds * 1000.0).round();
        // Up to the year 5138; the server writes `NaN` and `+Inf`, too.
        let is_moment = (0.0..=1e14).contains(&ms);
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
        is_moment.then_some((ms as u64, value))
    };
    let by_moment: BTreeMap<u64, f64> = row.values.iter().filter_map(point).collect();
    Samples { labels: row.metric, points: by_moment.into_iter().collect() }
}

/// The pages of an answer as one, series by series; a moment that comes twice is taken once.
pub fn join(pages: Vec<Vec<Samples>>) -> Vec<Samples> {
    let mut joined: BTreeMap<BTreeMap<String, String>, BTreeMap<u64, f64>> = BTreeMap::new();
    for samples in pages.into_iter().flatten() {
        joined.entry(samples.labels).or_default().extend(samples.points);
    }
    let samples = |(labels, points): (_, BTreeMap<u64, f64>)| Samples {
        labels,
        points: points.into_iter().collect(),
    };
    joined.into_iter().map(samples).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"queue_length","queue":"mail"},
         "values":[[1435781460.781,"2"],[1435781430.781,"1"],[1435781460.781,"3"],
                   [1435781490,"NaN"],[1435781520,"+Inf"],[1435781550,"-0.5"],[-5,"1"],[1e300,"1"]]},
        {"metric":{},"values":[]}]},"warnings":["too much"]}"#;

    #[test]
    fn answers_are_read_in_order_and_without_what_is_no_number() {
        let read = read(ANSWER.as_bytes()).expect("it is an answer");
        assert_eq!(read[0].labels["queue"], "mail");
        let expected =
            [(1_435_781_430_781, 1.0), (1_435_781_460_781, 3.0), (1_435_781_550_000, -0.5)];
        assert_eq!(read[0].points, expected);
        assert!(read[1].points.is_empty());
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        for (text, part) in [
            ("", "no answer"),
            ("<html>", "no answer"),
            ("{}", "no answer"),
            (r#"{"status":"success"}"#, "no data"),
            (
                r#"{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points"}"#,
                "11,000",
            ),
            (r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, "`vector`"),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1]]}]}}"#,
                "no answer",
            ),
            (r#"{"status":"success","data":{"resultType":"matrix","result":5}}"#, "no answer"),
        ] {
            let error = read(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        for end in 0..ANSWER.len() {
            assert!(read(&ANSWER.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn pages_become_one() {
        let page = |points: &[(u64, f64)]| {
            vec![Samples { labels: BTreeMap::new(), points: points.to_vec() }]
        };
        let joined = join(vec![page(&[(5, 1.0), (6, 2.0)]), page(&[(1, 0.0), (5, 9.0)])]);
        assert_eq!(joined, page(&[(1, 0.0), (5, 9.0), (6, 2.0)]));
        assert!(join(Vec::new()).is_empty());
    }
}
