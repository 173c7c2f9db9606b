//! Where each frame of an MP4 file lies and when it is shown. The file is foreign: every size is checked before it is
//! believed.

use std::io::{Read, Seek, SeekFrom};

use mp4_atom::{Atom as _, Codec, Edts, FourCC, Moov, Stbl, StszSamples, Trak};

use crate::{Checked, picture::MAX_SIDE};

/// Most bytes of the description; 30 hours of video need a few million.
const MAX_MOOV: u64 = 16 << 20;
/// Most boxes beside one another at the top of a file.
const MAX_BOXES: usize = 4096;
/// Most frames of one file, 18 hours at 30 per second.
const MAX_SAMPLES: usize = 2_000_000;
/// Most bytes of one frame; a picture of the largest size that is read needs fewer even without compression.
const MAX_SAMPLE: u32 = (4 * MAX_SIDE * MAX_SIDE) as u32;

/// One encoded frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) offset: u64,
    pub(super) len: u32,
    /// Whether decoding can begin here.
    pub(super) key: bool,
    /// When it is shown.
    pub(super) time_s: f64,
}

/// The video track of a file.
#[derive(Debug)]
pub(super) struct Track {
    /// `[height, width]`.
    pub(super) size: [usize; 2],
    /// Units that describe the stream, to be decoded before any frame.
    pub(super) config: Vec<u8>,
    /// In the order in which they are stored and shown.
    pub(super) samples: Vec<Sample>,
}

/// Finds the one AV1 track.
pub(super) fn read(file: &mut (impl Read + Seek)) -> Checked<Track> {
    let file_len = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let mut body = &find_moov(file, file_len)?[..];
    let moov =
        Moov::decode_body(&mut body).map_err(|error| format!("unreadable MP4 description: {error}"))?;
    let is_video = |track: &&Trak| track.mdia.hdlr.handler == FourCC::new(b"vide");
    let track = moov.trak.iter().find(is_video).ok_or("no video track in it")?;
    let table = &track.mdia.minf.stbl;
    let codec = match &table.stsd.codecs[..] {
        [Codec::Av01(codec)] => codec,
        [other] => return Err(format!("expected video codec av1, found {}", codec_name(other))),
        others => return Err(format!("expected one description of the video, found {}", others.len())),
    };
    let size = [codec.visual.height, codec.visual.width].map(usize::from);
    if size.iter().any(|side| !(1..=MAX_SIDE).contains(side)) {
        let [height, width] = size;
        return Err(format!("expected pictures of at most {MAX_SIDE} pixels a side, found {height}x{width}"));
    }
    let times = times_s(track, u64::from(moov.mvhd.timescale))?;
    let samples = samples(table, &times, file_len)?;
    Ok(Track { size, config: codec.av1c.config_obus.clone(), samples })
}

/// The body of the description.
fn find_moov(file: &mut (impl Read + Seek), file_len: u64) -> Checked<Vec<u8>> {
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        if at == file_len {
            return Err("not a whole MP4 file: no description (`moov`) in it".to_owned());
        }
        let (kind, head_len, len) = box_head(file, at, file_len)?;
        match &kind {
            b"moov" => {
                let body_len = len - head_len;
                if body_len > MAX_MOOV {
                    return Err(format!(
                        "a description of {body_len} bytes, more than the {MAX_MOOV} that are read"
                    ));
                }
                let mut body = vec![0; body_len as usize];
                file.seek(SeekFrom::Start(at + head_len)).map_err(|error| error.to_string())?;
                file.read_exact(&mut body).map_err(|error| error.to_string())?;
                return Ok(body);
            }
            b"moof" => return Err("expected one MP4 description, found a file in fragments".to_owned()),
            _ => at += len,
        }
    }
    Err(format!("not an MP4 file: more than {MAX_BOXES} boxes"))
}

/// Kind, length of the head and length in all of the box at an offset.
fn box_head(file: &mut (impl Read + Seek), at: u64, file_len: u64) -> Checked<([u8; 4], u64, u64)> {
    let cut = |_| format!("not a whole MP4 file: cut off at byte {at} of {file_len}");
    file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
    let (mut short, mut kind, mut long) = ([0; 4], [0; 4], [0; 8]);
    file.read_exact(&mut short).map_err(cut)?;
    file.read_exact(&mut kind).map_err(cut)?;
    let (head_len, len) = match u32::from_be_bytes(short) {
        0 => (8, file_len - at),
        1 => {
            file.read_exact(&mut long).map_err(cut)?;
            (16, u64::from_be_bytes(long))
        }
        len => (8, u64::from(len)),
    };
    if len < head_len || at.checked_add(len).is_none_or(|end| end > file_len) {
        return Err(format!("not a whole MP4 file: a box of {len} bytes at byte {at} of {file_len}"));
    }
    Ok((kind, head_len, len))
}

