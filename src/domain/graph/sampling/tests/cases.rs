use super::*;

#[test]
fn a_rate_is_what_is_published() {
    for hertz in [0.5, 1.0, 2.0, 3.0, 10.0, 30.0, 100.0, 1000.0, 5000.0] {
        let found = rate(&[vec![Publisher::new(A, hertz, 240)]], 0, 60.0);
        close(found.messages, hertz, 0.25);
        close(found.bytes, hertz * 240.0, 0.25);
        if hertz >= 3.0 {
            close(found.messages, hertz, 0.01);
        }
    }
}

#[test]
fn what_comes_rarely_is_told_in_the_long_run() {
    let found = rate(&[vec![Publisher::new(A, 0.11, 100)]], 0, 600.0);
    close(found.messages, 0.11, 0.4);
}

#[test]
fn each_publisher_has_its_own_rate() {
    let b = Publisher {
        phase: 0.3,
        ..Publisher::new(B, 5.0, 3000)
    };
    let both = vec![Publisher::new(A, 20.0, 100), b];
    let (sampler, _) = run(&[both], 1e6, 30.0);
    let rates = &sampler.rates()[&topic(0)];
    let of = |gid| rates.of([gid], false).unwrap();
    close(of(A).messages, 20.0, 0.02);
    close(of(B).bytes, 15_000.0, 0.02);
    close(rates.of([A, B], true).unwrap().messages, 25.0, 0.02);
}

#[test]
fn large_messages_are_measured_by_three_of_them() {
    let found = rate(&[vec![Publisher::new(A, 30.0, 1_000_000)]], 0, 30.0);
    close(found.messages, 30.0, 0.01);
    let both = vec![
        Publisher::new(A, 10.0, 1_000_000),
        Publisher {
            phase: 0.5,
            ..Publisher::new(B, 10.0, 1_000_000)
        },
    ];
    let found = rate(&[both], 0, 30.0);
    close(found.messages, 20.0, 0.1);
}

#[test]
fn who_is_silent_publishes_nothing() {
    let mut sampler = Sampler::new(1e6);
    sampler.want([(topic(0), [A].into())].into(), at(0.0));
    assert!(matches!(sampler.next(at(0.0)), Turn::Listen(..)));
    let sample = Window::new(at(0.0), 1, 1).close(at(3.0));
    sampler.ended(Some(sample), at(3.0));
    let rates = &sampler.rates()[&topic(0)];
    assert_eq!(rates.of([A], true), Some(Rate::default()));
    assert_eq!(rates.of([A, B], true), None, "B was not there");
}

#[test]
fn a_publisher_that_has_stopped_is_told_by_the_next_turn() {
    let topics = [vec![Publisher::new(A, 10.0, 100)]];
    let (mut sampler, turns) = run(&topics, 1e6, 5.0);
    let now = turns.last().unwrap().to + 11.0;
    assert!(matches!(sampler.next(at(now)), Turn::Listen(..)));
    sampler.ended(
        Some(Window::new(at(now), 1, 1).close(at(now + 3.0))),
        at(now + 3.0),
    );
    let rate = sampler.rates()[&topic(0)].of([A], true);
    assert_eq!(rate, Some(Rate::default()));
}

#[test]
fn a_publisher_that_comes_is_measured_before_the_topic_has_rested() {
    let topics = [vec![Publisher::new(A, 10.0, 100)]];
    let (mut sampler, turns) = run(&topics, 1e6, 5.0);
    let end = turns.last().unwrap().to;
    assert!(matches!(sampler.next(at(end + 2.0)), Turn::NotBefore(due) if due > at(end + 9.0)));
    sampler.want([(topic(0), [A, B].into())].into(), at(end + 2.0));
    assert!(matches!(sampler.next(at(end + 2.0)), Turn::Listen(..)));
}

#[test]
fn an_unnamed_publisher_is_told_where_there_is_no_other() {
    let topics = [vec![Publisher::new(UNNAMED, 10.0, 100)]];
    let (sampler, _) = run(&topics, 1e6, 5.0);
    let rates = &sampler.rates()[&topic(0)];
    close(rates.of([A], true).unwrap().messages, 10.0, 0.01);
    assert_eq!(rates.of([A], false), None);
}

