//! The page of a report: whole, self-contained, escaped, the same bytes every time; and drift, which stands in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod markup;
mod toys;

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Seed, WorldModel};
use dreamlane_evaluation::{
    Bounds, Case, Command, Curve, DriftReport, DriftSettings, Fact, Judged, Page, Settings, Strip,
    WorldReport, clips, dream_rows, drift, evaluate_world, film_strip, gates, html_page,
};
use toys::{Knows, SIDE, STATE, cases, toy};

const CAR: [&str; 2] = ["steering", "throttle"];
const NASTY: &str = "<script>alert('&\"')</script>";

fn settings() -> Settings {
    Settings {
        horizons: vec![1, 5, 10, 20],
        dreams: 2,
        response_steps: 30,
        response_cases: 8,
        state: STATE.map(str::to_owned).into(),
        bounds: Bounds::usual(),
        seed: Seed::new(3),
        device: Device::flex(),
    }
}

fn drift_of(knows: Knows, cases: &[Case], steps: &[usize]) -> DriftReport {
    let settings =
        DriftSettings { steps: steps.into(), dreams: 32, seed: Seed::new(4), device: Device::flex() };
    let opponents: [(&str, Arc<dyn WorldModel>); 1] = [("mean", toy(Knows::Mean, CAR))];
    drift(&toy(knows, CAR), &opponents, cases, &settings, None, &mut |_| ()).expect("it can be measured")
}

fn report(cases: &[Case]) -> WorldReport {
    let opponents: [(&str, Arc<dyn WorldModel>); 2] =
        [("still", toy(Knows::Still, CAR)), ("mean", toy(Knows::Mean, CAR))];
    let world = toy(Knows::Everything, CAR);
    let mut report = evaluate_world(&world, &opponents, cases, &settings(), &mut |_| ()).unwrap();
    report.drift = Some(drift_of(Knows::Everything, cases, &[20, 50]));
    report.notes.push("a note".to_owned());
    report
}

/// The page of a toy world, with a nasty text wherever one can stand.
fn page(report: &WorldReport, cases: &[Case]) -> String {
    let world = toy(Knows::Everything, CAR);
    let mut shown = cases[..2].to_vec();
    shown[0].context.source = NASTY.to_owned();
    let rows = dream_rows(&world, &shown, &(1..=20).collect::<Vec<_>>(), &settings()).unwrap();
    let png = film_strip(&rows[..1], SIDE, SIDE, 1).unwrap();
    let nasty = || NASTY.to_owned();
    html_page(&Page {
        report,
        judged_on: NASTY,
        gates: &gates(report, Judged::Tails),
        strips: &[Strip { about: nasty(), steps: vec![0, 1, 2], png }],
        clips: &clips(world.spec(), &shown, &rows, 1 << 20).unwrap(),
        training: &[Curve { kind: nasty(), name: "loss".into(), points: vec![(1.0, 2.0), (2.0, f64::NAN)] }],
        commands: &[Command { about: nasty(), line: nasty() }],
        facts: &[Fact { name: nasty(), value: nasty() }],
    })
}

#[test]
fn the_page_is_whole_and_needs_nothing_from_elsewhere() {
    let cases = cases(7, 30);
    let text = page(&report(&cases), &cases);
    let page = markup::read(&text).expect("balanced tags");
    for tag in &page {
        for name in ["src", "href", "poster", "data", "action", "srcset"] {
            let Some(address) = tag.attribute(name) else { continue };
            let inside = address.starts_with("data:image/png;base64,") || address.starts_with('#');
            assert!(inside, "{} {name}={address}", tag.name);
        }
        assert!(!["link", "iframe", "object", "embed", "base"].contains(&tag.name.as_str()), "{}", tag.name);
        assert!(tag.name != "img" || tag.attribute("alt").is_some(), "a picture without words");
    }
    for word in ["http://", "https://", "//cdn", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        assert!(!text.contains(word), "{word}");
    }
    let links = page.iter().filter_map(|tag| tag.attribute("href")?.strip_prefix('#').map(str::to_owned));
    for link in links {
        assert!(page.iter().any(|tag| tag.attribute("id") == Some(&link)), "nothing is called {link}");
    }
    assert_eq!(page.iter().filter(|tag| tag.name == "canvas").count(), 6);
}

