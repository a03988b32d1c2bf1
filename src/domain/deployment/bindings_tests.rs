use super::*;

fn endpoint(name: &str, inside: Option<(&str, u16)>, machine: Option<u16>) -> OfferedEndpoint {
    OfferedEndpoint {
        name: name.to_owned(),
        scheme: "http".to_owned(),
        inside: inside.map(|(host, port)| (host.to_owned(), port)),
        machine,
    }
}

fn url(offers: &Offers, network: Network) -> Option<String> {
    let all = offers.as_variables("map", network);
    all.get("MAP_API_URL").map(|told| told.shown().to_owned())
}

#[test]
fn what_is_inside_is_called_by_name_from_containers_and_at_the_loopback_from_the_machine() {
    let inside = Some(("s-map-main-server", 80));
    let offers = Offers {
        endpoints: vec![endpoint("api", inside, Some(40_000))],
        ..Offers::default()
    };
    let bridge = url(&offers, Network::Bridge);
    assert_eq!(bridge.as_deref(), Some("http://s-map-main-server:80"));
    let host = url(&offers, Network::Host);
    assert_eq!(host.as_deref(), Some("http://127.0.0.1:40000"));
}

#[test]
fn an_endpoint_without_a_known_port_is_left_out() {
    let offers = Offers {
        endpoints: vec![endpoint("api", None, None)],
        ..Offers::default()
    };
    assert_eq!(url(&offers, Network::Bridge), None);
    assert_eq!(url(&offers, Network::Host), None);
}

#[test]
fn variables_are_named_after_alias_and_endpoint() {
    let variables = BTreeMap::from([("FRAME".to_owned(), Told::open("map"))]);
    let offers = Offers {
        variables: variables.clone(),
        variables_on_host: variables,
        endpoints: vec![endpoint("web-ui", None, Some(8080))],
        network: None,
        ros: OfferedRos {
            namespace: Some("/front".to_owned()),
            domain_id: Some(7),
            remappings: None,
        },
        masks: Masks::default(),
    };
    let text = |network| {
        let all = offers.as_variables("map-server", network);
        let lines: Vec<String> = all.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        lines.join(" ")
    };
    assert_eq!(
        text(Network::Bridge),
        "MAP_SERVER_FRAME=map MAP_SERVER_ROS_DOMAIN_ID=7 MAP_SERVER_ROS_NAMESPACE=/front \
         MAP_SERVER_WEB_UI_HOST=host.docker.internal MAP_SERVER_WEB_UI_PORT=8080 \
         MAP_SERVER_WEB_UI_URL=http://host.docker.internal:8080"
    );
    assert!(text(Network::Host).contains("_URL=http://127.0.0.1:8080"));
}