#[test]
fn missed_messages_count() {
    let mut window = Window::new(at(0.0), 1_000_000, 1);
    for number in [1, 2, 5, 10] {
        window.note(A, 100, Some(number), at(number as f64 / 10.0));
    }
    let heard = window.close(at(1.1)).publishers[&A];
    assert_eq!((heard.messages, heard.bytes), (10, 1000));
    // Numbers that make no sense do not.
    let mut window = Window::new(at(0.0), 1_000_000, 1);
    for number in [1, u64::MAX, 0, u64::MAX - 1] {
        window.note(A, 100, Some(number), at(1.0));
    }
    assert_eq!(window.close(at(2.0)).publishers[&A].messages, 4);
}

#[test]
fn nothing_is_listened_to_when_nothing_is_wanted_or_paid_for() {
    let topics = [vec![Publisher::new(A, 10.0, 100)]];
    for budget in [0.0, -1.0, f64::NAN] {
        assert!(run(&topics, budget, 10.0).1.is_empty());
    }
    let (mut sampler, _) = run(&topics, 1e6, 5.0);
    assert!(!sampler.want(BTreeMap::new(), at(20.0)));
    assert_eq!(sampler.next(at(20.0)), Turn::Nothing);
    assert!(sampler.rates().is_empty());
}

#[test]
fn what_is_not_wanted_any_more_is_said_and_still_paid_for() {
    let mut sampler = Sampler::new(100.0);
    sampler.want([(topic(0), [A].into())].into(), at(0.0));
    assert!(matches!(sampler.next(at(0.0)), Turn::Listen(..)));
    assert!(sampler.want(BTreeMap::new(), at(0.5)));
    let sample = Sample {
        cost: 10_000,
        ..Sample::default()
    };
    sampler.ended(Some(sample), at(0.5));
    sampler.want([(topic(0), [A].into())].into(), at(0.6));
    assert_eq!(sampler.next(at(0.6)), Turn::NotBefore(at(100.0)));
}

#[test]
fn what_cannot_be_listened_to_is_left_for_a_while() {
    let mut sampler = Sampler::new(100.0);
    sampler.want([(topic(0), [A].into())].into(), at(0.0));
    assert!(matches!(sampler.next(at(0.0)), Turn::Listen(..)));
    sampler.ended(None, at(0.0));
    sampler.want([(topic(0), [A, B].into())].into(), at(1.0));
    assert_eq!(sampler.next(at(1.0)), Turn::NotBefore(at(60.0)));
    assert!(sampler.rates().is_empty());
}

#[test]
fn a_little_other_is_no_change() {
    let told = |messages: f64| TopicRate::of_one(A, messages);
    assert!(!told(10.0).differs_from(&told(10.9)));
    assert!(told(10.0).differs_from(&told(12.0)));
    assert!(told(0.0).differs_from(&told(0.1)));
    assert!(!told(0.0).differs_from(&told(0.0)));
    assert!(told(1.0).differs_from(&TopicRate::default()));
}

#[test]
fn two_digits_are_left() {
    let same = [0.0, 0.25, 2.4, 10.0, 99.0, 1200.0, 3e9];
    assert_eq!(same.map(two_digits), same);
    let given = [0.2549, 9.96, 104.9, 0.30000000000000004];
    assert_eq!(given.map(two_digits), [0.25, 10.0, 100.0, 0.3]);
    assert!(two_digits(f64::NAN).is_nan());
}

#[test]
fn a_message_is_sent_to_each_address_of_the_listener() {
    let cost = |copies| {
        let mut window = Window::new(at(0.0), 1_000_000, copies);
        window.note(A, 3200, Some(1), at(0.1));
        window.close(at(1.0))
    };
    assert_eq!(
        [0, 1, 2, 5].map(cost).map(|it| it.cost),
        [3428, 3428, 6856, 17_140]
    );
    // What flows on the topic is the same.
    assert_eq!(cost(5).publishers, cost(1).publishers);
}
