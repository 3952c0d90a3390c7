//! Forecasting as the API asks for it: views of what is known, and changes of the calendar in
//! the words of the API.

use swell_api::calendar::{Imported, Occasion as Told};
use swell_api::forecast::{Anomaly, Forecasts, FunctionForecast};
use swell_api::receipt::Receipt;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::entry::Defaults;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::{ics, pattern, table};
use swell_outlook::heeded::{Heed, Heeding};

use crate::api::context::{CalendarDefaults, Foretold};
use crate::foresight::calendar::{OCCASIONS_MAX, Untaken};
use crate::foresight::ground::Ground;
use crate::foresight::{receipt, record, view};
use crate::refusal::{Reason, Refusal};
use crate::store::error::StoreError;

impl Foretold for Ground {
    fn forecasts(&self) -> Forecasts {
        view::all(self)
    }

    fn forecast(&self, name: &str) -> Result<FunctionForecast, Refusal> {
        let refused = |title: String, hint: &str| Refusal::new(Reason::NotFound, title).hint(hint);
        let Some(function) = self.parts.registry.get(name) else {
            let title = format!("there is no function `{}`", crate::deploy::bounds::short(name));
            return Err(refused(title, "`swell list` lists what there is"));
        };
        view::one(self, name).ok_or_else(|| {
            let title = format!("nothing is forecast of `{name}`");
            match self.mode(function.leading().spec.forecast) {
                swell_api::spec::ForecastMode::Off => {
                    refused(title, "set `forecast.mode` of the node, or `forecast` of the function, to `shadow` or `on`")
                }
                _ => refused(title, "forecasts begin with the first whole step; try again then"),
            }
        })
    }

    fn record(&self) -> Result<Vec<u8>, Refusal> {
        record::read(&self.parts.data).map_err(|error| {
            Refusal::new(Reason::Storage, "the record of forecasts cannot be read")
                .detail(error.to_string())
        })
    }

    fn occasions(&self) -> Vec<Told> {
        self.calendar.all().iter().map(shown).collect()
    }

    fn announce(&self, occasion: Told, heeding: &Heeding) -> Result<Told, Refusal> {
        let mut value = serde_json::to_value(&occasion).expect("it is plain data");
        if occasion.id.is_empty() {
            value["id"] = uuid::Uuid::now_v7().to_string().into();
        }
        let occasion: Occasion = serde_json::from_value(value).map_err(|error| {
            Refusal::new(Reason::BadRequest, "the event makes no sense").detail(error.to_string())
        })?;
        if let Heed::Nothing(why) = heeding.of(&occasion) {
            let title = format!("nobody would heed this maintenance here: {why}");
            return Err(Refusal::new(Reason::BadRequest, title)
                .hint("announce it at the site that it is of, with `--node`"));
        }
        let kept = shown(&occasion);
        self.calendar.put(vec![occasion]).map_err(refused)?;
        Ok(kept)
    }

    fn import(
        &self,
        bytes: &[u8],
        is_table: bool,
        defaults: &CalendarDefaults,
        heeding: &Heeding,
    ) -> Result<Imported, Refusal> {
        let wrong = |what: &str, text: &str, hint: &str| {
            let text = crate::deploy::bounds::short(text);
            Refusal::new(Reason::BadRequest, format!("`{what}` is `{text}`")).hint(hint)
        };
        let zone = defaults.zone.as_deref().unwrap_or("UTC");
        let site: chrono_tz::Tz = zone.parse().map_err(|_| {
            wrong("zone", zone, "name a zone of the IANA list, such as `Europe/Berlin`")
        })?;
        let effect = defaults.effect.as_deref().unwrap_or("unknown");
        let effect: Announced = effect
            .parse()
            .map_err(|_| wrong("effect", effect, "it is `unknown`, `x2` or `unmeasured`"))?;
        let functions = pattern::list(defaults.functions.as_deref().unwrap_or(""));
        let reading = match is_table {
            true => table::read(bytes, site),
            false => ics::read(bytes, &Defaults { site, functions: functions.clone(), effect }),
        };
        let mut letters: Vec<String> = reading.letters.iter().map(ToString::to_string).collect();
        let mut occasions = reading.occasions;
        if occasions.is_empty() && !letters.is_empty() {
            let title = "no event could be read";
            return Err(Refusal::new(Reason::BadRequest, title).detail(letters.join("\n")));
        }
        if is_table {
            for occasion in occasions.iter_mut().filter(|one| one.functions.is_empty()) {
                occasion.functions.clone_from(&functions);
            }
            for occasion in &mut occasions {
                if occasion.effect == Announced::Unknown {
                    occasion.effect = effect;
                }
            }
        }
        occasions.retain(|one| match heeding.of(one) {
            Heed::All => true,
            Heed::Part(why) => {
                letters.push(format!("{}: taken for this site only: {why}", called(one)));
                true
            }
            Heed::Nothing(why) => {
                letters.push(format!("{}: not taken: {why}", called(one)));
                false
            }
        });
        let taken = occasions.len();
        let replaced = self.calendar.put(occasions).map_err(refused)?;
        Ok(Imported { taken, replaced, letters })
    }

    fn withdraw(&self, id: &str) -> Result<bool, Refusal> {
        self.calendar.remove(id).map_err(|error| unkept(&error))
    }

    fn anomalies(&self, function: Option<&str>, limit: usize) -> Vec<Anomaly> {
        view::anomalies(self, function, limit)
    }

    fn receipt(&self, since_ms: u64) -> Receipt {
        receipt::since(self, since_ms)
    }
}

/// What an event is called where it is told of.
fn called(occasion: &Occasion) -> String {
    match occasion.title.as_str() {
        "" => format!("event `{}`", occasion.id),
        title => format!("event `{}` (`{title}`)", occasion.id),
    }
}

fn shown(occasion: &Occasion) -> Told {
    let value = serde_json::to_value(occasion).expect("an occasion is plain data");
    serde_json::from_value(value).expect("both have the same keys")
}

fn refused(untaken: Untaken) -> Refusal {
    match untaken {
        Untaken::Wrong((why, hint)) => {
            Refusal::new(Reason::BadRequest, format!("the event makes no sense: {why}")).hint(hint)
        }
        Untaken::Full => {
            let title = format!("the calendar holds its {OCCASIONS_MAX} events already");
            Refusal::new(Reason::Conflict, title).hint("remove some that are over")
        }
        Untaken::Store(error) => unkept(&error),
    }
}

fn unkept(error: &StoreError) -> Refusal {
    Refusal::new(Reason::Storage, "the calendar could not be written").detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occasions_have_the_same_keys_on_both_sides() {
        let occasion = Occasion {
            id: "a".to_string(),
            kind: "campaign".to_string(),
            start_ms: 1,
            end_ms: 2,
            effect: Announced::Times(2.0),
            functions: vec!["shop-*".to_string()],
            ..Occasion::default()
        };
        let told = shown(&occasion);
        assert_eq!((told.effect.as_str(), told.functions.len()), ("x2", 1));
        let back = serde_json::to_value(&told).expect("it is plain data");
        assert_eq!(serde_json::from_value::<Occasion>(back).expect("it is one"), occasion);
    }
}
