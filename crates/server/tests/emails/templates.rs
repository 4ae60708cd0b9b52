//! Templates: what the API says of them, and what mails become.
use crate::{create_server, enable_server, installation, own, sending_by};
use gatewright_api::{rpc::email_service as rpc, scalekit::v1::emails as pb};
use gatewright_testkit::{Answer, Api, Server, SmtpSink, api_tests, database_tests};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tonic::Code;

const OURS: &str = "/api/v1/organizations/-/email/templates";
const SEND: &str = "/api/v1/passwordless/email/send";

fn of(organization: &str) -> String {
    format!("/api/v1/organizations/{organization}/email/templates")
}

fn template(use_case: &str, subject: &str) -> Json {
    json!({"use_case": use_case, "subject": subject, "html_content": "<p>{{ otp }}{{ link }}</p>", "plain_content": "{{ otp }}{{ link }}"})
}

async fn create(api: &Api, path: &str, body: Json) -> String {
    let answer = api.post(path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["template"]["id"].as_str().unwrap().to_owned()
}

async fn enable(api: &Api, path: &str, id: &str) -> Answer {
    api.patch(&format!("{path}/{id}:enable"), json!({})).await
}

async fn own_server(api: &Api, port: u16) -> String {
    let id = create_server(api, port).await;
    enable_server(api, &id).await;
    id
}

async fn enabled(api: &Api, path: &str) -> Vec<String> {
    let answer = api.get(path).await;
    let templates = answer.json["templates"].as_array().unwrap();
    let enabled = templates.iter().filter(|template| template["enabled"] == true);
    enabled.map(|template| template["id"].as_str().unwrap().to_owned()).collect()
}

async fn invite(api: &Api, organization: &str, email: &str) {
    api.member(organization, email).invited().create().await;
}

/// The subject of the newest mail.
async fn subject(t: &Server, sink: &SmtpSink) -> String {
    t.run_jobs().await;
    sink.received().last().expect("a mail").header("subject").unwrap()
}

api_tests! {
    async fn a_template_lives_from_creation_to_deletion(t: Server) {
        let api = t.api().await;
        own_server(&api, 587).await;
        let id = create(&api, OURS, template("USER_LOGIN_OTP", "{{ otp }} is your code")).await;
        assert!(id.starts_with("tpl_"));
        let shown = api.get(&format!("{OURS}/{id}")).await.json["template"].clone();
        assert_eq!((&shown["subject"], &shown["enabled"]), (&json!("{{ otp }} is your code"), &json!(false)));
        let placeholders: Vec<_> = shown["placeholders"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(placeholders.contains(&"otp") && !placeholders.contains(&"link"), "{placeholders:?}");
        let path = format!("{OURS}/{id}");
        let answer = api.patch(&path, json!({"subject": "Code: {{ otp }}"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["template"]["subject"], "Code: {{ otp }}");
        assert_eq!(answer.json["template"]["html_content"], shown["html_content"]);
        let answer = api.patch(&format!("{path}?update_mask=subject"), json!({"subject": "S", "plain_content": "P"})).await;
        assert_eq!((&answer.json["template"]["subject"], &answer.json["template"]["plain_content"]), (&json!("S"), &shown["plain_content"]));
        let answer = api.patch(&path, json!({})).await;
        answer.failure(400, 3);
        assert_eq!(answer.violations(), [("template", "at_least_one_field_required")]);
        let answer = api.patch(&format!("{path}?update_mask=html_content"), json!({"subject": "S"})).await;
        assert_eq!(answer.violations(), [("template.html_content", "required")]);

        assert_eq!(enable(&api, OURS, &id).await.json, json!({"active_template_id": id}));
        let second = create(&api, OURS, template("USER_LOGIN_OTP", "second")).await;
        let other = create(&api, OURS, template("USER_SIGNUP_OTP", "other")).await;
        enable(&api, OURS, &other).await;
        assert_eq!(enable(&api, OURS, &second).await.json["last_active_template_id"], json!(id));
        assert_eq!(enabled(&api, OURS).await, [other.clone(), second.clone()]);
        for _ in 0..2 {
            assert_eq!(api.patch(&format!("{OURS}/{second}:disable"), json!({})).await.status, 200);
        }
        assert_eq!(api.delete(&format!("{OURS}/{other}")).await.status, 200);
        assert!(enabled(&api, OURS).await.is_empty());
        for answer in [
            api.delete(&format!("{OURS}/{other}")).await,
            api.get(&format!("{OURS}/{other}")).await,
            api.patch(&format!("{OURS}/{other}"), json!({"subject": "S"})).await,
            enable(&api, OURS, &other).await,
            api.patch(&format!("{OURS}/{other}:disable"), json!({})).await,
        ] {
            answer.failure(404, 5);
        }
    }

    async fn what_cannot_be_read_is_refused(t: Server) {
        let api = t.api().await;
        for (part, text, problem) in [
            ("subject", "{{ otp", "line 1: {{ without }}"),
            ("html_content", "<p>\n{{ if otp }}", "line 2: {{ if }} without {{ end }}"),
            ("plain_content", "{{ include \"/etc/passwd\" }}", "include cannot be used here"),
            ("html_content", "{{ otp | safe }}", "safe"),
            ("plain_content", "{{ 7 * 7 }}", "* is not understood here"),
        ] {
            let mut body = template("USER_LOGIN_OTP", "S");
            body[part] = json!(text);
            let answer = api.post(OURS, body).await;
            assert!(answer.failure(400, 3).contains(problem), "{}", answer.text);
            assert_eq!(answer.violations(), [(format!("template.{part}").as_str(), "email_template.syntax")]);
        }
        for missing in ["use_case", "subject", "html_content", "plain_content"] {
            let mut body = template("USER_LOGIN_OTP", "S");
            body.as_object_mut().unwrap().remove(missing);
            api.post(OURS, body).await.failure(400, 3);
        }
        assert!(api.get(OURS).await.json["templates"].as_array().unwrap().is_empty());
        let id = create(&api, OURS, template("USER_LOGIN_OTP", "S")).await;
        api.patch(&format!("{OURS}/{id}"), json!({"subject": "{{ end }}"})).await.failure(400, 3);
        for _ in 1..24 {
            create(&api, OURS, template("USER_LOGIN_OTP", "S")).await;
        }
        api.post(OURS, template("USER_LOGIN_OTP", "S")).await.failure(400, 9);
    }

    async fn templates_need_an_own_server(t: Server) {
        let api = t.api().await;
        let id = create(&api, OURS, template("USER_INVITE", "S")).await;
        enable(&api, OURS, &id).await.failure(400, 9);
        assert!(enabled(&api, OURS).await.is_empty());
        own_server(&api, 587).await;
        assert_eq!(enable(&api, OURS, &id).await.status, 200);
    }

    async fn one_template_of_a_use_case_is_in_use(t: Server) {
        let api = Arc::new(t.api().await);
        own_server(&api, 587).await;
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(create(&api, OURS, template("USER_INVITE", "S")).await);
        }
        let calls: Vec<_> = ids
            .into_iter()
            .map(|id| {
                let api = api.clone();
                tokio::spawn(async move { enable(&api, OURS, &id).await.status })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 200);
        }
        assert_eq!(enabled(&api, OURS).await.len(), 1);
    }

    async fn scopes_do_not_mix(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let globex = api.organization("Globex").create().await.id;
        let ours = create(&api, OURS, template("USER_INVITE", "S")).await;
        let theirs = create(&api, &of(&acme), template("USER_INVITE", "S")).await;
        for (path, id) in [(OURS.to_owned(), &theirs), (of(&acme), &ours), (of(&globex), &theirs)] {
            api.get(&format!("{path}/{id}")).await.failure(404, 5);
            api.delete(&format!("{path}/{id}")).await.failure(404, 5);
        }
        api.get(&of("org_1")).await.failure(404, 5);
        api.post(&of("org_1"), template("USER_INVITE", "S")).await.failure(404, 5);
        let other = t.api_in(&t.add_environment("other").await).await;
        other.get(&of(&acme)).await.failure(404, 5);
        other.post(&of(&acme), template("USER_INVITE", "S")).await.failure(404, 5);
        other.get(&format!("{OURS}/{ours}")).await.failure(404, 5);
        assert!(other.get(OURS).await.json["templates"].as_array().unwrap().is_empty());
        assert_eq!(api.delete(&format!("/api/v1/organizations/{acme}")).await.status, 200);
        api.get(&format!("{}/{theirs}", of(&acme))).await.failure(404, 5);
        let request = pb::GetEmailTemplateRequest { organization_id: String::new(), template_id: ours };
        assert!(api.call::<rpc::GetEmailTemplate>(request).await.is_ok(), "nothing stands for the environment, too");
    }

    async fn use_cases_tell_their_placeholders_to_anybody(t: Server) {
        let answer = t.rest("GET", "/api/v1/email/templates/usecases", "", "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let use_cases = answer.json["use_cases"].as_array().unwrap();
        assert_eq!(use_cases.len(), 12);
        let shown: Vec<_> = use_cases.iter().filter(|case| case["display"] == true).map(|case| case["use_case"].as_str().unwrap()).collect();
        assert_eq!(shown.len(), 7, "those that are sent: {shown:?}");
        for case in use_cases {
            assert!(!case["title"].as_str().unwrap().is_empty() && !case["description"].as_str().unwrap().is_empty());
            assert!(case["default_template"]["html_content"].as_str().unwrap().contains("{{ app_name }}"), "{case}");
        }
        let api = t.api().await;
        let answer = api.get("/api/v1/email/templates/placeholders?use_case=USER_INVITE").await;
        let names = answer.json["placeholders"].as_array().unwrap();
        assert!(names.contains(&json!("link")) && !names.contains(&json!("otp")), "{names:?}");
        assert_eq!(api.get("/api/v1/email/templates/placeholders").await.status, 400);
        let code = api.call::<rpc::GetTemplatePlaceholders>(pb::GetPlaceholdersRequest::default()).await.unwrap_err().code;
        assert_eq!(code, Code::InvalidArgument);
        // Our own words are fine as a template of somebody's.
        let ours = &use_cases[3]["default_template"];
        let copy = json!({"use_case": "USER_INVITE", "subject": ours["subject"], "html_content": ours["html_content"], "plain_content": ours["plain_content"]});
        create(&api, OURS, copy).await;
    }
}

database_tests! {
    async fn a_code_goes_out_in_the_customers_words(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let t = sending_by(kind, &installation, &own).await;
        let api = t.api().await;
        let server = own_server(&api, own.address.port()).await;
        let body = json!({
            "use_case": "USER_LOGIN_OTP",
            "subject": "{{ otp }} for {{ app_name }}\r\nBcc: all@kontor.example",
            "html_content": "<p>Dear {{ user_email }}, {{ if plan == \"team\" }}<b>{{ greeting }}</b>{{ end }} {{ otp }}</p>",
            "plain_content": "{{ greeting }} {{ otp }}, valid for {{ expiry_time_relative }} until {{ expiry_time }}; {{ app_organization_meta_name }}{{ organization_name }}{{ app_logo_url }}",
        });
        let id = create(&api, OURS, body).await;
        enable(&api, OURS, &id).await;
        let answer = api.post(SEND, json!({"email": "ann@kontor.example", "template_variables": {"plan": "team"}})).await;
        answer.failure(400, 3);
        assert_eq!(answer.violations(), [("template_variables[greeting]", "email_template.variable")]);
        let variables = json!({"plan": "team", "greeting": "Hi <all> {{ otp }}", "app_name": "Shop", "user_email": "x@y.example"});
        let sent = api.post(SEND, json!({"email": "ann@kontor.example", "expires_in": 600, "template_variables": variables})).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        t.run_jobs().await;
        let mail = own.received().pop().unwrap();
        let title = mail.header("subject").unwrap();
        let code = title.split(' ').next().unwrap().to_owned();
        assert_eq!(title, format!("{code} for Shop Bcc: all@kontor.example"));
        assert_eq!((mail.to.as_slice(), mail.header("bcc")), (["ann@kontor.example".to_owned()].as_slice(), None));
        let html = mail.part("text/html").unwrap();
        assert!(html.contains(&format!("<p>Dear ann@kontor.example, <b>Hi &lt;all&gt; {{{{ otp }}}}</b> {code}</p>")), "{html}");
        let text = mail.part("text/plain").unwrap();
        assert!(text.contains(&format!("Hi <all> {{{{ otp }}}} {code}, valid for 10 minutes until 2026-03-07T12:10:00Z; Organization")), "{text}");
        let verify = json!({"code": code, "auth_request_id": sent.json["auth_request_id"]});
        assert_eq!(api.post("/api/v1/passwordless/email/verify", verify).await.status, 200);
        // Other mails are in our words; so is this one without the server.
        api.post(SEND, json!({"email": "bob@kontor.example", "template": "SIGNUP"})).await;
        assert_eq!(subject(&t, &own).await, "Your code for Kontor");
        api.patch(&format!("{}/{server}:disable", crate::SERVERS), json!({})).await;
        api.post(SEND, json!({"email": "cy@kontor.example"})).await;
        assert_eq!(subject(&t, &installation).await, "Your code for Acme");
    }

    async fn a_template_that_cannot_be_filled_costs_nobody_the_code(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let t = sending_by(kind, &installation, &own).await;
        let api = t.api().await;
        own_server(&api, own.address.port()).await;
        let mut body = template("USER_LOGIN_OTP", "Large");
        body["html_content"] = json!("{{ aa }}".repeat(9000));
        let id = create(&api, OURS, body).await;
        enable(&api, OURS, &id).await;
        for (value, expected) in [("x".repeat(9), "Large"), ("x".repeat(256), "Your code for Kontor")] {
            let answer = api.post(SEND, json!({"email": "ann@kontor.example", "template_variables": {"aa": value}})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(subject(&t, &own).await, expected);
        }
    }

    async fn an_organizations_template_wins(kind: Database) {
        let (installation, own) = (installation().await, own().await);
        let t = sending_by(kind, &installation, &own).await;
        let api = t.api().await;
        own_server(&api, own.address.port()).await;
        let acme = api.organization("Acme").create().await.id;
        let globex = api.organization("Globex").create().await.id;
        let ours = create(&api, OURS, template("USER_INVITE", "Join {{ organization_name }}")).await;
        let theirs = create(&api, &of(&acme), template("USER_INVITE", "{{ organization_name }} wants you")).await;
        invite(&api, &acme, "a@kontor.example").await;
        assert_eq!(subject(&t, &own).await, "You are invited to Acme on Kontor");
        enable(&api, OURS, &ours).await;
        enable(&api, &of(&acme), &theirs).await;
        invite(&api, &acme, "b@kontor.example").await;
        assert_eq!(subject(&t, &own).await, "Acme wants you");
        let mail = own.received().pop().unwrap();
        assert!(mail.part("text/plain").unwrap().contains("/invitations/"));
        invite(&api, &globex, "c@kontor.example").await;
        assert_eq!(subject(&t, &own).await, "Join Globex");
        api.delete(&format!("{}/{theirs}", of(&acme))).await;
        invite(&api, &acme, "d@kontor.example").await;
        assert_eq!(subject(&t, &own).await, "Join Acme");
    }
}
