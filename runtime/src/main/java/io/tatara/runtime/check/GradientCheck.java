package io.tatara.runtime.check;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.check.Rounding;
import io.tatara.runtime.spi.BackEndDevice;
import java.util.SplittableRandom;

/**
 * The op's gradient rule carried out on the device against the same rule on the reference, for the
 * same outputs and random gradients of them. (That the rule itself is right, finite differences
 * show where the op lives.)
 */
final class GradientCheck extends Check {
    /**
     * Root mean square below which a gradient is compared absolutely: output gradients are of size
     * 1, so what is far smaller came out of cancellation, and its rounding is that of the terms.
     */
    private static final double SMALL = 0.05;

    private final long seed;

    GradientCheck(BackEndDevice device, Case c, long seed) {
        super(device, c, Result.Kind.GRADIENT);
        this.seed = seed;
    }

    @Override
    Finding find() {
        RefArray[] in = c.draw(seed);
        boolean[] needs = new boolean[in.length];
        for (int i = 0; i < in.length; i++) {
            needs[i] = c.inputs().get(i).differentiable();
        }
        try (GuardedMemory memory = new GuardedMemory(device, false)) {
            GuardedMemory.Cell[] cells = upload(memory, in, false);
            GuardedMemory.Cell[] outCells = memory.emit(c.op(), cells);
            // The reference's rule starts from the device's outputs: their rounding is the forward
            // check's matter,
            // and may be magnified here (a probability from a stored log-sum-exp).
            RefArray[] out = new RefArray[outCells.length];
            for (int j = 0; j < out.length; j++) {
                out[j] = new RefArray(outCells[j].spec(), outCells[j].values());
            }
            RefArray[] gradOut = gradients(out);
            RefArray[] want = ReferenceEmitter.stored().gradient(c.op(), in, out, gradOut, needs);
            Step step = new Step(memory, cells, outCells, upload(memory, gradOut, false), needs);
            return compare(c.op().gradient(step), want, needs);
        }
    }

    private RefArray[] gradients(RefArray[] out) {
        SplittableRandom random = new SplittableRandom(seed + 1);
        RefArray[] g = new RefArray[out.length];
        for (int j = 0; j < g.length; j++) {
            if (out[j].spec().dtype().isFloating()) {
                g[j] = RefArray.zeros(out[j].spec());
                for (int i = 0; i < g[j].data().length; i++) {
                    g[j].data()[i] = random.nextGaussian();
                }
                Rounding.round(g[j]);
            }
        }
        return g;
    }

    private Finding compare(Value[] got, RefArray[] want, boolean[] needs) {
        Op op = c.op();
        Finding worst = Finding.NOTHING;
        double tolerance = tolerance();
        // A rule may answer for optional inputs that were left off the end.
        for (int i = 0; i < Math.min(want.length, needs.length); i++) {
            if (!needs[i] || want[i] == null) {
                continue;
            }
            if (got[i] == null || !got[i].spec().equals(want[i].spec())) {
                throw new OpException(
                        op.name(),
                        "gradient of input " + i,
                        got[i] == null ? "nothing" : got[i].spec(),
                        want[i].spec().toString());
            }
            Comparison d = Comparison.of(((GuardedMemory.Cell) got[i]).values(), want[i]);
            Finding f =
                    judge(
                            "gradient of input " + i,
                            want[i].spec(),
                            d,
                            scaled(d, want[i]),
                            tolerance);
            if (f.worseThan(worst)) {
                worst = f;
            }
        }
        return worst;
    }

    /**
     * A gradient is a chain of ops with sums of its own, over as many terms as the largest tensor
     * has.
     */
    private double tolerance() {
        double terms = 1;
        for (Case.Input i : c.inputs()) {
            terms = i.spec() == null ? terms : Math.max(terms, i.spec().size());
        }
        double rounding = 0x1p-24 * (64 + 4 * Math.sqrt(terms));
        return Math.max(rounding, 4 * c.tolerance(DType.FLOAT32)) + storage();
    }

    /**
     * Four times the round-off of the coarsest 16-bit type there is, else 0. The reference rounds
     * between the ops of the rule as the device does, so that what an op reads is the same on both
     * sides but for elements that float32's error carried across the middle between two numbers.
     */
    private double storage() {
        double u = 0;
        for (TensorSpec[] specs : new TensorSpec[][] {c.specs(), c.op().infer(c.specs())}) {
            for (TensorSpec s : specs) {
                u = s == null || !s.dtype().isHalf() ? u : Math.max(u, s.dtype().roundoff());
            }
        }
        return 4 * u;
    }

    private static double scaled(Comparison d, RefArray want) {
        double norm2 = 0;
        for (double v : want.data()) {
            norm2 += Double.isFinite(v) ? v * v : 0;
        }
        double norm = Math.sqrt(norm2);
        double difference = d.error() * (norm > 0 ? norm : 1);
        return difference == 0
                ? 0
                : difference / Math.max(norm, SMALL * Math.sqrt(want.data().length));
    }

    /** The recorded invocation as the rule sees it, on the device. */
    private record Step(
            GuardedMemory memory, Value[] in, Value[] out, Value[] gradOut, boolean[] needsGradient)
            implements Backprop {
        @Override
        public int inputs() {
            return in.length;
        }

        @Override
        public Value input(int i) {
            return i < in.length ? in[i] : null;
        }

        @Override
        public Value output(int i) {
            return out[i];
        }

        @Override
        public Value grad(int i) {
            return gradOut[i];
        }

        @Override
        public boolean needs(int i) {
            return i < in.length && needsGradient[i];
        }

        @Override
        public Value[] emit(Op op, Value... inputs) {
            return memory.emit(op, inputs);
        }
    }
}
