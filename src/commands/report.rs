//! Gathers what the page of an evaluation shows: film, training log, commands, names and hashes.

use std::{path::Path, sync::Arc};

use dreamlane::{
    core::{Origin, Provenance, Result, WorldModel},
    datasets::{FrameCache, open_any},
    evaluation::{
        Case, Command, Fact, Gate, Page, Settings, Strip, StripRow, WorldReport, clips, dream_rows,
        film_strip, html_page,
    },
};

use super::{choices::Part, command_line, evaluate::EvaluateWorld, provenance, sources, training_log};

/// Cases that are shown, as clips and as strips.
const SHOWN: usize = 3;
/// Longest clip, in steps: 5 seconds at 20 steps a second.
const LONGEST: usize = 100;
/// Steps of a strip: few enough for a phone.
const STEPS: [usize; 8] = [0, 1, 3, 5, 10, 15, 20, 40];
/// Most bytes of all clips, which take a third more as text; with the strips the page stays below 3 MB.
const CLIP_BYTES: usize = 1_700_000;

/// What was judged and what came of it.
pub(super) struct Judged<'a> {
    pub(super) asked: &'a EvaluateWorld,
    pub(super) world: &'a Arc<dyn WorldModel>,
    /// Fingerprint of the world.
    pub(super) hash: &'a str,
    pub(super) data: &'a Path,
    pub(super) cache: &'a FrameCache,
    pub(super) report: &'a WorldReport,
    pub(super) gates: &'a [Gate],
    /// Recorded stretches for the film, as long as there are.
    pub(super) cases: &'a [Case],
    pub(super) settings: &'a Settings,
}

/// The page, as the text of an HTML file. `before` are the commands that led here, where the caller knows them.
pub(super) fn page(judged: &Judged<'_>, before: &[Command]) -> Result<String> {
    let cases = super::evaluate::spread(judged.cases.to_vec(), SHOWN);
    let frame = judged.world.spec().cameras[0].frame_len();
    let recorded = cases.first().map_or(0, |case| case.truth.len() / frame.max(1));
    let steps: Vec<usize> = (1..=recorded.min(LONGEST)).collect();
    let rows = dream_rows(judged.world, &cases, &steps, judged.settings)?;
    let training = training_log::curves(&judged.asked.run)?;
    let page = Page {
        report: judged.report,
        judged_on: &judged_on(judged),
        gates: judged.gates,
        strips: &strips(judged, &cases, &rows)?,
        clips: &clips(judged.world.spec(), &cases, &rows, CLIP_BYTES)?,
        training: &training,
        commands: &commands(judged, before),
        facts: &facts(judged)?,
    };
    Ok(html_page(&page))
}

fn judged_on(judged: &Judged<'_>) -> String {
    let name = provenance::folder_name(judged.data);
    match judged.asked.split {
        Part::All => format!("all of {name}"),
        part => format!("the {} part of {name}", format!("{part:?}").to_lowercase()),
    }
}

fn strips(judged: &Judged<'_>, cases: &[Case], rows: &[StripRow]) -> Result<Vec<Strip>> {
    let camera = &judged.world.spec().cameras[0];
    let strip = |(case, row): (&Case, &StripRow)| {
        let steps: Vec<usize> = STEPS.into_iter().filter(|&step| step < row.recorded.len()).collect();
        let at = |frames: &[Vec<u8>]| steps.iter().map(|&step| frames[step].clone()).collect();
        let shown = StripRow { recorded: at(&row.recorded), dreamed: at(&row.dreamed) };
        let png = film_strip(&[shown], camera.height, camera.width, 1)?;
        Ok(Strip { about: case.context.source.clone(), steps, png })
    };
    cases.iter().zip(rows).map(strip).collect()
}

/// Those that led here, or else the one that trained the world; then this one.
fn commands(judged: &Judged<'_>, before: &[Command]) -> Vec<Command> {
    let mut commands = before.to_vec();
    if commands.is_empty()
        && let Some(record) = sources::run_record(&judged.asked.run)
    {
        let line = command_line::trained(&judged.asked.run, &record);
        commands.push(Command { about: "The world was trained by".into(), line });
    }
    let line = command_line::evaluate(judged.asked, judged.data);
    commands.push(Command { about: "It was judged, and this page written, by".into(), line });
    commands
}

fn facts(judged: &Judged<'_>) -> Result<Vec<Fact>> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let data = provenance::contexts(judged.data, judged.cache, judged.asked.split.into());
    let mut facts = vec![
        fact("world", judged.asked.precision.of(&judged.world.spec().world)),
        fact("world, fingerprint", judged.hash.to_owned()),
        fact("judged on", format!("{}, part: {}", data.data, data.split)),
        fact("data, fingerprint", data.hash),
        fact("seed of the judgement", judged.asked.seed.to_string()),
        fact("code", dreamlane::code()),
    ];
    match open_any(judged.data)?.provenance() {
        Some(provenance) => facts.extend(origins(provenance)),
        None => facts.push(fact("data, provenance", "it does not say".to_owned())),
    }
    Ok(facts)
}

/// What the data says of itself.
fn origins(provenance: &Provenance) -> Vec<Fact> {
    let named = |origin: &Origin| format!("{} ({})", origin.name, origin.hash);
    let fields = [
        ("data, source", Some(format!("{:?}", provenance.source).to_lowercase())),
        ("data, env", Some(provenance.env.clone())),
        ("data, policy", provenance.policy.as_ref().map(named)),
        ("data, world", provenance.world.as_ref().map(named)),
        ("data, run seed", provenance.run_seed.map(|seed| seed.to_string())),
        ("data, written by", Some(provenance.code.clone())),
        ("data, licence", provenance.licence.clone()),
    ];
    let known = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| Fact { name: name.to_owned(), value }).collect()
}
