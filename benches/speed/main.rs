//! How fast this machine learns and dreams, beside what its arithmetic and its memory allow.
//!
//! `cargo xtask bench` holds training and stepping against PyTorch; `cargo bench --bench speed -- kernels` and the like
//! run one part alone. Without a part, every one of them is played at the smallest sizes, as a test.

#![expect(clippy::print_stdout, reason = "what was measured goes to standard output")]

#[path = "../../src/allocator.rs"]
mod allocator;
mod ceiling;
mod dump;
mod kernels;
mod made;
mod report;
mod stepping;
mod subject;
mod training;
mod work;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use dreamlane::{nn::kernels::use_plain_operations, worlds::Precision};

use self::{
    report::{Effort, Report},
    subject::Subject,
};

/// Measures kernels, training steps and steps of dreams.
#[derive(Parser)]
struct Arguments {
    /// Print one JSON object as the last line instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// The least work that shows that all of it runs; says nothing of speed.
    #[arg(long, global = true)]
    smoke: bool,
    /// What `cargo bench` says; means nothing.
    #[arg(long, global = true, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// The most arithmetic and memory traffic that all threads together get done.
    Ceiling,
    /// Each fused operation against the plain one, in turns.
    Kernels {
        /// Only those whose name holds this.
        #[arg(long, default_value = "")]
        filter: String,
        /// Time spent on each.
        #[arg(long, default_value_t = 1.0)]
        seconds: f64,
    },
    /// One step of learning, of each stage.
    Training {
        #[command(flatten)]
        subject: Subject,
        /// Time spent on each stage.
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
        /// Plain operations instead of fused ones.
        #[arg(long)]
        plain: bool,
    },
    /// One step of all lanes of a dream, decoded, at constant actions.
    Stepping {
        #[command(flatten)]
        subject: Subject,
        /// Numbers of lanes, one after the other.
        #[arg(long, value_delimiter = ',', default_values_t = [64, 1])]
        lanes: Vec<usize>,
        /// Time spent on each number of lanes.
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
        /// Plain operations instead of fused ones.
        #[arg(long)]
        plain: bool,
        /// Products in bf16, where the processor multiplies those.
        #[arg(long, conflicts_with = "plain")]
        bf16: bool,
    },
    /// What a checkpoint computes of made-up clips, for `benches/pytorch/parity.py`.
    Dump {
        #[command(flatten)]
        subject: Subject,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    allocator::keep_pages();
    let Some(part) = arguments.part else { return smoke() };
    let Some(report) = part.run(arguments.smoke)? else { return Ok(()) };
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", report.table());
    }
    Ok(())
}

impl Part {
    /// What was measured; none where nothing was.
    fn run(self, smoke: bool) -> anyhow::Result<Option<Report>> {
        let device = dreamlane::device::choose("")?;
        let effort = |seconds| Effort { seconds, smoke };
        let measurements = match self {
            Self::Ceiling => Vec::new(),
            Self::Kernels { filter, seconds } => kernels::measure(&filter, effort(seconds), &device),
            Self::Training { subject, seconds, plain } => {
                use_plain_operations(plain);
                training::measure(&subject, effort(seconds), &device)?
            }
            Self::Stepping { subject, lanes, seconds, plain, bf16 } => {
                use_plain_operations(plain);
                let precision = if bf16 { Precision::Bf16 } else { Precision::F32 };
                let world = subject.world(&device)?.with_precision(precision)?;
                stepping::measure(world, &lanes, effort(seconds), &device)?
            }
            Self::Dump { subject, out } => {
                dump::write(&subject, &out, &device)?;
                return Ok(None);
            }
        };
        Ok(Some(Report { measurements, ceiling: ceiling::measure(smoke) }))
    }
}

/// Every part, on an untrained world of the smallest size.
fn smoke() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let subject = || Subject { checkpoint: None, preset: Some("debug".into()), rewards: true };
    let seconds = 0.0;
    let parts = [
        Part::Ceiling,
        Part::Kernels { filter: String::new(), seconds },
        Part::Training { subject: subject(), seconds, plain: false },
        Part::Stepping { subject: subject(), lanes: vec![3, 1], seconds, plain: true, bf16: false },
        Part::Stepping { subject: subject(), lanes: vec![3, 1], seconds, plain: false, bf16: false },
        Part::Dump { subject: subject(), out: folder.path().join("dump.safetensors") },
    ];
    for part in parts {
        if let Some(report) = part.run(true)? {
            report.check()?;
            print!("{}", report.table());
        }
    }
    println!("the smallest sizes, which say nothing of speed: `speed --help` lists what can be measured");
    Ok(())
}