#[test]
fn texts_of_others_are_shown_and_not_obeyed() {
    let cases = cases(7, 30);
    let text = page(&report(&cases), &cases);
    assert!(!text.contains("<script>alert"), "a text became markup");
    assert!(text.contains("&lt;script&gt;alert"), "the text is not shown");
    let scripts = markup::read(&text).unwrap().into_iter().filter(|tag| tag.name == "script").count();
    assert_eq!(scripts, 1);
}

#[test]
fn every_part_of_the_report_stands_in_the_page() {
    let cases = cases(7, 30);
    let report = report(&cases);
    let text = page(&report, &cases);
    for section in [
        "promises",
        "clips",
        "strips",
        "fidelity",
        "gap",
        "steering",
        "sharpness",
        "drift",
        "ladder",
        "training",
        "made",
    ] {
        assert!(text.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
    // Three figures, as the page rounds.
    let shown = |value: f64| match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    let control = report.control.as_ref().unwrap();
    let drift = report.drift.as_ref().unwrap();
    let mut figures: Vec<String> = Vec::new();
    for score in &report.judged.horizons {
        figures.push(shown(score.one_all.unwrap().psnr_db));
    }
    figures.extend(control.gaps.iter().filter_map(|gap| Some(shown(gap.gap_db?.value))));
    figures.extend(drift.judged.steps.iter().map(|score| score.step.to_string()));
    figures.extend(gates(&report, Judged::Tails).into_iter().map(|gate| gate.found));
    figures.extend(["keeps all".to_owned(), "a note".to_owned(), report.resampling.clone()]);
    for figure in figures {
        assert!(text.contains(&figure), "{figure}");
    }
}

#[test]
fn equal_reports_give_equal_pages() {
    let cases = cases(7, 30);
    assert!(page(&report(&cases), &cases) == page(&report(&cases), &cases));
}

#[test]
fn clips_are_cut_until_they_fit() {
    let (cases, world) = (cases(2, 30), toy(Knows::Everything, CAR));
    let rows = dream_rows(&world, &cases[..2], &(1..=30).collect::<Vec<_>>(), &settings()).unwrap();
    let whole = clips(world.spec(), &cases[..2], &rows, usize::MAX).unwrap();
    assert_eq!((whole[0].frames, whole[0].actions.len()), (31, 30));
    let bytes = whole.iter().map(|clip| clip.sheet.len()).sum::<usize>();
    let cut = clips(world.spec(), &cases[..2], &rows, bytes / 2).unwrap();
    assert!(cut[0].frames < 31 && cut[0].frames > 2);
    assert!(cut.iter().map(|clip| clip.sheet.len()).sum::<usize>() <= bytes / 2);
}

#[test]
fn a_world_that_knows_the_motion_drifts_no_further_than_recorded_frames() {
    let cases = cases(12, 30);
    let found = drift_of(Knows::Everything, &cases, &[20, 30]);
    assert_eq!((found.frames, found.recorded_steps), (128, 30));
    for score in &found.judged.steps {
        assert!(score.distance.value < 2.0 * found.floor.value, "{found:?}");
        assert!(found.opponents[0].steps[0].distance.value > 5.0 * score.distance.value, "{found:?}");
        assert!(score.distance.low <= score.distance.value && score.distance.value <= score.distance.high);
    }
}

#[test]
fn drift_looks_beyond_the_recorded_stretch() {
    let found = drift_of(Knows::Everything, &cases(12, 30), &[20, 100]);
    assert_eq!(found.judged.steps[1].step, 100);
    assert!(found.judged.steps[1].distance.value.is_finite());
}

#[test]
fn drift_needs_frames_and_steps_and_says_so() {
    let measured = |cases: &[Case], steps: &[usize]| {
        let settings =
            DriftSettings { steps: steps.into(), dreams: 8, seed: Seed::new(4), device: Device::flex() };
        drift(&toy(Knows::Still, CAR), &[], cases, &settings, None, &mut |_| ()).map(|_| ())
    };
    for (cases, steps) in [(cases(2, 30), &[5, 20][..]), (cases(2, 30), &[20, 20]), (cases(2, 6), &[20])] {
        let error = measured(&cases, steps).unwrap_err().to_string();
        assert!(error.contains("drift") && error.contains("found"), "{error}");
    }
    let one = &cases(1, 30)[..1];
    assert!(measured(one, &[20]).unwrap_err().to_string().contains("halves"));
}
