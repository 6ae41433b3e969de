//! What templates may call, on a page of one's own.

use minijinja::context;

use super::*;
use crate::render::table::Absent;

fn env() -> Environment<'static> {
    let texts = "hilsen = \"Til {navn}\"\nleger.one = \"{n} lege\"\nleger.other = \"{n} leger\"";
    let assets = BTreeMap::from([("style.css".to_owned(), "style-0123456789.css".to_owned())]);
    let pages = [("nasjonalt/index.html", false), ("fylke.html", true), ("borte.html", false)]
        .map(|(path, repeats)| ((Tree::Offentlig, path.to_owned()), repeats));
    let own = ((Tree::Fylke, "fylke.html".to_owned()), true);
    let pages: Targets = pages.into_iter().chain([own]).collect();
    environment(&Arc::new(Texts::parse(texts).unwrap()), assets, pages).unwrap()
}

fn position(tree: Tree, path: &str, mappe: Option<&str>) -> Value {
    let page = Page {
        product: "p".into(),
        template: "a.html".into(),
        tree,
        path: path.into(),
        mappe: mappe.map(str::to_owned),
        tables: vec!["t".into(), "u".into()],
        complete: None,
    };
    let thresholds = BTreeMap::from([("min_leger".to_owned(), "10".to_owned())]);
    let withheld = BTreeSet::from(["u".into(), "borte.html".into()]);
    let coming = BTreeMap::from([("u".to_owned(), jiff::civil::date(2026, 12, 1))]);
    let cubes = BTreeMap::from([("too_koder".to_owned(), "data/kpr/too_koder.csv".to_owned())]);
    let (made, revisions, variables) = Default::default();
    let legal_bases = BTreeMap::from([("p".to_owned(), "§ 1".to_owned())]);
    let contacts = BTreeMap::from([("p".to_owned(), "a@b.no".to_owned())]);
    Value::from_object(Position {
        page,
        withheld,
        coming,
        made,
        revisions,
        thresholds,
        legal_bases,
        contacts,
        cubes,
        variables,
    })
}

fn show(source: &str) -> Result<String, Error> {
    let page = position(Tree::Offentlig, "a/index.html", None);
    env().render_str(
        source,
        context! { page, x => "<b>&", absent => Value::from_object(Absent { reason: None, hidden: false }) },
    )
}

#[test]
fn what_no_reader_should_see_is_an_error() {
    for source in ["{{ none }}", "{{ true }}", "{{ 0.5 }}", "{{ absent }}", "{{ y }}", "{{ [1] }}", "{{ x.y }}"] {
        assert!(show(source).is_err(), "{source}");
    }
    assert_eq!(show("{{ 3 }}").unwrap(), "3");
}

#[test]
fn markup_is_escaped_in_pages_and_in_charts() {
    let mut env = env();
    for name in ["a.html", "charts/a.svg.xml"] {
        env.add_template(name, "{{ x }}{{ text('hilsen', navn=x) }}").unwrap();
        let shown = env.get_template(name).unwrap().render(context! { x => "<b>&" }).unwrap();
        assert_eq!(shown, "&lt;b&gt;&amp;Til &lt;b&gt;&amp;", "{name}");
    }
}

#[test]
fn texts_fail_on_unknown_keys_and_slots_and_know_plurals() {
    assert_eq!(show("{{ text_n('leger', 1) }}, {{ text_n('leger', 1200) }}").unwrap(), "1 lege, 1\u{202f}200 leger");
    for source in [
        "{{ text('nei') }}",
        "{{ text('hilsen') }}",
        "{{ text('hilsen', navn='a', n='b') }}",
        "{{ text('hilsen', navn=0.5) }}",
    ] {
        assert!(show(source).is_err(), "{source}");
    }
}

