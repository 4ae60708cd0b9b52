//! Binding, reading, broken keys, and the end of a transaction.
use crate::{ids, insert, with_tables, write};
use futures_util::future::join_all;
use gatewright::{
    by_dialect,
    db::{DbKind, FromRow, OnViolation, Row, Statement},
    error::{Error, Kind},
    ids::OrganizationId,
    sql,
    time::Timestamp,
};
use std::time::Duration;

#[tokio::test]
async fn parameters_are_bound_by_their_number() {
    with_tables(async |db| {
        let row: (String, i64, String, bool) =
            sql!("SELECT CAST($2 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($1 AS BIGINT) = $3")
                .bind(7_i64)
                .bind("two")
                .bind(7_i64)
                .one(&mut db.read())
                .await
                .unwrap();
        assert_eq!(row, ("two".to_owned(), 7, "two".to_owned(), true));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_number_of_values_is_an_error() {
    with_tables(async |db| {
        let none = sql!("SELECT id FROM things WHERE id = $1 OR id = $2")
            .bind(1_i64)
            .all::<i64>(&mut db.read())
            .await;
        assert_eq!(Error::from(none.unwrap_err()).kind(), Kind::Internal);
        let mut tx = db.write().await.unwrap();
        assert!(insert(1).bind(2_i64).execute(&mut tx).await.is_err());
        drop(tx);
        assert_eq!(ids(&db).await, Vec::<i64>::new());
    })
    .await;
}

#[derive(Clone, Debug, PartialEq)]
struct Thing {
    id: OrganizationId,
    owner: Option<i64>,
    name: Option<String>,
    tag: String,
    flag: bool,
    body: Option<Vec<u8>>,
    used_at: Option<Timestamp>,
}
impl FromRow for Thing {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            owner: row.next()?,
            name: row.next()?,
            tag: row.next()?,
            flag: row.next()?,
            body: row.next()?,
            used_at: row.next()?,
        })
    }
}

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    let full = Thing {
        id: OrganizationId::from_i64(i64::MAX),
        owner: Some(3),
        name: Some("naïve ' \u{10FFFF}".to_owned()),
        tag: String::new(),
        flag: true,
        body: Some(vec![0, 255, 0]),
        used_at: Some(Timestamp::from_micros(-1)),
    };
    let nulls = Thing {
        id: OrganizationId::from_i64(i64::MIN),
        owner: None,
        name: None,
        tag: "123".to_owned(),
        flag: false,
        body: None,
        used_at: None,
    };
    let no_bytes = Thing {
        id: OrganizationId::from_i64(0),
        body: Some(Vec::new()),
        tag: "1e3".to_owned(),
        ..nulls.clone()
    };
    with_tables(async |db| {
        write(&db, sql!("INSERT INTO owners (id) VALUES ($1)").bind(3_u32)).await;
        for thing in [&full, &nulls, &no_bytes] {
            let statement = sql!(
                "INSERT INTO things (id, owner_id, name, tag, flag, body, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            );
            let statement = statement.bind(thing.id).bind(thing.owner).bind(&thing.name).bind(&thing.tag);
            write(&db, statement.bind(thing.flag).bind(&thing.body).bind(thing.used_at)).await;
            let found: Thing =
                sql!("SELECT id, owner_id, name, tag, flag, body, used_at FROM things WHERE id = $1 AND flag = $2")
                    .bind(thing.id)
                    .bind(thing.flag)
                    .one(&mut db.read())
                    .await
                    .unwrap();
            assert_eq!(found, *thing);
        }
        let any: Vec<i64> = sql!("SELECT id FROM things WHERE CAST($1 AS BIGINT) IS NULL OR owner_id = $1 ORDER BY id")
            .bind(None::<i64>)
            .all(&mut db.read())
            .await
            .unwrap();
        assert_eq!(any, [i64::MIN, 0, i64::MAX]);
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_not_as_expected_are_errors() {
    with_tables(async |db| {
        write(&db, insert(1)).await;
        write(&db, insert(2)).await;
        let mut read = db.read();
        assert!(sql!("SELECT id FROM things").optional::<i64>(&mut read).await.is_err(), "several rows");
        assert!(sql!("SELECT id FROM things WHERE id = 3").one::<i64>(&mut read).await.is_err(), "no row");
        assert!(sql!("SELECT id, name FROM things").all::<i64>(&mut read).await.is_err(), "a column is left");
        assert!(
            sql!("SELECT id FROM things").all::<(i64, i64)>(&mut read).await.is_err(),
            "a column is missing"
        );
        assert!(sql!("SELECT id FROM things").all::<String>(&mut read).await.is_err(), "of another type");
        assert!(sql!("SELECT name FROM things").all::<String>(&mut read).await.is_err(), "null");
        assert!(
            sql!("SELECT CAST(1.5 AS REAL)").all::<i64>(&mut read).await.is_err(),
            "a type we do not use"
        );
        let none =
            sql!("SELECT id FROM things WHERE id = $1").bind(3_i64).optional::<i64>(&mut read).await.unwrap();
        assert_eq!(none, None);
    })
    .await;
}

#[tokio::test]
async fn nul_characters_are_refused_alike() {
    with_tables(async |db| {
        let mut tx = db.write().await.unwrap();
        let result = sql!("INSERT INTO things (id, name) VALUES (1, $1)").bind("a\0b").execute(&mut tx).await;
        assert_eq!(Error::from(result.unwrap_err()).kind(), Kind::InvalidArgument);
    })
    .await;
}

#[tokio::test]
async fn execute_counts_rows_also_when_they_are_returned() {
    with_tables(async |db| {
        assert_eq!(write(&db, sql!("INSERT INTO things (id) VALUES (1), (2), (3)")).await, 3);
        assert_eq!(write(&db, sql!("UPDATE things SET flag = TRUE WHERE id < 3 RETURNING id")).await, 2);
        assert_eq!(write(&db, sql!("DELETE FROM things WHERE id = 9")).await, 0);
    })
    .await;
}

#[tokio::test]
async fn broken_keys_have_one_name_on_both() {
    with_tables(async |db| {
        write(&db, sql!("INSERT INTO things (id, name, tag) VALUES (1, 'a', 'b')")).await;
        let taken = |what: &'static str| move || Error::already_exists(what);
        let add = async |id: i64, name: &str, owner: Option<i64>| {
            let mut tx = db.write().await.unwrap();
            let statement = sql!("INSERT INTO things (id, name, tag, owner_id) VALUES ($1, $2, 'b', $3)");
            let result = statement.bind(id).bind(name).bind(owner).execute(&mut tx).await;
            let result = result
                .on_unique("things_pkey", taken("id"))
                .on_unique("things_name_tag_key", taken("name"))
                .on_foreign_key(|| Error::not_found("owner"));
            Error::from(result.unwrap_err()).message().to_owned()
        };
        assert_eq!(add(1, "x", None).await, "id");
        assert_eq!(add(2, "a", None).await, "name");
        assert_eq!(add(3, "c", Some(77)).await, "owner not found");
        let mut tx = db.write().await.unwrap();
        let other = insert(1).execute(&mut tx).await.on_unique("things_name_tag_key", taken("wrong"));
        assert_eq!(Error::from(other.unwrap_err()).message(), "internal error");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_is_over_after_a_failed_statement() {
    with_tables(async |db| {
        write(&db, insert(1)).await;
        let mut tx = db.write().await.unwrap();
        insert(2).execute(&mut tx).await.unwrap();
        assert!(insert(1).execute(&mut tx).await.is_err());
        assert!(insert(3).execute(&mut tx).await.is_err());
        assert!(sql!("SELECT id FROM things").all::<i64>(&mut tx).await.is_err());
        assert_eq!(tx.commit().await.unwrap_err().kind(), Kind::Internal);
        assert_eq!(ids(&db).await, [1]);
        write(&db, insert(4)).await;
        assert_eq!(ids(&db).await, [1, 4]);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_transaction_is_undone_and_frees_its_lock() {
    with_tables(async |db| {
        let never = async {
            let mut tx = db.write().await.unwrap();
            insert(1).execute(&mut tx).await.unwrap();
            assert_eq!(sql!("SELECT id FROM things").all::<i64>(&mut tx).await.unwrap(), [1]);
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(Duration::from_millis(50), never).await.is_err());
        let next = tokio::time::timeout(Duration::from_secs(2), write(&db, insert(2)));
        assert_eq!(next.await.unwrap(), 1);
        assert_eq!(ids(&db).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn only_selects_run_without_a_transaction() {
    with_tables(async |db| {
        write(&db, insert(1)).await;
        let mut read = db.read();
        assert!(sql!("DELETE FROM things RETURNING id").all::<i64>(&mut read).await.is_err());
        let hidden = by_dialect!(
            postgres: "WITH gone AS (DELETE FROM things RETURNING id) SELECT id FROM gone",
            sqlite: "WITH one AS (SELECT 1 AS id) DELETE FROM things RETURNING id",
        );
        assert!(hidden.all::<i64>(&mut read).await.is_err());
        assert_eq!(ids(&db).await, [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_guarded_update_lets_one_of_twenty_win() {
    with_tables(async |db| {
        for round in 0..5_i64 {
            write(&db, insert(round)).await;
            let tries = (0..20_i64).map(|i| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await.unwrap();
                    let won: Option<i64> =
                        sql!("UPDATE things SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id")
                            .bind(round)
                            .bind(i)
                            .optional(&mut tx)
                            .await
                            .unwrap();
                    tx.commit().await.unwrap();
                    won
                })
            });
            let won = join_all(tries).await.into_iter().filter_map(Result::unwrap).count();
            assert_eq!(won, 1, "{:?}", db.kind());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_race_is_aborted_on_postgres() {
    with_tables(async |db| {
        if db.kind() == DbKind::Sqlite {
            return;
        }
        write(&db, sql!("INSERT INTO things (id) VALUES (1), (2)")).await;
        let lock = async |first: i64, second: i64| -> Result<(), Error> {
            let mut tx = db.write().await?;
            sql!("UPDATE things SET flag = TRUE WHERE id = $1").bind(first).execute(&mut tx).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
            sql!("UPDATE things SET flag = TRUE WHERE id = $1").bind(second).execute(&mut tx).await?;
            tx.commit().await
        };
        let (one, two) = tokio::join!(lock(1, 2), lock(2, 1));
        let errors: Vec<_> = [one, two].into_iter().filter_map(Result::err).map(|e| e.kind()).collect();
        assert_eq!(errors, [Kind::Aborted], "a deadlock has one victim");
    })
    .await;
}

#[tokio::test]
async fn preparing_reports_what_the_database_objects_to() {
    with_tables(async |db| {
        let good = "SELECT id FROM things WHERE id = $1";
        let bad = "SELECT nonsense FROM things";
        let statement = |text| Statement::new(text, text, "store.rs", 7);
        db.prepare(&statement(good)).await.unwrap();
        let error = db.prepare(&statement(bad)).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.starts_with("store.rs:7: ") && source.contains("nonsense"), "{source}");
        db.ping().await.unwrap();
    })
    .await;
}
