package io.tatara.models.optim;

import io.tatara.kernels.TataraException;

/**
 * How the loss is scaled, so that small gradients do not vanish in float16, whose smallest numbers
 * are 6e-8; Micikevicius et al. 2018, section 3.2. The gradients are computed of the loss times the
 * scale and divided by it in the optimizer's step. A step whose gradients are not all finite is
 * skipped and lowers the scale; {@code interval} steps in a row without one raise it. All of that
 * stays on the device. Given to {@link Optimizer#scaleLoss}.
 *
 * @param initial the scale at first; a power of two changes no number by rounding
 * @param growth what the scale is multiplied by after {@code interval} good steps
 * @param backoff what it is multiplied by after a step that overflowed
 */
public record LossScaler(double initial, double growth, double backoff, int interval) {
    public LossScaler {
        if (!(initial > 0 && initial <= 0x1p24)) {
            throw new TataraException(
                    "loss scaler: initial: given " + initial + ", expected 0 … 2^24, 0 excluded");
        }
    }

    /** From 2¹⁶, times 2 after 2000 good steps, times ½ after an overflow. */
    public static LossScaler dynamic() {
        return new LossScaler(0x1p16, 2, 0.5, 2000);
    }

    /** A scale that stays; steps that overflow are skipped all the same. */
    public static LossScaler fixed(double scale) {
        return new LossScaler(scale, 1, 1, 1);
    }
}