#[test]
fn links_are_relative_and_stay_in_their_tree() {
    assert_eq!(show("{{ asset('style.css') }}").unwrap(), "../assets/style-0123456789.css");
    assert_eq!(show("{{ link('nasjonalt/index.html') }}").unwrap(), "../nasjonalt/index.html");
    assert_eq!(show("{{ data('t') }}").unwrap(), "../data/t.csv");
    for source in ["{{ asset('x.css') }}", "{{ link('lege/index.html') }}", "{{ data('v') }}", "{{ published('v') }}"] {
        assert!(show(source).is_err(), "{source}");
    }
    assert_eq!(show("{{ link('fylke.html', key='03') }}").unwrap(), "../03/fylke.html");
    for source in ["link('fylke.html')", "link('fylke.html', key='../x')", "link('nasjonalt/index.html', key='03')"] {
        assert!(show(&format!("{{{{ {source} }}}}")).is_err(), "{source}");
    }
    let other = context! { page => position(Tree::Fylke, "fylke.html", Some("fylkesnr")) };
    assert!(env().render_str("{{ link('fylke.html', key='03') }}", other).is_err());
    let own = context! { page => position(Tree::Lege, "index.html", Some("rekvirent_hpr")) };
    let shown = env().render_str("{{ data('t') }} {{ asset('style.css') }}", own).unwrap();
    assert_eq!(shown, "t.csv ../assets/style-0123456789.css");
}

#[test]
fn charts_take_rows_and_say_what_is_absent() {
    let row = |name: &str, period: &str, days: Value| {
        Value::from_pairs([("navn", Value::from(name)), ("p", Value::from(period)), ("dager", days)])
    };
    let hidden = || Value::from_object(Absent { reason: None, hidden: true });
    let texts = "verdi.skjult = \"skjult\"\nperiode.tertial_kort = \"T{nr}\"";
    let env = environment(&Arc::new(Texts::parse(texts).unwrap()), BTreeMap::new(), Targets::new()).unwrap();
    let show = |source: &str| {
        let rows = vec![row("Oslo", "2026-T1", Value::from(70)), row("Agder", "2026-T2", hidden())];
        let mixed = vec![row("Oslo", "2026-T1", Value::from(70)), row("Oslo", "2026", Value::from(70))];
        env.render_str(source, context! { rows, mixed })
    };
    let bars = "{% set c = bar_chart(rows, {'name': 'navn', 'value': 'dager'}, unit='uker', size='wide', goal=56, \
                goal_label='m') %}{% for b in c.bars %}{{ b.name }}: {{ b.value }}. {% endfor %}{{ c.goal.label }}";
    assert_eq!(show(bars).unwrap(), "Oslo: 10. Agder: skjult. m");
    let series = |rows: &str| {
        format!(
            "{{% set c = series_chart([{{'class': 'own', 'name': 'x', 'rows': {rows}, 'x': 'p', 'y': 'dager'}}], \
             unit='uker', size='wide') %}}{{% for t in c.x_ticks %}}{{{{ t.label }}}} {{% endfor %}}"
        )
    };
    assert_eq!(show(&series("rows")).unwrap(), "T1 T2 ");
    assert!(show(&series("mixed")).is_err());
}

#[test]
fn pages_know_what_is_withheld_and_which_thresholds_hold() {
    assert_eq!(show("{% if published('t') %}t{% endif %}{% if published('u') %}u{% endif %}").unwrap(), "t");
    let pages = "{% if published('nasjonalt/index.html') %}n{% endif %}{% if published('borte.html') %}b{% endif %}";
    assert_eq!(show(pages).unwrap(), "n");
    assert_eq!(show("{{ coming('t') }}{{ coming('u') }}").unwrap(), "2026-12-01");
    assert_eq!(
        show("{{ threshold('min_leger') }}{% if below_threshold(9, 'min_leger') %}!{% endif %}").unwrap(),
        "10!"
    );
    assert_eq!(show("{% if below_threshold(10, 'min_leger') %}!{% endif %}").unwrap(), "");
    assert!(show("{{ threshold('x') }}").is_err());
}
