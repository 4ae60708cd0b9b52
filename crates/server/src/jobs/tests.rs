use super::*;

fn taken(attempts: i64, give_up_at: i64) -> Taken {
    Taken {
        environment: None,
        id: JobId::from_i64(1),
        name: "test".to_owned(),
        payload: "null".to_owned(),
        attempts,
        give_up_at: Timestamp::from_micros(give_up_at * 1_000_000),
        lease: Timestamp::from_micros(0),
    }
}

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

#[test]
fn pauses_double_up_to_five_minutes() {
    let pauses: Vec<u64> = (0..12).map(|attempts| pause(attempts).as_secs()).collect();
    assert_eq!(pauses, [2, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    assert_eq!(pause(i64::MAX).as_secs(), 300);
}

#[test]
fn a_failed_attempt_is_repeated_until_its_time_is_over() {
    let retry = Failure::Retry("busy".to_owned());
    assert_eq!(taken(1, 100).after(&retry, None, at(10)), Next::At(at(12)));
    assert_eq!(taken(9, 100).after(&retry, None, at(99)), Next::At(at(399)));
    assert_eq!(taken(9, 100).after(&retry, None, at(100)), Next::Never);
    assert_eq!(taken(1, 100).after(&Failure::GiveUp("no".to_owned()), None, at(1)), Next::Never);
}

#[test]
fn a_periodic_job_is_never_given_up() {
    let every = Some(Duration::from_secs(60));
    assert_eq!(taken(1, 0).after(&Failure::GiveUp("no".to_owned()), every, at(10)), Next::At(at(12)));
    assert_eq!(taken(40, 0).after(&Failure::Retry("no".to_owned()), every, at(10)), Next::At(at(70)));
}

#[test]
fn many_attempts_without_an_answer_are_deadly_only_after_the_time_to_give_up() {
    assert!(!taken(21, 100).is_deadly(at(99)));
    assert!(!taken(20, 100).is_deadly(at(100)));
    assert!(taken(21, 100).is_deadly(at(100)));
}
