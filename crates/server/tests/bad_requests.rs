//! Requests that are broken, too large or not HTTP at all: each gets an answer in the form of its protocol, and the server
//! goes on serving. security.md 1.13.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what goes wrong in a test shall stop it")]

use gatewright::transport::RequestLimits;
use gatewright_api::{rpc::organization_service::CreateOrganization, scalekit::v1::organizations as pb};
use gatewright_testkit::{Options, Server, api_tests, database_tests, frame, json, socket};
use prost::Message as _;
use std::time::{Duration, Instant};
use tonic::Code;

const CREATE: &str = "/scalekit.v1.organizations.OrganizationService/CreateOrganization";
const PATH: &str = "/api/v1/organizations";

async fn is_alive(t: &Server) {
    assert_eq!(t.rest("GET", "/ready", "", "").await.status, 200);
    let form = [("grant_type", "client_credentials")];
    assert_eq!(json(t.http.post(format!("{}/oauth/token", t.url)).form(&form)).await.status, 401);
}

/// An organization whose metadata has so many bytes.
fn organization(bytes: usize) -> pb::CreateOrganizationRequest {
    let organization = pb::CreateOrganization {
        display_name: "Large".into(),
        metadata: [("large".to_owned(), "x".repeat(bytes))].into(),
        ..Default::default()
    };
    pb::CreateOrganizationRequest { organization: Some(organization) }
}

