package io.tatara.models.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.OnJvm;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class MuonTest extends OnJvm {
    private static final double RATE = 0.1;
    private static final ToIntFunction<String> PARTS =
            n -> n.startsWith("other") ? 0 : n.equals("two") ? 2 : 1;

    /**
     * Two of one shape, a tall one, a wide one, a convolution's, two below each other (of the shape
     * of the first two), and two weights that are not Muon's.
     */
    private static Parameters parameters(Device d) {
        Parameters p = new Parameters(d, 1);
        p.uniform("a", 1, 5, 5);
        p.uniform("tall", 1, 12, 5);
        p.uniform("b", 1, 5, 5);
        p.uniform("wide", 1, 4, 9);
        p.uniform("conv", 1, 4, 2, 3, 1);
        p.uniform("two", 1, 10, 5);
        p.uniform("other.table", 1, 5, 5);
        p.uniform("other.bias", 1, 5);
        return p;
    }

    /** Gradients far from alike in all directions: of the weights' linear functions. */
    private static float[] gradient(Tensor t, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] g = new float[t.shape().size()];
        int columns = g.length / t.shape().dim(0);
        for (int i = 0; i < g.length; i++) {
            g[i] = (float) ((random.nextDouble() - 0.3) / (1 + i / columns + i % columns));
        }
        return g;
    }

    private static void step(Device d, Parameters p, Optimizer o, int seed) {
        step(d, p, o, seed, 1);
    }

    private static void step(Device d, Parameters p, Optimizer o, int seed, float times) {
        try (Scope s = d.scope()) {
            Tape t = s.tape().watch(p.tensors());
            Ops ops = t.ops();
            Tensor loss = s.zeros(1);
            for (int i = 0; i < p.tensors().length; i++) {
                Tensor w = p.tensors()[i];
                Tensor g = s.tensor(gradient(w, seed + i), w.shape().toArray());
                loss = ops.add(loss, ops.sum(ops.mul(ops.mul(w, g), times)));
            }
            o.step(s, o.backward(t, ops.reshape(loss, 1)), RATE);
        }
    }

    private static MuonOptimizer muon(Parameters p, double decay) {
        return new MuonOptimizer(p, 0, 0.999, decay, PARTS);
    }

    /** How a weight moved, as a matrix in double. */
    private static double[][] moved(float[] before, Tensor after) {
        float[] now = after.toFloats();
        int rows = after.shape().dim(0);
        int columns = now.length / rows;
        double[][] m = new double[rows][columns];
        for (int i = 0; i < now.length; i++) {
            m[i / columns][i % columns] = before[i] - now[i];
        }
        return m;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[][] transposed(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < t.length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    /** The iteration on one matrix, in double, from the paper's text. */
    private static double[][] reference(double[][] g) {
        boolean tall = g.length > g[0].length;
        double[][] x = tall ? transposed(g) : g;
        double norm = 0;
        for (double[] row : x) {
            norm += dot(row, row);
        }
        for (double[] row : x) {
            for (int j = 0; j < row.length; j++) {
                row[j] /= Math.sqrt(norm);
            }
        }
        for (int i = 0; i < 5; i++) {
            double[][] a = product(x, transposed(x));
            double[][] b = product(a, a);
            for (int r = 0; r < a.length; r++) {
                for (int c = 0; c < a.length; c++) {
                    b[r][c] = -4.775 * a[r][c] + 2.0315 * b[r][c] + (r == c ? 3.4445 : 0);
                }
            }
            x = product(b, x);
        }
        double[][] o = tall ? transposed(x) : x;
        double size = 0.2 * Math.sqrt(Math.max(o.length, o[0].length));
        for (double[] row : o) {
            for (int j = 0; j < row.length; j++) {
                row[j] *= size;
            }
        }
        return o;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] t = transposed(b);
        double[][] c = new double[a.length][t.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < t.length; j++) {
                c[i][j] = dot(a[i], t[j]);
            }
        }
        return c;
    }

    /**
     * Two steps, the second with momentum in Nesterov's form: 0.05 (g₂ + 0.95 (0.95 g₁ + g₂)), of
     * which the factor does not matter.
     */
    @Test
    void matricesMoveByTheOrthogonalPart() {
        try (Parameters p = parameters(device);
                Optimizer o = muon(p, 0)) {
            for (int k = 0; k < 2; k++) {
                float[][] before = new float[6][];
                for (int i = 0; i < 6; i++) {
                    before[i] = p.tensors()[i].toFloats();
                }
                step(device, p, o, 10 * k);
                for (int i = 0; i < 6; i++) {
                    Tensor w = p.tensors()[i];
                    double[][] expected = expected(ahead(w, i, k), p.names().get(i));
                    double[][] got = moved(before[i], w);
                    for (int r = 0; r < got.length; r++) {
                        for (int c = 0; c < got[r].length; c++) {
                            assertThat(got[r][c] / RATE)
                                    .as(p.names().get(i) + " step " + k)
                                    .isCloseTo(expected[r][c], within(1e-4));
                        }
                    }
                }
            }
        }
    }

    private static double[][] expected(double[][] ahead, String name) {
        if (!name.equals("two")) {
            return reference(ahead);
        }
        double[][] upper = reference(Arrays.copyOfRange(ahead, 0, 5));
        double[][] lower = reference(Arrays.copyOfRange(ahead, 5, 10));
        double[][] both = Arrays.copyOf(upper, 10);
        System.arraycopy(lower, 0, both, 5, 5);
        return both;
    }

    private static double[][] ahead(Tensor w, int i, int step) {
        float[] first = gradient(w, i);
        float[] second = gradient(w, 10 + i);
        int rows = w.shape().dim(0);
        int columns = first.length / rows;
        double[][] g = new double[rows][columns];
        for (int j = 0; j < first.length; j++) {
            g[j / columns][j % columns] =
                    step == 0 ? first[j] : second[j] + 0.95 * (0.95 * first[j] + second[j]);
        }
        return g;
    }

    /** All singular values are about one, however unlike those of the gradient are. */
    @Test
    void allDirectionsMoveAlike() {
        try (Parameters p = new Parameters(device, 1)) {
            p.full("diagonal", 0, 3, 3);
            float[] g = {5, 0, 0, 0, -1, 0, 0, 0, 0.1f};
            try (Optimizer o = muon(p, 0);
                    Scope s = device.scope()) {
                Tape t = s.tape().watch(p.tensors());
                Tensor product = t.ops().mul(p.get("diagonal"), s.tensor(g, 3, 3));
                o.step(s, t.backward(t.ops().sum(product)), 1);
            }
            float[] w = p.get("diagonal").toFloats();
            double size = 0.2 * Math.sqrt(3);
            for (int i = 0; i < 9; i++) {
                double expected = i % 4 == 0 ? -Math.signum(g[i]) * size : 0;
                assertThat((double) w[i]).isCloseTo(expected, within(0.35 * size));
            }
        }
    }

    @Test
    void theRestMovesByAdam() {
        try (Parameters p = parameters(device);
                Parameters q = parameters(device);
                Optimizer muon = muon(p, 0.1);
                Optimizer adam = new AdamOptimizer(q, 0, 0.999, 0.1)) {
            for (int k = 0; k < 3; k++) {
                step(device, p, muon, k);
                step(device, q, adam, k);
            }
            for (String name : new String[] {"other.table", "other.bias"}) {
                assertThat(p.get(name).toFloats()).isEqualTo(q.get(name).toFloats());
            }
            assertThat(p.get("a").toFloats()).isNotEqualTo(q.get("a").toFloats());
            assertThat(muon.save())
                    .containsKeys("momentum.a", "m.other.bias", "v.other.bias")
                    .doesNotContainKeys("m.a", "v.a", "momentum.other.bias");
        }
    }

    @Test
    void decayIsDecoupledAndMayBeSpared() {
        try (Parameters p = parameters(device);
                Parameters q = parameters(device);
                Parameters r = parameters(device);
                Optimizer plain = muon(p, 0);
                Optimizer decayed = muon(q, 0.5);
                Optimizer spared = muon(r, 0.5)) {
            Tensor b = r.get("b");
            spared.decayOnly(t -> t == b);
            float[] before = p.get("b").toFloats();
            step(device, p, plain, 1);
            step(device, q, decayed, 1);
            step(device, r, spared, 1);
            for (int i = 0; i < before.length; i++) {
                assertThat(q.get("b").toFloats()[i])
                        .isCloseTo(
                                p.get("b").toFloats()[i] - (float) (RATE * 0.5 * before[i]),
                                within(1e-6f));
            }
            assertThat(b.toFloats()).isEqualTo(q.get("b").toFloats());
            assertThat(r.get("a").toFloats()).isEqualTo(p.get("a").toFloats());
        }
    }

    /** Nothing moves where gradients overflow, and then all goes on as if that had not been. */
    @Test
    void stepsThatOverflowAreSkipped() {
        try (Parameters p = parameters(device);
                Parameters q = parameters(device);
                Optimizer scaled = muon(p, 0).scaleLoss(LossScaler.dynamic());
                Optimizer plain = muon(q, 0)) {
            float[] before = p.get("a").toFloats();
            step(device, p, scaled, 3, 1e38f);
            assertThat(scaled.skipped()).isOne();
            assertThat(p.get("a").toFloats()).isEqualTo(before);
            assertThat(scaled.save().get("momentum.a").floats()).containsOnly(0);
            step(device, p, scaled, 4);
            step(device, q, plain, 4);
            assertThat(scaled.skipped()).isOne();
            for (int i = 0; i < p.tensors().length; i++) {
                float[] expected = q.tensors()[i].toFloats();
                float[] got = p.tensors()[i].toFloats();
                for (int j = 0; j < got.length; j++) {
                    assertThat(got[j]).isCloseTo(expected[j], within(1e-5f));
                }
            }
        }
    }

    @Test
    void goesOnFromWhatWasSaved() {
        try (Parameters p = parameters(device);
                Parameters q = parameters(device);
                Optimizer o = muon(p, 0.1);
                Optimizer r = muon(q, 0.1)) {
            step(device, p, o, 1);
            Map<String, HostTensor> saved = o.save();
            for (int i = 0; i < p.tensors().length; i++) {
                q.tensors()[i].write(p.tensors()[i].toFloats());
            }
            r.load(saved);
            step(device, p, o, 2);
            step(device, q, r, 2);
            for (int i = 0; i < p.tensors().length; i++) {
                assertThat(q.tensors()[i].toFloats()).isEqualTo(p.tensors()[i].toFloats());
            }
        }
    }

    @Test
    void openClTakesTheSameSteps() {
        Assumptions.assumeTrue(
                Tatara.devices().stream().anyMatch(i -> i.id().startsWith("opencl")), "no OpenCL");
        try (Device cl = Tatara.open("opencl");
                Parameters p = parameters(device);
                Parameters q = parameters(cl);
                Optimizer o = muon(p, 0.1);
                Optimizer r = muon(q, 0.1)) {
            for (int k = 0; k < 3; k++) {
                step(device, p, o, k);
                step(cl, q, r, k);
            }
            for (int i = 0; i < p.tensors().length; i++) {
                float[] expected = p.tensors()[i].toFloats();
                float[] got = q.tensors()[i].toFloats();
                for (int j = 0; j < got.length; j++) {
                    assertThat(got[j]).isCloseTo(expected[j], within(1e-4f));
                }
            }
        }
    }

    @Test
    void aMatrixHasTwoAxes() {
        try (Parameters p = parameters(device)) {
            assertThatThrownBy(() -> new MuonOptimizer(p, 0, 0.999, 0, n -> 1))
                    .hasMessageContaining("other.bias")
                    .hasMessageContaining("two axes");
            assertThatThrownBy(() -> new MuonOptimizer(p, 0, 0.999, 0, n -> n.equals("a") ? 2 : 0))
                    .hasMessageContaining("weight a")
                    .hasMessageContaining("2 matrices");
        }
    }
}
