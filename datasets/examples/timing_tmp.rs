//! Throwaway timing.
use std::{sync::Arc, time::Instant, path::Path};
use dreamlane_core::*;
use dreamlane_datasets::*;
fn main() {
    let dir = tempfile::tempdir().unwrap();
    let shared = Path::new("/work/shared/data/donkeycar");
    let t = Instant::now();
    let data = dir.path().join("d");
    let r = donkeycar::import(&[shared.join("long_runs.tar"), shared.join("evening_dim.tar")], &data, [64,64], &mut |_,_| ()).unwrap();
    println!("import {:?} {} eps {} frames {} skipped", t.elapsed(), r.episodes, r.frames, r.n_skipped);
    let t = Instant::now();
    let src = open_any(&data).unwrap();
    println!("open {:?} lengths {:?}", t.elapsed(), src.lengths());
    let t = Instant::now();
    let cache = FrameCache::open_or_build(src.as_ref(), &dir.path().join("c"), &mut |_,_| ()).unwrap();
    println!("cache {:?}", t.elapsed());
    let t = Instant::now();
    let _ = FrameCache::open_or_build(src.as_ref(), &dir.path().join("c"), &mut |_,_| ()).unwrap();
    println!("reopen {:?}", t.elapsed());
    let cache = Arc::new(cache);
    for (n, a) in [("plain", Augmentation::none()), ("full", Augmentation{mirror:Mirror::Half, light:0.6, shift_px:2})] {
        let s = WindowSampler::new(cache.clone(), Split::Train, SplitRule::WithinRuns, a).unwrap();
        let t = Instant::now();
        for i in 0..100 { std::hint::black_box(s.sample(BatchShape{batch:16,time:24}, Seed::new(i))); }
        println!("{n} sample {:?}", t.elapsed()/100);
    }
    let ep = src.read(0).unwrap();
    let mut sink = format_named("lerobot").unwrap().create(&dir.path().join("w"), src.spec()).unwrap();
    let eps: Vec<Episode> = (0..256).map(|i| Episode{id:i, task:"t".into(), steps: ep.steps[(i as usize*3)..(i as usize*3+100)].to_vec(), terminated:false, truncated:Some(Truncation::Horizon)}).collect();
    let t = Instant::now();
    for e in &eps { sink.write(e).unwrap(); }
    println!("256x100 write {:?}", t.elapsed());
    sink.finish().unwrap();
    let t = Instant::now();
    let s2 = open_any(&dir.path().join("w")).unwrap();
    println!("open256 {:?}", t.elapsed());
    let t = Instant::now();
    for i in 0..256 { assert_eq!(s2.read(i).unwrap(), eps[i]); }
    println!("read256 {:?}", t.elapsed());
    let size = |p: &str| std::process::Command::new("du").arg("-sh").arg(dir.path().join(p)).status();
    let _ = size("d"); let _ = size("w"); let _=size("w/meta");
}
