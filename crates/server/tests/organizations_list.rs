//! Lists and searches of organizations: pages, tokens, filters.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
use gatewright_api::{rpc::organization_service as rpc, scalekit::v1::organizations as pb};
use gatewright_testkit::{Api, Failure, api_tests};
use serde_json::json;
use tonic::Code;

const PATH: &str = "/api/v1/organizations";

async fn list(api: &Api, page_size: u32, token: &str) -> Result<pb::ListOrganizationsResponse, Failure> {
    let request = pb::ListOrganizationsRequest { page_size, page_token: token.to_owned(), external_id: None };
    api.call::<rpc::ListOrganization>(request).await
}

async fn search(
    api: &Api,
    query: &str,
    page_size: u32,
    token: &str,
) -> Result<pb::SearchOrganizationsResponse, Failure> {
    let page_token = token.to_owned();
    let request = pb::SearchOrganizationsRequest { query: query.to_owned(), page_size, page_token };
    api.call::<rpc::SearchOrganization>(request).await
}

/// Names of what a search finds, newest first.
async fn found(api: &Api, query: &str) -> Vec<String> {
    let answer = search(api, query, 30, "").await.unwrap();
    assert_eq!(usize::try_from(answer.total_size).unwrap(), answer.organizations.len());
    names(&answer.organizations)
}

fn names(organizations: &[pb::Organization]) -> Vec<String> {
    organizations.iter().map(|organization| organization.display_name.clone()).collect()
}

async fn numbered(api: &Api, count: usize) {
    for number in 1..=count {
        api.organization(&format!("Number {number}")).create().await;
    }
}

fn numbers(from: usize, to: usize) -> Vec<String> {
    (to..=from).rev().map(|number| format!("Number {number}")).collect()
}