/// What people call a codec.
fn codec_name(codec: &Codec) -> String {
    match codec {
        Codec::Avc1(_) | Codec::Avc3(_) => "h264".to_owned(),
        Codec::Hev1(_) | Codec::Hvc1(_) => "hevc".to_owned(),
        Codec::Vp08(_) => "vp8".to_owned(),
        Codec::Vp09(_) => "vp9".to_owned(),
        Codec::Jpeg(_) => "mjpeg".to_owned(),
        Codec::Unknown(kind, _) if *kind == FourCC::new(b"mp4v") => "mpeg4".to_owned(),
        Codec::Unknown(kind, _) => format!("`{kind}`"),
        _ => "another".to_owned(),
    }
}

/// When each frame is shown.
fn times_s(track: &Trak, movie_scale: u64) -> Checked<Vec<f64>> {
    let (table, scale) = (&track.mdia.minf.stbl, track.mdia.mdhd.timescale);
    if scale == 0 {
        return Err("a clock of 0 ticks per second".to_owned());
    }
    let mut ticks: Vec<i64> = Vec::new();
    let mut now = 0i64;
    for run in &table.stts.entries {
        if run.sample_count as usize > MAX_SAMPLES - ticks.len() {
            return Err(format!("more than {MAX_SAMPLES} frames in one file"));
        }
        for _ in 0..run.sample_count {
            ticks.push(now);
            // Both are far below what 64 bits hold.
            now += i64::from(run.sample_delta);
        }
    }
    let offsets = table.ctts.iter().flat_map(|table| &table.entries);
    let mut at = 0;
    for run in offsets {
        let end = (at + run.sample_count as usize).min(ticks.len());
        ticks[at..end].iter_mut().for_each(|tick| *tick += run.sample_offset);
        at = end;
    }
    if ticks.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("expected frames in the order in which they are shown".to_owned());
    }
    let shift = shift_s(track.edts.as_ref(), movie_scale.max(1) as f64, f64::from(scale))?;
    Ok(ticks.into_iter().map(|tick| tick as f64 / f64::from(scale) + shift).collect())
}

/// What an edit list adds to the times: pauses before the first frame, and what is cut off before it.
fn shift_s(edits: Option<&Edts>, movie_scale: f64, scale: f64) -> Checked<f64> {
    let entries = edits.and_then(|edits| edits.elst.as_ref()).map_or(&[][..], |list| &list.entries);
    let pauses = entries.iter().take_while(|entry| entry.media_time.is_none());
    let pause_s: f64 = pauses.clone().map(|entry| entry.segment_duration as f64 / movie_scale).sum();
    match entries[pauses.count()..] {
        [] => Ok(pause_s),
        [ref only] => Ok(pause_s - only.media_time.unwrap_or_default() as f64 / scale),
        ref more => Err(format!("expected one piece of video, found {} (an edited file)", more.len())),
    }
}

/// Joins the tables of sizes, places and key frames.
fn samples(table: &Stbl, times_s: &[f64], file_len: u64) -> Checked<Vec<Sample>> {
    let count = times_s.len();
    let size_of = |sample_idx: usize| match &table.stsz.samples {
        StszSamples::Identical { count, size } => (sample_idx < *count as usize).then_some(*size),
        StszSamples::Different { sizes } => sizes.get(sample_idx).copied(),
    };
    let mut chunks: Vec<u64> = Vec::new();
    match (&table.stco, &table.co64) {
        (Some(offsets), None) => chunks.extend(offsets.entries.iter().map(|&offset| u64::from(offset))),
        (None, Some(offsets)) => chunks.extend(&offsets.entries),
        _ => return Err("expected one table of offsets".to_owned()),
    }
    let mut samples = Vec::with_capacity(count);
    let mut layouts = table.stsc.entries.iter().peekable();
    let mut per_chunk = 0;
    for (number, mut offset) in (1u32..).zip(chunks) {
        while let Some(layout) = layouts.next_if(|layout| layout.first_chunk <= number) {
            per_chunk = layout.samples_per_chunk;
        }
        for _ in 0..per_chunk {
            let sample_idx = samples.len();
            if sample_idx == count {
                break;
            }
            let len =
                size_of(sample_idx).ok_or_else(|| format!("no size of frame {sample_idx} of {count}"))?;
            let end = offset.checked_add(u64::from(len)).filter(|&end| end <= file_len);
            let (1..=MAX_SAMPLE, Some(end)) = (len, end) else {
                return Err(format!("frame {sample_idx}: {len} bytes at byte {offset} of {file_len}"));
            };
            samples.push(Sample { offset, len, key: table.stss.is_none(), time_s: times_s[sample_idx] });
            offset = end;
        }
    }
    if samples.len() != count {
        return Err(format!("expected {count} frames, found places of {}", samples.len()));
    }
    for &number in table.stss.iter().flat_map(|keys| &keys.entries) {
        let key = (number as usize).checked_sub(1).and_then(|sample_idx| samples.get_mut(sample_idx));
        key.ok_or_else(|| format!("key frame {number} of {count} frames"))?.key = true;
    }
    Ok(samples)
}
