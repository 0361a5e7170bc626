//! As much of the service as the table needs, in the process of the test: for tests with very many requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Region, SharedHttpClient, retry::RetryConfig},
};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use serde_json::{Value, json};
use stockflow_aws::{
    dynamodb::{QUOTES, read_image},
    testing::{Faults, FaultyClient},
};
use stockflow_core::StoredRow;

type Key = (String, String);

/// One table, by symbol and time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake {
    items: Arc<Mutex<BTreeMap<Key, Value>>>,
    /// How often each key was written.
    written: Arc<Mutex<BTreeMap<Key, u64>>>,
}

impl Fake {
    /// A client of it, and the faults on the way.
    pub(crate) fn behind(&self, faults: Faults) -> (Client, FaultyClient) {
        let faulty = faults.around(SharedHttpClient::new(self.clone()));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            // Signing takes longer than all the rest, and nobody checks it here.
            .allow_no_auth()
            .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
            .retry_config(RetryConfig::disabled())
            .http_client(faulty.clone())
            .build();
        (Client::from_conf(config), faulty)
    }

    /// Every row, by symbol and time.
    pub(crate) fn rows(&self) -> Vec<StoredRow> {
        let items = self.items.lock().unwrap();
        items.values().map(|item| read_image(item.to_string().as_bytes()).unwrap()).collect()
    }

    fn answer(&self, operation: &str, request: &Value) -> Result<Value, (&'static str, String)> {
        match operation {
            "BatchWriteItem" => self.batch_write(request),
            "PutItem" => self.put(request),
            "BatchGetItem" => self.batch_get(request),
            "Query" => Ok(self.query(request)),
            other => Err(("ValidationException", format!("no {other} here"))),
        }
    }

    fn batch_write(&self, request: &Value) -> Result<Value, (&'static str, String)> {
        let puts = request["RequestItems"][QUOTES.name].as_array().unwrap();
        let items: Vec<&Value> = puts.iter().map(|put| &put["PutRequest"]["Item"]).collect();
        let keys: BTreeSet<Key> = items.iter().map(|item| key(item)).collect();
        if items.len() > 25 || items.is_empty() || keys.len() != items.len() {
            let text = format!("{} items with {} keys", items.len(), keys.len());
            return Err(("ValidationException", text));
        }
        for item in items {
            self.store(item);
        }
        Ok(json!({ "UnprocessedItems": {} }))
    }

    fn put(&self, request: &Value) -> Result<Value, (&'static str, String)> {
        assert_eq!(request["ConditionExpression"], "attribute_not_exists(symbol)");
        let item = &request["Item"];
        if self.items.lock().unwrap().contains_key(&key(item)) {
            return Err(("ConditionalCheckFailedException", "it is there".into()));
        }
        self.store(item);
        Ok(json!({}))
    }

    fn store(&self, item: &Value) {
        self.items.lock().unwrap().insert(key(item), item.clone());
        *self.written.lock().unwrap().entry(key(item)).or_default() += 1;
    }

    fn batch_get(&self, request: &Value) -> Result<Value, (&'static str, String)> {
        let keys = request["RequestItems"][QUOTES.name]["Keys"].as_array().unwrap();
        if keys.len() > 100 {
            return Err(("ValidationException", format!("{} keys", keys.len())));
        }
        let items = self.items.lock().unwrap();
        let found: Vec<&Value> = keys.iter().filter(|k| items.contains_key(&key(k))).collect();
        Ok(json!({ "Responses": { QUOTES.name: found }, "UnprocessedKeys": {} }))
    }

    fn query(&self, request: &Value) -> Value {
        let value = |name: &str| {
            request["ExpressionAttributeValues"][name]["S"].as_str().unwrap().to_owned()
        };
        let symbol = value(":symbol");
        let range = (symbol.clone(), value(":from"))..=(symbol, value(":to"));
        let limit = request["Limit"].as_u64().unwrap_or(u64::MAX) as usize;
        let items = self.items.lock().unwrap();
        let rows = items.range(range).map(|(_, item)| item);
        let rows: Vec<&Value> = if request["ScanIndexForward"] == false {
            rows.rev().take(limit).collect()
        } else {
            rows.take(limit).collect()
        };
        json!({ "Items": rows, "Count": rows.len() })
    }
}

fn key(item: &Value) -> Key {
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("symbol"), text("timestamp"))
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, body) = match self.answer(&operation, &body) {
            Ok(body) => (200, body),
            Err((code, text)) => (400, json!({ "__type": format!("x#{code}"), "message": text })),
        };
        let status = StatusCode::try_from(status).unwrap();
        let mut response = HttpResponse::new(status, body.to_string().into());
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
