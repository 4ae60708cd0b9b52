//! The interface as an OpenAPI 3.1 document.
use super::{
    Place, body, callers, parameters,
    schema::{self, Schemas},
    service_name, summary,
};
use gatewright_api::plan::{Binding, Callers, Method};
use serde_json::{Map, Value, json};

/// Describes these methods. Addresses in it are relative, so that it holds for every environment.
pub(super) fn document(methods: &[&'static Method]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for method in methods {
        let tag = service_name(method);
        if !method.bindings.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
        for (number, binding) in method.bindings.iter().enumerate() {
            let path = paths.entry(binding.template).or_insert_with(|| json!({}));
            if let Some(path) = path.as_object_mut() {
                let operation = operation(method, binding, number, &mut schemas);
                path.insert(binding.verb.to_lowercase(), operation);
            }
        }
    }
    schemas.insert("Error", error_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gatewright",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "B2B authentication: the REST form of the API that the SDKs speak over gRPC.",
        },
        "servers": [{"url": "/", "description": "The environment URL"}],
        "tags": tags.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Error": {
                "description": "What was wrong, and how to put it right.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
            "securitySchemes": {"client": {
                "type": "oauth2",
                "description": "A token of an application, by its client id and secret.",
                "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
            }},
        },
        "security": [{"client": []}],
    })
}

fn operation(method: &'static Method, binding: &Binding, number: usize, schemas: &mut Schemas) -> Value {
    let more = if number == 0 { String::new() } else { format!("_{}", number + 1) };
    let status = method.success_status.to_string();
    let mut operation = json!({
        "operationId": format!("{}_{}{more}", service_name(method), method.name),
        "tags": [service_name(method)],
        "summary": summary(method.documentation),
        "description": description(method),
        "responses": {
            status: {
                "description": "Done.",
                "content": {"application/json": {"schema": schema::message(method.output, schemas)}},
            },
            "default": {"$ref": "#/components/responses/Error"},
        },
    });
    let Some(object) = operation.as_object_mut() else { return operation };
    let parameters: Vec<Value> = parameters(method, binding)
        .iter()
        .map(|parameter| {
            let in_path = parameter.place == Place::Path;
            json!({
                "name": parameter.name,
                "in": if in_path { "path" } else { "query" },
                "required": in_path || schema::is_required(parameter.field) && !parameter.name.contains('.'),
                "description": parameter.field.documentation,
                "schema": schema::field(parameter.field, schemas),
            })
        })
        .collect();
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), json!(parameters));
    }
    if let Some((message, fields)) = body(method, binding) {
        let schema = match fields.len() == message.fields.len() {
            true => schema::message(message, schemas),
            false => schema::object(fields.into_iter(), schemas),
        };
        object.insert("requestBody".to_owned(), json!({"content": {"application/json": {"schema": schema}}}));
    }
    if method.callers.intersects(Callers::NONE) {
        object.insert("security".to_owned(), json!([]));
    }
    operation
}

fn description(method: &Method) -> String {
    let mut text = method.documentation.to_owned();
    text.push_str("\n\nWho may call: ");
    text.push_str(&callers(method.callers).join(", "));
    text.push('.');
    if !method.permissions.is_empty() {
        text.push_str(" Permission: ");
        text.push_str(&method.permissions.join(" or "));
        text.push('.');
    }
    text.push_str(" gRPC: ");
    text.push_str(method.path);
    text
}

/// The envelope of `errors::rest`.
fn error_schema() -> Value {
    let violation = json!({"type": "object", "properties": {
        "field": {"type": "string"},
        "description": {"type": "string"},
        "constraint": {"type": "string", "description": "The rule that was broken."},
    }});
    let info = json!({"type": "object", "required": ["@type", "error_code", "request_info"], "properties": {
        "@type": {"type": "string"},
        "error_code": {"type": "string", "description": "For programs, such as `RESOURCE_NOT_FOUND`."},
        "request_info": {"type": "object", "properties": {"request_id": {"type": "string"}}},
        "resource_info": {"type": "object", "properties": {
            "required_permissions": {"type": "array", "items": {"type": "string"}},
        }},
        "validation_error_info": {"type": "object", "properties": {
            "field_violations": {"type": "array", "items": violation},
        }},
    }});
    json!({
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "The gRPC status code."},
            "message": {"type": "string", "description": "For people."},
            "details": {"type": "array", "items": info, "minItems": 1, "maxItems": 1},
        },
    })
}
