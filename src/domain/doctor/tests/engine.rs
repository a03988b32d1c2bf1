use super::samples::*;
use crate::domain::doctor::facts::*;
use crate::domain::doctor::{Level, findings, is_well, summary};

#[test]
fn a_well_machine_has_no_troubles_and_says_so() {
    let found = findings(&well());
    assert_eq!(troubles(&well()), []);
    assert!(is_well(&found));
    let all = format!("all {} things that were looked at are well", found.len());
    assert_eq!(summary(&found), all);
    assert!(found.len() > 10, "{found:#?}");
}

#[test]
fn an_engine_that_cannot_be_asked_is_one_error_with_what_to_do() {
    let address = "unix:///nowhere".to_owned();
    for (trouble, text, remedy) in [
        (
            EngineTrouble::Away {
                address: address.clone(),
                cause: "there is no such socket".to_owned(),
            },
            "there is no such socket",
            "systemctl start docker",
        ),
        (
            EngineTrouble::NotPermitted { address },
            "unix:///nowhere",
            "usermod -aG docker",
        ),
        (
            EngineTrouble::Other("it burns".to_owned()),
            "it burns",
            "journalctl",
        ),
    ] {
        let facts = Facts {
            engine: Err(trouble),
            ..well()
        };
        let found = only_trouble(&facts);
        assert_eq!(found.level, Level::Error);
        assert!(found.text.contains(text), "{found:?}");
        assert!(found.remedy.contains(remedy), "{found:?}");
        let all = findings(&facts);
        assert!(!is_well(&all));
        assert!(summary(&all).starts_with("1 error, 0 warnings; first Docker engine: "));
    }
}

#[test]
fn versions_of_the_api_are_compared_as_numbers() {
    for (version, level) in [
        ("1.41", Level::Ok),
        ("1.50", Level::Ok),
        ("2.0", Level::Ok),
        ("1.40", Level::Error),
        ("1.9", Level::Error),
        ("", Level::Warning),
        ("new", Level::Warning),
    ] {
        let facts = with_engine(|engine| engine.about.api_version = version.to_owned());
        let all = findings(&facts);
        assert_eq!(all[0].subject, "Docker engine");
        assert_eq!(all[0].level, level, "{version}");
    }
}

#[test]
fn addresses_for_networks_run_out() {
    for (used, capacity, level) in [
        (26, None, Level::Ok),
        (27, None, Level::Warning),
        (30, None, Level::Warning),
        (31, None, Level::Error),
        (40, None, Level::Error),
        (31, Some(256), Level::Ok),
        (2, Some(2), Level::Error),
    ] {
        let facts = with_engine(|engine| {
            engine.networks = Ok(used);
            engine.about.network_capacity = capacity;
        });
        let all = findings(&facts);
        let found = all.iter().find(|it| it.subject.contains("networks"));
        assert_eq!(found.map(|it| it.level), Some(level), "{used} {capacity:?}");
    }
}

#[test]
fn how_the_engine_is_set_up_matters() {
    type Change = fn(&mut EngineFacts);
    let table: [(Change, &str); 4] = [
        (
            |it| it.about.rootless = true,
            "containers and this machine's network",
        ),
        (
            |it| it.is_local = false,
            "containers and this machine's network",
        ),
        (|it| it.about.user_namespaces = true, "users in containers"),
        (
            |it| it.about.cgroup_driver = "none".to_owned(),
            "control groups",
        ),
    ];
    for (change, subject) in table {
        let found = only_trouble(&with_engine(change));
        assert_eq!(
            (found.level, found.subject.as_str()),
            (Level::Warning, subject)
        );
    }
    let keeps = with_engine(|engine| engine.about.live_restore = true);
    assert_eq!(troubles(&keeps), []);
}

#[test]
fn disks_fill_up() {
    for (free, level) in [
        (10 << 30, Level::Ok),
        (2 << 30, Level::Ok),
        (1 << 30, Level::Warning),
        (50 << 20, Level::Error),
        (0, Level::Error),
    ] {
        let mut facts = well();
        facts.disks[0].space = Ok(Space { free, ..PLENTY });
        let all = findings(&facts);
        let found = all
            .iter()
            .find(|it| it.subject == "disk of shipmate's state");
        let found = found.unwrap();
        assert_eq!(found.level, level, "{found:?}");
        assert!(found.text.contains("/state"));
    }
}
