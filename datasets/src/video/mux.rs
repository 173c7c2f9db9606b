//! The boxes of an MP4 file with one AV1 track of constant rate: description first, then the frames in one piece.

use mp4_atom::{
    Atom as _, Av01, Av1c, Codec, Dinf, Dref, Encode as _, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mvhd,
    Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual,
    Vmhd,
};

use crate::Checked;

/// Ticks per frame; a second has fps times as many, so that every time is exact.
const FRAME_TICKS: u32 = 1000;

/// An encoded frame, as the container wants it.
pub(super) struct Packet {
    /// Without the temporal delimiter.
    pub(super) data: Vec<u8>,
    /// Whether decoding can begin here.
    pub(super) key: bool,
}

/// What describes the stream as a whole.
pub(super) struct Stream {
    /// `[height, width]`.
    pub(super) size: [usize; 2],
    pub(super) fps: u32,
    pub(super) config: Av1c,
}

/// The bytes of the file.
pub(super) fn mux(stream: &Stream, packets: &[Packet]) -> Checked<Vec<u8>> {
    let frames_len: usize = packets.iter().map(|packet| packet.data.len()).sum();
    let mdat_len =
        u32::try_from(frames_len + 8).map_err(|_| format!("{frames_len} bytes of video in one file"))?;
    let mut file = Vec::with_capacity(frames_len + 4096 + 4 * packets.len());
    let brand = |name: &[u8; 4]| FourCC::new(name);
    let ftyp = Ftyp {
        major_brand: brand(b"isom"),
        minor_version: 512,
        compatible_brands: [b"isom", b"iso2", b"av01", b"mp41"].map(brand).to_vec(),
    };
    ftyp.encode(&mut file).map_err(|error| error.to_string())?;
    let before = file.len();
    // The description is as long with one offset as with another.
    moov(stream, packets, 0)?.encode(&mut file).map_err(|error| error.to_string())?;
    let offset = u32::try_from(file.len() + 8).map_err(|_| "a description of 4 GiB".to_owned())?;
    file.truncate(before);
    moov(stream, packets, offset)?.encode(&mut file).map_err(|error| error.to_string())?;
    file.extend_from_slice(&mdat_len.to_be_bytes());
    file.extend_from_slice(b"mdat");
    for packet in packets {
        file.extend_from_slice(&packet.data);
    }
    Ok(file)
}

fn moov(stream: &Stream, packets: &[Packet], offset: u32) -> Checked<Moov> {
    let timescale = stream
        .fps
        .checked_mul(FRAME_TICKS)
        .ok_or_else(|| format!("{} frames per second are more than MP4 can time", stream.fps))?;
    let [height, width] =
        stream.size.map(|side| u16::try_from(side).map_err(|_| format!("side of {side} pixels")));
    let (height, width) = (height?, width?);
    let duration = packets.len() as u64 * u64::from(FRAME_TICKS);
    let track = Trak {
        tkhd: Tkhd {
            track_id: 1,
            duration,
            enabled: true,
            in_movie: true,
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd { timescale, duration, language: "und".to_owned(), ..Mdhd::default() },
            hdlr: Hdlr { handler: FourCC::new(b"vide"), name: "video".to_owned() },
            minf: Minf {
                vmhd: Some(Vmhd::default()),
                dinf: Dinf { dref: Dref { entries: vec![Url::default().into()] } },
                stbl: table(stream, packets, [height, width], offset)?,
                ..Minf::default()
            },
        },
        ..Trak::default()
    };
    let mvhd = Mvhd { timescale, duration, next_track_id: 2, ..Mvhd::default() };
    Ok(Moov { mvhd, trak: vec![track], ..Moov::default() })
}

/// Where each frame lies and when it is shown.
fn table(stream: &Stream, packets: &[Packet], [height, width]: [u16; 2], offset: u32) -> Checked<Stbl> {
    let count = u32::try_from(packets.len()).map_err(|_| format!("{} frames in one file", packets.len()))?;
    let sizes: Result<Vec<u32>, _> = packets.iter().map(|packet| u32::try_from(packet.data.len())).collect();
    let sizes = sizes.map_err(|_| "a frame of 4 GiB".to_owned())?;
    let keys = (1..).zip(packets).filter_map(|(number, packet)| packet.key.then_some(number)).collect();
    let visual = Visual { data_reference_index: 1, width, height, ..Visual::default() };
    let entry = Av01 { visual, av1c: stream.config.clone(), ..Av01::default() };
    Ok(Stbl {
        stsd: Stsd { codecs: vec![Codec::Av01(entry)] },
        stts: Stts { entries: vec![SttsEntry { sample_count: count, sample_delta: FRAME_TICKS }] },
        stss: Some(Stss { entries: keys }),
        stsc: Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: count,
                sample_description_index: 1,
            }],
        },
        stsz: Stsz { samples: StszSamples::Different { sizes } },
        stco: Some(Stco { entries: vec![offset] }),
        ..Stbl::default()
    })
}

/// The track's own description of the stream: the encoder's, with the sequence header in it.
pub(super) fn config(record: &[u8], sequence_header: Vec<u8>) -> Checked<Av1c> {
    let config = Av1c::decode_body(&mut &*record).map_err(|error| error.to_string())?;
    Ok(Av1c { config_obus: sequence_header, ..config })
}