/// The token with one of its bytes changed.
fn tampered(token: &str, place: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

api_tests! {
    async fn an_empty_environment_has_an_empty_page(t: Server) {
        let answer = t.api().await.get(PATH).await;
        assert_eq!(answer.status, 200);
        let empty =
            json!({"next_page_token": "", "total_size": 0, "organizations": [], "prev_page_token": ""});
        assert_eq!(answer.json, empty);
    }

    async fn pages_go_forward_and_back(t: Server) {
        let api = t.api().await;
        numbered(&api, 5).await;
        for size in [1, 2] {
            let (mut token, mut pages) = (String::new(), Vec::new());
            loop {
                let page = list(&api, size, &token).await.unwrap();
                assert_eq!(page.total_size, 5);
                assert_eq!(page.prev_page_token.is_empty(), pages.is_empty());
                token = page.next_page_token.clone();
                pages.push(page);
                if token.is_empty() {
                    break;
                }
            }
            let forward: Vec<String> = pages.iter().flat_map(|page| names(&page.organizations)).collect();
            assert_eq!(forward, numbers(5, 1), "size {size}");
            for index in (1..pages.len()).rev() {
                let back = list(&api, size, &pages[index].prev_page_token).await.unwrap();
                assert_eq!(back.organizations, pages[index - 1].organizations, "size {size}");
                let again = list(&api, size, &back.next_page_token).await.unwrap();
                assert_eq!(again.organizations, pages[index].organizations);
                if index == 1 {
                    assert_eq!(back.prev_page_token, "");
                }
            }
        }
        assert_eq!(api.told().await.len(), 5, "reading tells nothing");
    }

    async fn rest_pages_too(t: Server) {
        let api = t.api().await;
        numbered(&api, 3).await;
        let first = api.get(&format!("{PATH}?page_size=2")).await;
        assert_eq!(first.json["organizations"][1]["display_name"], "Number 2");
        assert_eq!((&first.json["total_size"], &first.json["prev_page_token"]), (&json!(3), &json!("")));
        let token = first.json["next_page_token"].as_str().unwrap();
        let second = api.get(&format!("{PATH}?pageSize=2&pageToken={token}")).await;
        assert_eq!(second.json["organizations"].as_array().unwrap().len(), 1);
        let token = second.json["prev_page_token"].as_str().unwrap();
        let back = api.get(&format!("{PATH}?page_size=2&page_token={token}&unknown=1")).await;
        assert_eq!(back.json, first.json);
        assert_eq!(first.json["next_page_token"].as_str().unwrap().matches(['+', '/', '=']).count(), 0);
    }

    async fn the_size_has_a_default_and_a_maximum(t: Server) {
        let api = t.api().await;
        numbered(&api, 101).await;
        for (size, expected) in [(0, 10), (1, 1), (100, 100), (101, 100), (1_000_000, 100), (u32::MAX, 100)] {
            let page = list(&api, size, "").await.unwrap();
            assert_eq!((page.organizations.len(), page.total_size), (expected, 101), "page_size {size}");
            assert!(!page.next_page_token.is_empty());
        }
        assert_eq!(api.get(PATH).await.json["organizations"].as_array().unwrap().len(), 10);
        for size in ["-1", "4294967296", "1.5", "ten", "%00"] {
            let answer = api.get(&format!("{PATH}?page_size={size}")).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, "page_size", "{size}");
        }
        let answer = api.get(&format!("{PATH}?page_size=1&page_size=2")).await;
        answer.failure(400, 3);
    }

    async fn a_token_is_good_for_its_own_list_only(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        for api in [&api, &there] {
            for _ in 0..3 {
                api.organization("Acme").create().await;
            }
        }
        api.organization("Acme with a key").external_id("crm-7").create().await;
        let of_list = list(&api, 1, "").await.unwrap().next_page_token;
        let of_search = search(&api, "acme", 1, "").await.unwrap().next_page_token;
        let of_there = list(&there, 1, "").await.unwrap().next_page_token;
        let events = api.post("/api/v1/events?page_size=1", json!({})).await;
        let of_events = events.json["next_page_token"].as_str().unwrap().to_owned();
        let mut bad =
            vec![of_search.clone(), of_there, of_events, "AAAA".repeat(10), "not base64!".to_owned()];
        bad.extend([
            format!("{of_list}A"),
            format!("{of_list}="),
            format!(" {of_list}"),
            of_list[1..].to_owned(),
        ]);
        bad.extend(["1".to_owned(), "\u{1f511}".to_owned(), "x".repeat(100_000)]);
        bad.extend((0..of_list.len()).map(|place| tampered(&of_list, place)));
        for token in &bad {
            let failure = list(&api, 1, token).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "{token}");
            assert_eq!(failure.violations(), [("page_token", "page_token")]);
        }
        for (query, token) in [("acme", &of_list), ("acm", &of_search), ("cme", &of_search)] {
            assert_eq!(
                search(&api, query, 1, token).await.unwrap_err().code,
                Code::InvalidArgument,
                "{query}"
            );
        }
        let filtered = pb::ListOrganizationsRequest {
            page_size: 1,
            page_token: of_list.clone(),
            external_id: Some("crm-7".to_owned()),
        };
        let failure = api.call::<rpc::ListOrganization>(filtered).await.unwrap_err();
        assert_eq!(failure.code, Code::InvalidArgument, "a token of another filter");
        api.get(&format!("{PATH}?page_token=%7Bnot%20base64")).await.failure(400, 3);
        assert_eq!(list(&api, 1, "\0").await.unwrap_err().code, Code::InvalidArgument);
        list(&api, 3, &of_list).await.expect("the page size may change on the way");
        search(&api, "acme", 1, &of_search).await.unwrap();
    }

    async fn pages_stay_right_while_organizations_come_and_go(t: Server) {
        let api = t.api().await;
        numbered(&api, 6).await;
        let first = list(&api, 2, "").await.unwrap();
        api.organization("Number 7").create().await;
        let second = list(&api, 2, &first.next_page_token).await.unwrap();
        assert_eq!(names(&second.organizations), numbers(4, 3));
        assert_eq!(second.total_size, 7);
        let back = list(&api, 2, &second.prev_page_token).await.unwrap();
        assert_eq!(names(&back.organizations), numbers(6, 5));
        let newest = list(&api, 2, &back.prev_page_token).await.unwrap();
        assert_eq!(names(&newest.organizations), numbers(7, 7));
        assert_eq!(newest.prev_page_token, "");
        assert_eq!(
            names(&list(&api, 2, &newest.next_page_token).await.unwrap().organizations),
            numbers(6, 5)
        );

        // The organization that a token names may be gone.
        let edge = second.organizations.last().unwrap().id.clone();
        assert_eq!(api.delete(&format!("{PATH}/{edge}")).await.status, 200);
        let third = list(&api, 2, &second.next_page_token).await.unwrap();
        assert_eq!(names(&third.organizations), numbers(2, 1));
        assert_eq!(third.next_page_token, "");
    }

    async fn a_page_whose_organizations_are_all_gone_still_leads_back(t: Server) {
        let api = t.api().await;
        numbered(&api, 4).await;
        let first = list(&api, 2, "").await.unwrap();
        let second = list(&api, 2, &first.next_page_token).await.unwrap();
        for organization in &second.organizations {
            api.delete(&format!("{PATH}/{}", organization.id)).await;
        }
        let empty = list(&api, 2, &first.next_page_token).await.unwrap();
        assert_eq!((empty.organizations.len(), empty.next_page_token.as_str()), (0, ""));
        assert!(!empty.prev_page_token.is_empty());
        let back = list(&api, 2, &empty.prev_page_token).await.unwrap();
        assert_eq!(back.organizations, first.organizations);

        numbered(&api, 2).await;
        let newest = list(&api, 2, "").await.unwrap();
        let older = list(&api, 2, &newest.next_page_token).await.unwrap();
        for organization in &newest.organizations {
            api.delete(&format!("{PATH}/{}", organization.id)).await;
        }
        let empty = list(&api, 2, &older.prev_page_token).await.unwrap();
        assert_eq!((empty.organizations.len(), empty.prev_page_token.as_str()), (0, ""));
        assert!(!empty.next_page_token.is_empty());
        assert_eq!(list(&api, 2, &empty.next_page_token).await.unwrap().organizations, older.organizations);
    }

    async fn the_list_can_be_filtered_by_external_id(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let made = api.organization("Acme").external_id("crm/7 ü").create().await;
        api.organization("Other").create().await;
        there.organization("Theirs").external_id("theirs").create().await;
        let answer = api.get(&format!("{PATH}?external_id=crm%2F7+%C3%BC")).await;
        assert_eq!(answer.json["organizations"][0]["id"], json!(made.id));
        assert_eq!((&answer.json["total_size"], &answer.json["next_page_token"]), (&json!(1), &json!("")));
        for unknown in ["crm", "theirs", "%25"] {
            let answer = api.get(&format!("{PATH}?externalId={unknown}")).await;
            assert_eq!((&answer.json["total_size"], &answer.json["organizations"]), (&json!(0), &json!([])));
        }
        assert_eq!(api.get(&format!("{PATH}?external_id=")).await.json["total_size"], 2);
        api.get(&format!("{PATH}?external_id=a%00b")).await.failure(400, 3);
    }

    async fn search_looks_in_name_id_and_external_id_without_regard_to_case(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let made = api.organization("Zoë & SÖHNE Gießen").external_id("CRM-Übergabe").create().await;
        api.organization("ΟΔΟΣΑ").slug("not-searched").metadata("plan", "not-searched").create().await;
        there.organization("Zoë elsewhere").create().await;
        let zoe = ["Zoë & SÖHNE Gießen".to_owned()];
        for query in [
            "zoë",
            "ZOË",
            "söhne",
            "& S",
            "GIESSEN",
            "gießen",
            "crm-ü",
            "ÜBERGABE",
            &made.id,
            &made.id.to_uppercase(),
        ] {
            assert_eq!(found(&api, query).await, zoe, "{query}");
        }
        for query in ["οδοσ", "ΟΔΟΣ", "οδος", "δοσα"] {
            assert_eq!(found(&api, query).await, ["ΟΔΟΣΑ"], "{query}");
        }
        assert_eq!(found(&api, "org_").await.len(), 2);
        for query in ["elsewhere", "not-searched", "zoe", "   "] {
            assert_eq!(found(&api, query).await, [""; 0], "{query}");
        }
        let answer = api.get(&format!("{PATH}:search?query=S%C3%96HNE")).await;
        assert_eq!((answer.status, &answer.json["organizations"][0]["id"]), (200, &json!(made.id)));
        // What search looks in follows every change.
        api.patch(&format!("{PATH}/{}", made.id), json!({"display_name": "Renamed", "external_id": ""}))
            .await;
        assert_eq!(found(&api, "zoë").await, [""; 0]);
        assert_eq!(found(&api, "übergabe").await, [""; 0]);
        assert_eq!(found(&api, "RENAMED").await, ["Renamed"]);
    }

    async fn search_takes_wildcards_and_quotes_literally(t: Server) {
        let api = t.api().await;
        for name in [
            "100% sure",
            "100 sure",
            "snake_case",
            "snakeXcase",
            "back\\slash",
            "backslash",
            "O'Neil \"x\"",
            "[abc]",
            "a*b?c",
        ] {
            api.organization(name).create().await;
        }
        for (query, name) in [
            ("100%", "100% sure"),
            ("0% s", "100% sure"),
            ("e_c", "snake_case"),
            ("k\\s", "back\\slash"),
            ("'Neil", "O'Neil \"x\""),
            ("[abc]", "[abc]"),
            ("a*b", "a*b?c"),
        ] {
            assert_eq!(found(&api, query).await, [name], "{query}");
        }
        for query in ["%%%", "___", "\\\\\\", "%_%", "' OR 1=1 --", "*b*"] {
            assert_eq!(found(&api, query).await, [""; 0], "{query}");
        }
    }

    async fn search_has_limits_and_pages(t: Server) {
        let api = t.api().await;
        numbered(&api, 31).await;
        let long = "ü".repeat(101);
        for (query, constraint) in [
            ("", "required"),
            ("ab", "string.min_len"),
            ("üü", "string.min_len"),
            (long.as_str(), "string.max_len"),
        ] {
            let failure = search(&api, query, 0, "").await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument);
            assert!(failure.violations().contains(&("query", constraint)), "{query}: {failure:?}");
        }
        assert_eq!(found(&api, &long[2..]).await.len(), 0);
        assert_eq!(
            search(&api, "num", 31, "").await.unwrap_err().violations(),
            [("page_size", "uint32.lte")]
        );
        api.get(&format!("{PATH}:search?query=num&page_size=31")).await.failure(400, 3);
        api.get(&format!("{PATH}:search")).await.failure(400, 3);
        assert_eq!(search(&api, "a\0b", 1, "").await.unwrap_err().code, Code::InvalidArgument);
        assert_eq!(search(&api, "num", 0, "").await.unwrap().organizations.len(), 10);
        let first = search(&api, "NUMBER", 30, "").await.unwrap();
        assert_eq!((first.organizations.len(), first.total_size), (30, 31));
        let second = search(&api, "NUMBER", 30, &first.next_page_token).await.unwrap();
        assert_eq!((names(&second.organizations), second.next_page_token.as_str()), (numbers(1, 1), ""));
        let back = search(&api, "NUMBER", 30, &second.prev_page_token).await.unwrap();
        assert_eq!(back.organizations, first.organizations);
        // Only matches count and are listed.
        let ten = search(&api, "number 1", 5, "").await.unwrap();
        assert_eq!((names(&ten.organizations), ten.total_size), (numbers(19, 15), 11));
    }
}
