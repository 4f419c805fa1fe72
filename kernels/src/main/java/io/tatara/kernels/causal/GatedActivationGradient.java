package io.tatara.kernels.causal;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Back through the gated activation z = f ∘ g with f = tanh(a_f), g = σ(a_g) of {@link
 * GatedCausalLayer}: da_f = (dz ∘ g + df) ∘ (1 − f²), da_g = (dz ∘ f + dg) ∘ g ∘ (1 − g); z comes
 * along, for the gradients of the matrices behind it.
 *
 * <p>Inputs: gates [N, 2D, T], f and g; dz [N, D, T]; dgates? [N, 2D, T], df and dg. Outputs: da
 * [N, 2D, T]; z [N, D, T].
 */
public record GatedActivationGradient() implements Op {
    private static final Checks CHECK = new Checks("gated_activation_gradient");

    @Override
    public String name() {
        return "gated_activation_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 3);
        TensorSpec gates = CHECK.rank("gates", CHECK.floating("gates", in[0]), 3);
        int channels = gates.shape().dim(1);
        CHECK.that(channels % 2 == 0, "gates", gates, "[N, 2D, T]");
        TensorSpec z = gates.withShape(gates.shape().with(1, channels / 2));
        CHECK.same("dz", in[1], z);
        CausalShape.optional(CHECK, "dgates", CausalShape.at(in, 2), gates);
        return new TensorSpec[] {gates, z};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(9.0 * in[1].size(), in, infer(in));
    }
}
