//! The OpenAPI document says what the router does: every path, every method, and what may
//! go wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use swell_node::api::{openapi, router};

const METHODS: [&str; 6] = ["get", "put", "post", "delete", "head", "patch"];

fn document() -> Value {
    serde_json::to_value(openapi::whole()).expect("it is plain data")
}

fn operations(document: &Value) -> Vec<(String, String, Map<String, Value>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("it has paths") {
        for (method, operation) in item.as_object().expect("a path has operations") {
            let operation = operation.as_object().expect("an operation is an object").clone();
            found.push((path.clone(), method.clone(), operation));
        }
    }
    found
}

#[test]
fn every_route_is_in_the_document() {
    let document = document();
    let documented: BTreeSet<String> =
        operations(&document).into_iter().map(|(path, ..)| path).collect();
    let routed: BTreeSet<String> = router::table()
        .into_iter()
        .map(|(path, _)| path.to_string())
        .chain(["/v1/openapi.json".to_string()])
        .collect();
    assert_eq!(documented, routed);
}

#[tokio::test]
async fn every_method_is_in_the_document() {
    let document = document();
    let api = crate::client::Api::new();
    for (path, _) in router::table() {
        let item = &document["paths"][path];
        let here =
            path.replace("{name}", "none").replace("{digest}", "none").replace("{id}", "none");
        let here = here.replace("{workload}", "none");
        for method in METHODS {
            let answer = api.send(&method.to_uppercase(), &here, "").await;
            let refused = answer.status == 405;
            // Who may get may ask for the head alone; it is stated only where it matters.
            let stated =
                item.get(method).is_some() || (method == "head" && item.get("get").is_some());
            assert_eq!(refused, !stated, "{method} {path}: {}", answer.status);
        }
    }
}

#[test]
fn the_document_holds_together() {
    let document = document();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(METHODS.contains(&method.as_str()), "{place}");
        let id = operation["operationId"].as_str().expect("it has a name");
        assert!(names.insert(id.to_string()), "{place} has a name of its own");
        assert!(operation["summary"].is_string(), "{place} is described");
        let responses = operation["responses"].as_object().expect("it has responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap_or("").is_empty(), "{place} {status}");
            if status.starts_with(['4', '5']) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{place} {status}");
            }
        }
        let open = path == "/v1/openapi.json";
        assert_eq!(responses.contains_key("401"), !open, "{place}");
        // Names in braces are parameters, and the other way round.
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let none = Vec::new();
        let parameters = operation.get("parameters").and_then(Value::as_array).unwrap_or(&none);
        let stated: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(in_path, stated, "{place}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value, seen: &mut usize) {
        match value {
            Value::Object(keys) => {
                if let Some(Value::String(reference)) = keys.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("it is in the document");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    *seen += 1;
                }
                keys.values().for_each(|value| walk(value, document, seen));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, document, seen)),
            _ => {}
        }
    }
    let (document, mut seen) = (document(), 0);
    walk(&document, &document, &mut seen);
    assert!(seen > 20, "{seen}");
    let schemas = document["components"]["schemas"].as_object().expect("it has schemas");
    for name in ["FunctionSpec", "Function", "Trigger", "Problem", "Invocation", "PlanStep"] {
        assert!(schemas.contains_key(name), "{name}");
    }
}
