//! Losses, and the update that follows them.

use std::{cell::RefCell, rc::Rc};

use dreamlane::nn::kernels::{
    AdamW, Moved, Moving, ReconstructionTerms, reconstruction_loss, squared_norm, weighted_squared_error,
};

use super::{
    Sizes,
    source::{Case, Run, Source},
};

/// Numbers in a latent token.
const TOKEN: usize = 32;

pub(super) fn cases(sizes: Sizes) -> Vec<Case> {
    vec![of_latents(sizes), of_pictures(sizes), norm(sizes), update(sizes)]
}

fn of_latents(sizes: Sizes) -> Case {
    let dims = [sizes.clips, sizes.time, sizes.tokens, TOKEN];
    let make = move |source: &Source| {
        let (predicted, latents) = (source.weights(dims), source.constants(dims));
        let weights =
            (0..sizes.clips * sizes.time).map(|frame| 0.3 + (frame % 7) as f32 / 10.0).collect::<Vec<_>>();
        source.run(move || weighted_squared_error(predicted.clone(), latents.clone(), &weights, 3.0))
    };
    Case {
        name: "loss of latents",
        flop: 0.0,
        inputs: 2 * dims.iter().product::<usize>(),
        outputs: 1,
        learns: true,
        make: Rc::new(make),
    }
}

fn of_pictures(sizes: Sizes) -> Case {
    let dims = [sizes.pictures, 3, sizes.side, sizes.side];
    let make = move |source: &Source| {
        let (drawn, pictures) = (source.weights(dims), source.constants(dims));
        let terms = ReconstructionTerms { square: 0.0, gradient: 1.0, energy: 1.5 };
        source.run(move || reconstruction_loss(drawn.clone(), pictures.clone(), terms))
    };
    Case {
        name: "loss of pictures",
        flop: 0.0,
        inputs: 2 * dims.iter().product::<usize>(),
        outputs: 1,
        learns: true,
        make: Rc::new(make),
    }
}

fn norm(sizes: Sizes) -> Case {
    let make = move |source: &Source| {
        let gradients = source.numbers([sizes.weights]);
        let run: Run = Box::new(move || {
            std::hint::black_box(squared_norm(gradients.clone()));
        });
        run
    };
    Case {
        name: "norm of gradients",
        flop: 0.0,
        inputs: sizes.weights,
        outputs: 1,
        learns: false,
        make: Rc::new(make),
    }
}

fn update(sizes: Sizes) -> Case {
    let make = move |source: &Source| {
        let [weights, first, average, gradients] = std::array::from_fn(|_| source.numbers([sizes.weights]));
        let moments = [first.clone(), first.square()];
        // Moved and put back, since weights that nobody else holds are changed in place.
        let state = RefCell::new(Some((1, Moved { weights, moments, average })));
        let rule = AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.02 };
        let run: Run = Box::new(move || {
            let taken = state.borrow_mut().take();
            let moved = taken.map(|(time, before)| {
                let moving = Moving { time, rate: 1e-4, gradient_scale: 1.0, average_decay: 0.995 };
                (time + 1, rule.update(moving, before, gradients.clone()))
            });
            *state.borrow_mut() = moved;
        });
        run
    };
    Case {
        name: "AdamW and average",
        flop: 0.0,
        inputs: 5 * sizes.weights,
        outputs: 4 * sizes.weights,
        learns: false,
        make: Rc::new(make),
    }
}
