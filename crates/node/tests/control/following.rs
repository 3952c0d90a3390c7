//! A node of a site that makes what it has what it is told to have.

use std::collections::BTreeMap;
use std::time::SystemTime;

use swell_api::function::Share;
use swell_api::site_joining::SiteContact;
use swell_api::spec::FunctionSpec;
use swell_link::authority::Authority;
use swell_link::client::{Address, Client};
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;
use swell_node::deploy::adopt::{Kept, Lineage};
use swell_node::nodes::applying::Applying;
use swell_node::nodes::wire::{Order, Ordered, OrderedWay};
use swell_node::store::record::Head;

use crate::world::{World, modelled};

fn applying(world: &World) -> Applying {
    let now = SystemTime::now();
    let authority = Authority::found("town", now).expect("it has a name");
    let lasts = std::time::Duration::from_secs(3_600);
    let issued = authority.issue("site-1-attic", Purpose::Node, now, lasts).expect("it has a name");
    let identity = Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key);
    Applying {
        deployer: world.deployer.clone(),
        code: world.code.clone(),
        registry: world.registry.clone(),
        client: Client::new(identity.expect("it is certified")),
        seat: Address { name: "site-1".to_string(), at: "127.0.0.1:1".to_string() },
        had: BTreeMap::new(),
        without: BTreeMap::new(),
    }
}

/// A function by its versions, each with its number and its share.
type Wanted<'a> = (&'a str, &'a [(u32, FunctionSpec, u8)], bool);

fn order(functions: &[Wanted<'_>]) -> Order {
    let (name, gateway) = ("oslo".to_string(), String::new());
    let (state, resource) = Default::default();
    let ordered = functions.iter().map(|(name, versions, paused)| {
        let kept = versions.iter().map(|(version, spec, _)| Kept {
            version: *version,
            deployed_at_ms: 0,
            spec: spec.clone(),
        });
        let traffic = versions.iter().filter(|(_, _, percent)| *percent > 0);
        let traffic =
            traffic.map(|(version, _, percent)| Share { version: *version, percent: *percent });
        let head = Head { traffic: traffic.collect(), paused: *paused, ..Head::default() };
        let lineage = Lineage { head, versions: kept.collect() };
        (name.to_string(), Ordered { lineage, way: OrderedWay::Here })
    });
    let seat = SiteContact { name, gateway, state, resource, flow: None };
    Order { seat, key: String::new(), functions: ordered.collect() }
}

fn with_memory(name: &str, memory_bytes: u64) -> FunctionSpec {
    FunctionSpec { memory_bytes, ..modelled(name) }
}

#[tokio::test]
async fn versions_shares_pauses_and_removals_follow() {
    let world = World::new();
    let mut applying = applying(&world);
    let (old, new) = (with_memory("shop", 1 << 20), with_memory("shop", 2 << 20));
    let whole = [(3, old.clone(), 100)];
    applying.apply(&order(&[("shop", &whole, false)])).await.expect("it can be had");
    let shop = world.registry.get("shop").expect("it is here");
    assert_eq!((shop.leading().version, &shop.leading().spec, shop.paused), (3, &old, false));

    let shared = [(3, old.clone(), 90), (4, new.clone(), 10)];
    let both = order(&[("shop", &shared, false)]);
    applying.apply(&both).await.expect("it can be had");
    let shop = world.registry.get("shop").expect("it is here");
    let expected = [(3, 90), (4, 10)].map(|(version, percent)| Share { version, percent });
    assert_eq!((&shop.traffic[..], shop.paused), (&expected[..], false));

    let paused = [(3, old, 0), (4, new.clone(), 100)];
    applying.apply(&order(&[("shop", &paused, true)])).await.expect("it can be had");
    let shop = world.registry.get("shop").expect("it is here");
    assert!(shop.paused && shop.leading().spec == new);

    let anew = [(1, new.clone(), 100)];
    applying.apply(&order(&[("shop", &anew, false)])).await.expect("it can be had");
    let shop = world.registry.get("shop").expect("it is here");
    assert_eq!((shop.leading().version, shop.versions.len()), (1, 1), "it was deployed anew");

    applying.apply(&order(&[])).await.expect("nothing can be had");
    assert!(world.registry.get("shop").is_none());
}

#[tokio::test]
async fn what_cannot_be_had_is_said_and_hinders_nothing_else() {
    let world = World::new();
    let mut applying = applying(&world);
    let secret = FunctionSpec {
        secrets: [("KEY".to_string(), "nowhere".to_string())].into(),
        ..modelled("bank")
    };
    let (bank, shop) = ([(1, secret, 100)], [(1, modelled("shop"), 100)]);
    let wanted = order(&[("bank", &bank, false), ("shop", &shop, false)]);
    for _ in 0..2 {
        applying.apply(&wanted).await.expect("it is done as far as it can be");
        assert!(world.registry.get("shop").is_some() && world.registry.get("bank").is_none());
        let (why, _) = &applying.without["bank"];
        assert!(why.contains("secret"), "{why}");
    }
    let code = format!("sha256:{}", "0".repeat(64));
    let coded = FunctionSpec { code, ..FunctionSpec::plain("cart", Default::default()) };
    let cart = [(1, coded, 100)];
    let missing = order(&[("cart", &cart, false), ("shop", &shop, false)]);
    for _ in 0..2 {
        let why = applying.apply(&missing).await.expect_err("the seat is not reached");
        assert!(why.contains("the code of `cart` does not come"), "{why}");
    }
    assert!(applying.without.is_empty(), "it is not asked for any more");
}

#[tokio::test]
async fn what_comes_from_elsewhere_takes_the_place_of_a_stray_and_not_of_what_is_newer() {
    let world = World::new();
    let [stray, old, new, newer] = [1, 2, 3, 4].map(|size| with_memory("shop", size << 20));
    let shop = || world.registry.get("shop").expect("it is here");
    let numbers = || shop().versions.iter().map(|version| version.version).collect::<Vec<_>>();
    world.deployer.deploy(stray).await.expect("it is deployed");
    assert_eq!(numbers(), [1]);
    let versions = [(3, old, 0), (4, new.clone(), 100)];
    let lineage = order(&[("shop", &versions, false)]).functions["shop"].lineage.clone();
    world.deployer.adopt("shop", lineage.clone()).await.expect("it comes");
    assert_eq!((numbers(), &shop().leading().spec), (vec![3, 4], &new), "by its owner's numbers");
    world.deployer.deploy(newer).await.expect("it is deployed");
    world.deployer.adopt("shop", lineage).await.expect("it comes");
    assert_eq!(numbers(), [3, 4, 5, 6], "what is newer stays");
    assert_eq!((shop().leading().version, &shop().leading().spec), (6, &new));
}
