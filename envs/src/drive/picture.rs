//! The picture of a scene: ground first, then everything that stands on it from far to near.

use super::{
    body, camera::Camera, colour::Colour, ground, layer::Layer, roadside, scene::Scene, traffic::Car,
};

/// Cars further away than this are less than a pixel wide.
const RANGE_M: f64 = 190.0;

/// What one thread needs to draw; kept between pictures.
#[derive(Debug)]
pub(super) struct Easel {
    side: usize,
    layer: Layer,
    pixels: Vec<Colour>,
}

enum Thing<'a> {
    Car(f64, &'a Car),
    Roadside(roadside::Item),
}

impl Easel {
    /// An easel for pictures of this side.
    #[must_use]
    pub(super) fn new(side: usize) -> Self {
        Self { side, layer: Layer::new(side), pixels: vec![[0.0; 3]; side * side] }
    }

    /// Draws what the ego sees into RGB bytes `[channel, height, width]`.
    pub(super) fn draw(&mut self, scene: &Scene, picture: &mut [u8]) {
        let camera = Camera::of(&scene.ego, self.side);
        ground::paint(&camera, scene.road, scene.scenery, &mut self.pixels);
        for (_, thing) in things(&camera, scene) {
            match thing {
                Thing::Car(y_m, car) => body::draw(&camera, &mut self.layer, y_m, car),
                Thing::Roadside(item) => roadside::draw(&camera, &mut self.layer, &item),
            }
        }
        self.layer.settle(&mut self.pixels);
        let area = self.side * self.side;
        for (channel, plane) in picture.chunks_exact_mut(area).enumerate() {
            for (byte, pixel) in plane.iter_mut().zip(&self.pixels) {
                *byte = (pixel[channel] + 0.5) as u8;
            }
        }
    }
}

/// All that stands on the ground with its depth, the furthest first.
fn things<'a>(camera: &Camera, scene: &'a Scene) -> Vec<(f64, Thing<'a>)> {
    let cars = scene.traffic.cars(scene.road).filter_map(|(y_m, car)| {
        let depth_m = camera.view([car.x_m, y_m, 0.0])[2];
        (-6.0..RANGE_M).contains(&depth_m).then_some((depth_m, Thing::Car(y_m, car)))
    });
    let roadside = roadside::items(camera, scene.road, scene.scenery)
        .map(|(depth_m, item)| (depth_m, Thing::Roadside(item)));
    let mut things: Vec<_> = cars.chain(roadside).collect();
    things.sort_by(|a, b| b.0.total_cmp(&a.0));
    things
}
