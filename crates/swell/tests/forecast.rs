//! `swell forecast` as people see it: what a back-test prints, and how bad input ends.

mod shell;

use shell::Folder;

/// Three functions over 60 steps: a timer, noise, silence with a gap.
fn calls() -> String {
    let steps: Vec<String> = (0..60).map(|step| step.to_string()).collect();
    let row = |name: &str, count: &dyn Fn(usize) -> String| {
        let counts: Vec<String> = (0..60).map(count).collect();
        format!("{name},{}\n", counts.join(","))
    };
    let mut text = format!("id,{}\n", steps.join(","));
    text += &row("timer", &|step| if step % 6 == 0 { "5" } else { "0" }.to_string());
    text += &row("noise", &|step| (step * 7919 % 13).to_string());
    text += &row("silent", &|step| if step == 20 { "" } else { "0" }.to_string());
    text
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    for (name, text) in files {
        std::fs::write(folder.0.join(name), text).expect("the folder of the tests can be written");
    }
    folder
}

#[test]
fn every_form_tells_the_same() {
    let split = r#"{"origins": [36, 42], "horizon": 6, "season": 6}"#;
    let folder = folder(&[("calls.csv", &calls()), ("split.json", split)]);
    let words = "forecast backtest --data calls.csv --split split.json --method snaive,window-1h \
                 -o json -o rows.csv -o page.html -o table.txt --forecasts said.csv";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = json["rows"].as_array().expect("there are rows");
    let first = &rows[0];
    assert_eq!((&first["method"], &first["class"]), (&"snaive".into(), &"all".into()));
    for key in ["series", "mase", "wape", "pin90", "wql90", "cov80", "cov95", "seconds"] {
        assert!(first[key].is_number(), "{key} in {first}");
    }
    // The season of six steps is that of the timer.
    assert_eq!(first["series"], 3);
    let against = json["against"].as_array().expect("two methods can be compared");
    let is_of_last = |one: &serde_json::Value| one["method"] == "window-1h";
    assert!(!against.is_empty() && against.iter().all(is_of_last), "{against:?}");
    assert!(against.iter().all(|one| one["best"] == "snaive" && one["more_pct"].is_number()));
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect(name);
    let csv = read("rows.csv");
    assert!(csv.starts_with("method,class,series,mase,wape,pin90,wql90,cov80,"), "{csv}");
    assert_eq!(csv.lines().count(), rows.len() + 1);
    let table = read("table.txt");
    assert!(table.contains("2 origins from step 36 to 42, 6 steps ahead; season 6"), "{table}");
    assert!(table.contains("`window-1h` against the best of the others on each:"), "{table}");
    let page = read("page.html");
    for part in ["window-1h", "id=\"coverage\"", "id=\"skill\"", "id=\"series\"", "swellCharts"] {
        assert!(page.contains(part), "{part} is missing");
    }
    // What fetches stands outside of the script, which is the drawing library's.
    let (document, _) = page.split_once("<script>").expect("it has a script");
    for fetch in ["src=", "href=", "@import", "url(", "http://", "https://"] {
        assert!(!document.contains(fetch), "a page fetches nothing: {fetch}");
    }
    for key in ["cov80", "cov95"] {
        assert_eq!(json["coverage"][0][key].as_array().map(Vec::len), Some(6), "{key}");
    }
    let said = read("said.csv");
    assert_eq!(said.lines().count(), 1 + 3 * 2 * 6);
    assert!(said.contains("\nsilent,36,1,0,0,0,0\n"), "{said}");
}

