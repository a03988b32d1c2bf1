#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::super::test_world::snapshot;
use super::*;

fn wanted(deployment: &str, component: &str, executable: &str) -> Wanted {
    Wanted {
        deployment: deployment.to_owned(),
        component: component.to_owned(),
        executable: executable.to_owned(),
        ..Wanted::default()
    }
}

#[test]
fn names_narrow_it_down() {
    let snapshot = snapshot();
    for (component, executable, expected) in [
        ("", "", &["left/driver", "left/logger", "right/driver"][..]),
        ("left", "", &["left/driver", "left/logger"]),
        ("", "driver", &["left/driver", "right/driver"]),
        ("right", "driver", &["right/driver"]),
    ] {
        for deployment in ["id-of-arm", "arm"] {
            let picked = pick(&snapshot, &wanted(deployment, component, executable)).unwrap();
            let names: Vec<String> = { picked.places.iter() }
                .map(|place| format!("{}/{}", place.author.component, place.author.executable))
                .collect();
            assert_eq!(names, expected);
            assert_eq!(
                (picked.id.as_str(), picked.name.as_str()),
                ("id-of-arm", "arm")
            );
        }
    }
}

#[test]
fn who_is_not_there_is_told_who_is() {
    let snapshot = snapshot();
    for (deployment, component, executable, message) in [
        ("", "", "", "which deployment? give its id or its name"),
        (
            "leg",
            "",
            "",
            "there is no deployment \"leg\"; there are: arm",
        ),
        (
            "arm",
            "middle",
            "",
            "arm has no component \"middle\"; it has: left, right",
        ),
        (
            "arm",
            "",
            "nobody",
            "arm has no executable \"nobody\"; there are: left/driver, left/logger, right/driver",
        ),
        (
            "arm",
            "right",
            "logger",
            "arm/right has no executable \"logger\"; there are: right/driver",
        ),
    ] {
        let error = pick(&snapshot, &wanted(deployment, component, executable)).unwrap_err();
        assert_eq!(error, message);
    }
    let error = pick(&Snapshot::default(), &wanted("arm", "", "")).unwrap_err();
    assert_eq!(error, "there is no deployment \"arm\"; nothing is deployed");
}
