package io.tatara.kernels.pointwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * The JVM kernel gives the same bits however the work is cut, and reads no element behind an
 * input's end.
 */
class EvaluationTest {
    /** One block at a time, the last first. */
    private static final Workers BACKWARDS =
            new Workers() {
                @Override
                public int threads() {
                    return 2;
                }

                @Override
                public void parallelFor(int n, int grain, Body body) {
                    for (int i = n - 1; i >= 0; i--) {
                        body.run(i, i + 1);
                    }
                }
            };

    @Test
    void cutsDoNotShow() {
        Expr e =
                Exprs.dropout(
                        Exprs.gelu(Exprs.mul(Exprs.add(Exprs.in(0), Exprs.in(1)), Exprs.in(2))),
                        3,
                        0.2f);
        TensorSpec[] specs = {
            TensorSpec.f32(5, 1501), TensorSpec.f32(1501), TensorSpec.f32(5, 1), TensorSpec.i32(2)
        };
        Pointwise op = Pointwise.of(e);
        JvmArray[] in = new JvmArray[4];
        SplittableRandom r = new SplittableRandom(1);
        for (int i = 0; i < 3; i++) {
            // Longer than the tensor, as pooled arrays are; what lies behind must not get in.
            float[] f = new float[specs[i].size() + 700];
            Arrays.fill(f, Float.NaN);
            for (int k = 0; k < specs[i].size(); k++) {
                f[k] = (float) r.nextGaussian();
            }
            in[i] = JvmArray.of(specs[i], f);
        }
        in[3] = JvmArray.of(specs[3], new int[] {5, 6});
        float[] whole = run(op, in, Workers.SERIAL);
        assertThat(run(op, in, BACKWARDS)).isEqualTo(whole);
        for (float v : whole) {
            assertThat(v).isNotNaN();
        }
    }

    private static float[] run(Pointwise op, JvmArray[] in, Workers workers) {
        TensorSpec spec =
                op.infer(Arrays.stream(in).map(JvmArray::spec).toArray(TensorSpec[]::new))[0];
        float[] y = new float[spec.size()];
        JvmContext ctx =
                new JvmContext() {
                    @Override
                    public Workers workers() {
                        return workers;
                    }

                    @Override
                    public Lanes lanes() {
                        return Lanes.best();
                    }

                    @Override
                    public float[] acquire(int n) {
                        float[] f = new float[n];
                        Arrays.fill(f, Float.NaN);
                        return f;
                    }

                    @Override
                    public void release(float[] scratch) {}
                };
        Evaluation.run(op, in, new JvmArray[] {JvmArray.of(spec, y)}, ctx);
        return y;
    }
}