#[test]
fn methods_are_scored_with_events_and_without() {
    // Every second hour a sale of half an hour, in which everything is called four times as often.
    let is_sale = |step: usize| step % 24 >= 18;
    let count = |step: usize| {
        let calls = 20 + step * 7919 % 7;
        if is_sale(step) { 4 * calls } else { calls }
    };
    let at = |step: usize| {
        let minutes = 5 * step;
        format!(
            "2026-03-{:02}T{:02}:{:02}:00Z",
            2 + minutes / 1440,
            minutes / 60 % 24,
            minutes % 60
        )
    };
    let list = |column: &str, when: &dyn Fn(usize) -> String| {
        let rows = (0..300).map(|step| format!("shop,{},{}\n", when(step), count(step)));
        format!("id,{column},count\n{}", rows.collect::<String>())
    };
    let (calls, bare) = (list("time", &at), list("step", &|step| step.to_string()));
    let mut events = "start,end,kind,functions,effect\n".to_string();
    for step in (0..300).filter(|step| step % 24 == 18) {
        events += &format!("{},{},sale,shop,\n", at(step), at(step + 6));
    }
    let files = [("calls.csv", &*calls), ("sales.csv", &*events), ("bare.csv", &*bare)];
    let folder = folder(&files);
    let words = "forecast backtest --data calls.csv --origins 250,258,282 --horizon 12 \
                 --method window-1h --events sales.csv -o json";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let wape = |method: &str| {
        let rows = json["rows"].as_array().expect("there are rows");
        let of = |row: &&serde_json::Value| row["method"] == method && row["class"] == "all";
        rows.iter().find(of).and_then(|row| row["wape"].as_f64()).expect("it was scored")
    };
    let (with, without) = (wape("window-1h+events"), wape("window-1h"));
    assert!(with < 0.5 * without, "{with} with, {without} without");
    for (words, told) in [
        ("--data bare.csv --events sales.csv", "--begins"),
        ("--data calls.csv --events calls.csv", "no event"),
        ("--data calls.csv --events nothing.ics", "nothing.ics"),
        ("--data calls.csv --zone Mars/North", "no time zone"),
    ] {
        let output = folder.run(&format!("forecast backtest --method naive {words}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(told), "{words}: {said}");
    }
}

#[test]
fn methods_are_scored_with_other_series_and_without() {
    // Calls follow a queue by two steps; the queue jumps as nobody could tell from the calls.
    let queue = |step: usize| (step / 5 * 7919) % 97;
    let row = |name: &str, value: &dyn Fn(usize) -> usize| {
        let values: Vec<String> = (0..200).map(|step| value(step).to_string()).collect();
        format!("{name},{}\n", values.join(","))
    };
    let steps: Vec<String> = (0..200).map(|step| step.to_string()).collect();
    let head = format!("id,{}\n", steps.join(","));
    let call = |step: usize| 20 + 2 * queue(step.max(2) - 2);
    let calls: String = (0..8).map(|of| row(&format!("f{of}"), &call)).collect();
    let (calls, series) = (head.clone() + &calls, head + &row("queue", &queue));
    let files = [("calls.csv", &*calls), ("queue.csv", &*series), ("odd.csv", "a,b\n,x\n")];
    let folder = folder(&files);
    let words = "forecast backtest --data calls.csv --origins 150,162,175 --horizon 2 \
                 --method naive,gbm --effort 0.3 --series queue.csv -o json";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let wapes: Vec<(&str, f64)> = json["rows"]
        .as_array()
        .expect("there are rows")
        .iter()
        .filter(|row| row["class"] == "all")
        .filter_map(|row| Some((row["method"].as_str()?, row["wape"].as_f64()?)))
        .collect();
    let [("naive", _), ("gbm", without), ("gbm+series", with)] = wapes[..] else {
        panic!("{wapes:?}")
    };
    assert!(with < 0.7 * without, "{wapes:?}");
    for (words, told) in [
        ("--method naive --series queue.csv", "none of these methods"),
        ("--method gbm --series odd.csv", "`odd.csv` holds no series"),
        ("--method gbm --series nothing.csv", "nothing.csv"),
        ("--method gbm --series queue.csv --planned cue", "there is no series `cue`"),
    ] {
        let output = folder.run(&format!("forecast backtest --data calls.csv {words}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(told), "{words}: {said}");
    }
}

#[test]
fn what_is_learned_is_the_same_on_any_number_of_threads() {
    let folder = folder(&[("calls.csv", &calls())]);
    let said = |threads: usize| {
        let words = format!(
            "forecast backtest --data calls.csv --origins 48 --horizon 12 --method hybrid \
             --effort 0.01 --threads {threads} --forecasts said.csv"
        );
        let output = folder.run(&words);
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(folder.0.join("said.csv")).expect("it was written")
    };
    assert_eq!(said(1), said(3));
}

#[test]
fn functions_that_were_not_learned_from_are_scored() {
    let folder = folder(&[("calls.csv", &calls())]);
    let words = "forecast backtest --data calls.csv --origins 40 --horizon 6 --method naive,gbm \
                 --effort 0.01 --train-share 0.4 -o json";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["taught"], &json["series"]), (&1.into(), &2.into()));
}

#[test]
fn warm_copies_are_decided_about() {
    let folder = folder(&[("calls.csv", &calls())]);
    let words = "forecast prewarm --data calls.csv --origins 30,36 --horizon 12 --effort 0.05 \
                 -o json -o curve.csv -o curve.html -o curve.txt";
    let output = folder.run(words);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(json["steps"], serde_json::json!({"start": 30, "end": 48}));
    let rows = json["rows"].as_array().expect("there are rows");
    let point = |rule: &str| {
        let row = rows.iter().find(|row| row["rule"] == rule).unwrap_or_else(|| panic!("{rule}"));
        (row["cold"].as_f64().expect("a share"), row["idle"].as_f64().expect("a share"))
    };
    // The timer's 5 calls in 18 steps are 3; the noise is silent at one step of 13.
    let (cold, idle) = point("keep-alive 30 min");
    assert!(cold == 0.0 && idle > 0.4, "{cold} {idle}");
    let (cold, _) = point("keep-alive 5 min");
    assert!(cold > 0.1, "each run of the timer is cold: {cold}");
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect(name);
    assert_eq!(read("curve.csv").lines().count(), rows.len() + 1);
    assert!(read("curve.html").contains("Cold against idle"));
    assert!(read("curve.txt").contains("decided at each step from 30 to 47"));
}

#[test]
fn bad_input_ends_with_a_reason() {
    let calls = calls();
    let files = [
        ("calls.csv", &*calls),
        ("empty.csv", ""),
        ("head.csv", "id,0,1,2\n"),
        ("odd.csv", "id,0,1,2\na,-1,NaN,x\n"),
        ("split.json", r#"{"origins": "soon"}"#),
        ("far.json", r#"{"origins": [59], "horizon": 12}"#),
    ];
    let folder = folder(&files);
    for (words, code, reason) in [
        ("--data nowhere.csv", 1, "cannot read `nowhere.csv`"),
        ("--data empty.csv", 2, "it is empty"),
        ("--data head.csv", 2, "it holds no series"),
        ("--data odd.csv --origins 1 --horizon 9", 2, "needs 10 steps, the data have 3"),
        (
            "--data calls.csv --method snave",
            2,
            "there is no method `snave`; did you mean `snaive`?",
        ),
        ("--data calls.csv --split split.json", 2, "`split.json` is no split"),
        ("--data calls.csv --split far.json", 2, "origin 59 with horizon 12 needs 71 steps"),
        ("--data calls.csv --origins 0", 2, "the first origin is step 0"),
        ("--data calls.csv --origins 40,30", 2, "origin 30 does not come after"),
        ("--data calls.csv --horizon 0", 2, "a horizon of 0 steps"),
        ("--data calls.csv --train-share 1", 2, "a share to learn from"),
        ("--data calls.csv --effort 0", 2, "a share is a number above 0"),
    ] {
        let output = folder.run(&format!("forecast backtest {words}"));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}: {told}");
        assert!(told.contains(reason), "{words}: {told}");
        assert!(output.stdout.is_empty(), "{words}");
    }
    let odd = folder
        .run("forecast backtest --data odd.csv --origins 1 --horizon 2 --method all --effort 0.01");
    let told = String::from_utf8_lossy(&odd.stderr).into_owned();
    assert!(odd.status.success() && told.contains("3 cells are no counts"), "{odd:?}");
}