/// The status line and headers of an answer on a raw socket.
fn head(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

api_tests! {
    async fn bytes_that_are_no_message_are_an_invalid_argument(t: Server) {
        let authorization = format!("Bearer {}", t.token().await);
        for message in [
            &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x0a\x05ab",               // shorter than it says
            b"\x0a\xff\xff\xff\xff\x0f", // a length beyond 2 GiB
            b"\x0a\x03\x22\x01\xff",     // text that is not UTF-8
            b"\x00\x00",                 // field number 0
            b"\x08\x01",                 // a number where a message belongs
            b"\x0b",                     // a group that does not end
            b"\x0f",                     // wire type 7
        ] {
            let raw = t.raw_grpc(CREATE, &[("authorization", &authorization)], frame(message)).await;
            let failure = raw.failure();
            assert_eq!(failure.code, Code::InvalidArgument, "{message:02x?}: {failure:?}");
        }
    }

    async fn broken_frames_are_answered_with_the_detail(t: Server) {
        let authorization = format!("Bearer {}", t.token().await);
        let good = frame(&organization(10).encode_to_vec());
        let mut compressed = good.clone();
        compressed[0] = 1;
        let mut reserved = good.clone();
        reserved[0] = 7;
        for (what, body) in [
            ("nothing", Vec::new()),
            ("half a head", good[..3].to_vec()),
            ("half a message", good[..good.len() - 4].to_vec()),
            ("a compressed message without an encoding", compressed.clone()),
            ("an unknown flag", reserved),
            ("a length of 4 GiB", vec![0, 0xff, 0xff, 0xff, 0xff, 1]),
            ("text", b"{\"organization\":{}}".to_vec()),
        ] {
            let raw = t.raw_grpc(CREATE, &[("authorization", &authorization)], body).await;
            let failure = raw.failure();
            assert!(
                matches!(failure.code, Code::InvalidArgument | Code::Unimplemented),
                "{what}: {failure:?}"
            );
        }
        let headers = [("authorization", authorization.as_str()), ("grpc-encoding", "br")];
        let failure = t.raw_grpc(CREATE, &headers, compressed).await.failure();
        assert_eq!(failure.code, Code::Unimplemented, "{failure:?}");
        let headers = [("authorization", authorization.as_str()), ("grpc-encoding", "gzip")];
        let failure = t.raw_grpc(CREATE, &headers, [&[1, 0, 0, 0, 4], &b"abcd"[..]].concat()).await.failure();
        assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}");
        is_alive(&t).await;
    }

    async fn a_message_of_five_megabytes_is_an_error_and_not_a_reset(t: Server) {
        let grpc = t.grpc().await;
        let failure = grpc.call::<CreateOrganization>(organization(5 << 20)).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}");
        assert!(failure.message.contains("too large"), "{failure:?}");
        // The connection is as good as before.
        let failure = grpc.call::<CreateOrganization>(organization(3 << 20)).await.unwrap_err();
        assert_eq!(failure.violations()[0].1, "string.max_len");
        // Nobody needs to be known for the answer.
        let failure = grpc.with_authorization(&[]).call::<CreateOrganization>(organization(5 << 20)).await;
        assert_eq!(failure.unwrap_err().code, Code::Unauthenticated);
    }

    async fn compressed_requests_are_read_and_do_not_get_around_the_limit(t: Server) {
        let mut grpc = t.grpc().await;
        grpc.gzip = true;
        let made = grpc.call::<CreateOrganization>(organization(200)).await.unwrap();
        assert_eq!(made.organization.unwrap().metadata["large"].len(), 200);
        let failure = grpc.call::<CreateOrganization>(organization(64 << 20)).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}");
        assert!(failure.violations().is_empty(), "it was not even unpacked: {}", failure.message);
    }

    async fn another_content_type_is_not_grpc(t: Server) {
        for content_type in [
            "application/json",
            "application/proto",
            "application/grpc-web+proto",
            "application/connect+json",
        ] {
            let raw = t.raw_grpc(CREATE, &[("content-type", content_type)], frame(b"")).await;
            assert_eq!(raw.http_status, 404, "{content_type}: {:?}", raw.headers);
        }
        for content_type in ["application/grpc+proto", "application/grpc;x=y", "application/grpc"] {
            let raw = t.raw_grpc(CREATE, &[("content-type", content_type)], frame(b"")).await;
            assert_eq!(raw.failure().message, "Token empty", "{content_type}");
        }
    }

    async fn a_body_that_is_no_json_is_an_invalid_argument(t: Server) {
        let token = t.token().await;
        let deep = format!(r#"{{"display_name":"x","metadata":{}}}"#, "[".repeat(10_000));
        let deeper = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        for body in [
            "{",
            "}",
            "nonsense",
            "{'display_name':'x'}",
            "{\"display_name\":\"x\"} x",
            "NaN",
            "\u{feff}{}",
            &deep,
            &deeper,
        ] {
            let answer = t.rest("POST", PATH, body, &token).await;
            assert!(answer.failure(400, 3).contains("not valid JSON"), "{}", answer.text);
        }
        let request = t.http.post(format!("{}{PATH}", t.url)).bearer_auth(&token);
        let answer = json(request.body(b"{\"display_name\":\"\xff\"}".to_vec())).await;
        assert!(answer.failure(400, 3).contains("not valid JSON"), "{}", answer.text);
    }

    async fn a_value_of_the_wrong_type_names_its_field(t: Server) {
        let token = t.token().await;
        for (body, field) in [
            (r#"{"display_name":7}"#, "organization.display_name"),
            (r#"{"display_name":["x"]}"#, "organization.display_name"),
            (r#"{"display_name":{}}"#, "organization.display_name"),
            (r#"{"display_name":"x","metadata":[]}"#, "organization.metadata"),
            (r#"{"display_name":"x","metadata":{"key":1}}"#, "organization.metadata"),
            (r#"{"display_name":"x","region_code":"MOON"}"#, "organization.region_code"),
        ] {
            let answer = t.rest("POST", PATH, body, &token).await;
            answer.failure(400, 3);
            assert!(answer.violations()[0].0.starts_with(field), "{body}: {}", answer.text);
        }
        for body in ["[]", "7", "\"x\"", "true"] {
            t.rest("POST", PATH, body, &token).await.failure(400, 3);
        }
        for query in [
            "page_size=x",
            "page_size=-1",
            "page_size=1.5",
            "page_size=99999999999",
            "page_size=1&page_size=2",
            "page_token=%ff",
        ] {
            let answer = t.rest("GET", &format!("{PATH}?{query}"), "", &token).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, query.split('=').next().unwrap(), "{}", answer.text);
        }
    }

    async fn a_path_that_is_not_utf8_is_an_invalid_argument(t: Server) {
        let token = t.token().await;
        for path in ["%ff", "%C3", "org_1%00"] {
            t.rest("GET", &format!("{PATH}/{path}"), "", &token).await.failure(400, 3);
        }
        t.rest("GET", &format!("{PATH}/%2e%2e%2f"), "", &token).await.failure(400, 3);
    }

    async fn a_body_over_the_limit_is_refused_with_an_answer(t: Server) {
        let token = t.token().await;
        let body = format!(r#"{{"display_name":"{}"}}"#, "x".repeat(5 << 20));
        let answer = t.rest("POST", PATH, &body, &token).await;
        assert_eq!(answer.failure(400, 3), "the request body is larger than 4 MiB");
        let request = t.http.post(format!("{}{PATH}", t.url)).bearer_auth(&token);
        let answer = json(request.body(vec![b' '; 100 << 20])).await;
        assert_eq!(answer.failure(400, 3), "the request body is larger than 4 MiB");
        // Who is not known is not listened to for so long.
        let begin = Instant::now();
        let head =
            format!("POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000000\r\n\r\nabc");
        let answer = socket(&t, head.as_bytes()).await;
        assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
        // And what is announced as more than anybody would send is refused before it comes.
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: 100000000000\r\n\r\nabc"
        );
        let answer = socket(&t, head.as_bytes()).await;
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
        assert!(begin.elapsed() < Duration::from_secs(5));
        is_alive(&t).await;
    }

    async fn what_is_not_http_closes_its_own_connection_only(t: Server) {
        let null = vec![0; 10_000];
        let long_line = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(1 << 20));
        let long_header =
            format!("GET /keys HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
        let many = format!("GET /keys HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(100_000));
        let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
        for bytes in [
            &b"nonsense\r\n\r\n"[..],
            b"\r\n\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /keys\r\n\r\n",
            b"G\0T /keys HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET /keys HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
            b"POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
            b"POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            tls,
            &null,
            long_line.as_bytes(),
            long_header.as_bytes(),
            many.as_bytes(),
        ] {
            let answer = socket(&t, bytes).await;
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            assert!(!answer.starts_with(b"HTTP/1.1 2") && !answer.starts_with(b"HTTP/1.1 5"), "{shown}: {}", head(&answer));
        }
        is_alive(&t).await;
    }

    async fn a_request_with_two_meanings_is_refused(t: Server) {
        // RFC 9112 §6.1: request smuggling.
        let smuggled = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let bytes = format!(
            "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
        );
        let answer = socket(&t, bytes.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer);
        // Only the first request is answered, and what a proxy may take for a second one goes with the connection.
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
        assert!(head(&answer).contains("connection: close"), "{text}");
        is_alive(&t).await;
    }

    async fn without_a_host_there_is_no_environment(t: Server) {
        let answer = socket(&t, b"GET /api/v1/organizations HTTP/1.0\r\n\r\n").await;
        assert!(head(&answer).contains(" 404 "), "{}", String::from_utf8_lossy(&answer));
        let answer = socket(&t, b"GET /keys HTTP/1.0\r\nhost: localhost\r\n\r\n").await;
        assert!(head(&answer).contains(" 200 "), "{}", String::from_utf8_lossy(&answer));
    }

    async fn both_versions_of_http_are_spoken_on_the_one_port(t: Server) {
        let http2 = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        for path in ["/keys", "/healthz", "/.well-known/openid-configuration"] {
            let answer = http2.get(format!("{}{path}", t.url)).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
            let answer = t.http.get(format!("{}{path}", t.url)).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_11));
        }
    }
}

database_tests! {
    async fn a_body_that_does_not_come_is_not_awaited_for_long(kind: Database) {
        let limits = RequestLimits { body_timeout: Duration::from_millis(200), ..RequestLimits::default() };
        let t = Server::start_with(kind, Options { limits, ..Options::default() }).await;
        let token = t.token().await;
        let start = format!(
            "POST {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: 100\r\n\r\n{{"
        );
        let answer = socket(&t, start.as_bytes()).await;
        assert!(head(&answer).starts_with("HTTP/1.1 504 "), "{}", String::from_utf8_lossy(&answer));
        let start = "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\na=b";
        let answer = socket(&t, start.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 504 ") && text.contains("temporarily_unavailable"), "{text}");
        is_alive(&t).await;
    }
}
