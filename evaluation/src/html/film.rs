//! Film strips, and clips with their player.

use maud::{Markup, html};

use super::{Strip, figures::reading};
use crate::{Clip, clip::data_address};

/// Speeds that the player offers.
const SPEEDS: [(&str, &str); 4] =
    [("0.25", "quarter speed"), ("0.5", "half speed"), ("1", "real speed"), ("2", "double speed")];

/// Strips, one per case.
pub(super) fn strips(strips: &[Strip]) -> Markup {
    html! {
        (reading(
            "Time runs from left to right; the recording is above, one dream below. The first column is the last frame \
             that the dream was shown."
        ))
        @for strip in strips {
            @let steps = strip.steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            @let about = format!("From {}: steps {steps}", strip.about);
            figure class="strip" {
                div class="scroll" tabindex="0" role="region" aria-label=(about) {
                    img src=(data_address(&strip.png)) alt={ "Film strip, recorded frames above dreamed ones. " (about) };
                }
                figcaption { (about) }
            }
        }
    }
}

/// Players, one per clip.
pub(super) fn clips(clips: &[Clip]) -> Markup {
    html! {
        (reading(
            "Both sides run in step, under the recorded actions: what the camera recorded, what was dreamed from the frames \
             before, and where they differ (black: nowhere; red, then yellow: most). With a clip in focus, the left and \
             right arrow keys move by a frame."
        ))
        noscript { p { "The player needs JavaScript. The film strips show the same without it." } }
        div class="grid" { @for clip in clips { (player(clip)) } }
    }
}

fn player(clip: &Clip) -> Markup {
    let actions = serde_json::to_string(&clip.actions).unwrap_or_default();
    let screens = ["recorded", "dreamed", "difference"];
    html! {
        figure class="clip" data-frames=(clip.frames) data-columns=(clip.columns) data-width=(clip.width)
            data-height=(clip.height) data-rate=(clip.rate) data-actions=(actions) {
            figcaption { "From " (clip.about) }
            img hidden alt="" src=(data_address(&clip.sheet));
            div class="screens" {
                @for (idx, name) in screens.iter().enumerate() {
                    div {
                        @if idx == 0 {
                            canvas width=(clip.width) height=(clip.height) role="img" tabindex="0"
                                aria-label={ (name) ", " (clip.about) "; arrow keys move by a frame" } {}
                        } @else {
                            canvas width=(clip.width) height=(clip.height) role="img"
                                aria-label={ (name) ", " (clip.about) } {}
                        }
                        (name)
                    }
                }
            }
            div class="controls" {
                input type="range" min="0" max=(clip.frames.saturating_sub(1)) value="0" step="1"
                    aria-label={ "frame of the clip from " (clip.about) };
                button type="button" { "Play" }
                label {
                    span class="soft" { "Speed " }
                    select {
                        @for (value, name) in SPEEDS { option value=(value) selected[value == "1"] { (name) } }
                    }
                }
                span class="now" {}
            }
            @for (name, [low, high]) in &clip.ranges {
                div class="action" data-low=(low) data-high=(high) {
                    span { (name) }
                    div class="bar" aria-hidden="true" { i {} }
                    output aria-live="off" {}
                }
            }
        }
    }
}
