package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.matmul.Precision;
import io.tatara.kernels.optimizer.Sgd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** float16 and bfloat16 tensors through the API, on the JVM back end. */
class HalfTensorTest {
    private Device device;
    private Scope scope;

    @BeforeEach
    void open() {
        device = Tatara.open("jvm");
        scope = device.scope();
    }

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private static float[] random(int n) {
        Random r = new Random(7);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) r.nextGaussian();
        }
        return v;
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void valuesAreRoundedInAndComeBackExactly(DType dtype) {
        float[] v = random(1003);
        float[] back = scope.tensor(dtype, v, 17, 59).toFloats();
        for (int i = 0; i < v.length; i++) {
            assertThat((double) back[i]).isEqualTo(Rounding.round(v[i], dtype));
        }
        Tensor t = scope.zeros(dtype, 3);
        assertThat(t.dtype()).isEqualTo(dtype);
        assertThat(t.toFloats()).containsOnly(0);
        assertThat(t.write(1, Float.NaN, Float.NEGATIVE_INFINITY).toFloats())
                .containsExactly(1, Float.NaN, Float.NEGATIVE_INFINITY);
        assertThat(scope.full(dtype, 0.5f, 1).item()).isEqualTo(0.5f);
        float[] drawn = scope.normal(dtype, new SplittableRandom(1), 2, 5).toFloats();
        float[] floats = scope.normal(new SplittableRandom(1), 2, 5).toFloats();
        assertThat(drawn).isEqualTo(scope.tensor(dtype, floats, 5).toFloats());
        assertThat(scope.ops().cast(t, DType.FLOAT32).dtype()).isEqualTo(DType.FLOAT32);
        assertThat(scope.ops().cast(t, dtype)).isSameAs(t);
    }

    @Test
    void rawBytesGoInAndOut() {
        short[] bits = {0x3f80, (short) 0xc000, 0x7f80}; // 1, -2, infinity
        TensorSpec spec = TensorSpec.of(DType.BFLOAT16, 3);
        Tensor t = scope.tensor(spec, MemorySegment.ofArray(bits));
        assertThat(t.toFloats()).containsExactly(1, -2, Float.POSITIVE_INFINITY);
        short[] out = new short[3];
        t.read(MemorySegment.ofArray(out));
        assertThat(out).isEqualTo(bits);
        MemorySegment raw = (MemorySegment) t.handle();
        assertThat(raw.get(ValueLayout.JAVA_SHORT, 2)).isEqualTo(bits[1]);
        assertThat(scope.weight(spec, MemorySegment.ofArray(bits)).toFloats()[1]).isEqualTo(-2);
        assertThatThrownBy(() -> t.read(MemorySegment.ofArray(new short[2])))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("6 bytes");
    }

    @Test
    void whatIsTooLargeForFloat16IsInfinite() {
        Tensor x = scope.tensor(DType.FLOAT16, new float[] {65519, 65520, -1e9f}, 3);
        assertThat(x.toFloats())
                .containsExactly(65504, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
        Ops ops = scope.ops();
        Tensor y = scope.tensor(DType.FLOAT16, new float[] {300, -300, 2}, 3);
        assertThat(ops.mul(y, y).toFloats())
                .containsExactly(Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY, 4);
        Tensor wide = ops.cast(y, DType.BFLOAT16);
        assertThat(ops.mul(wide, wide).toFloats()).containsExactly(90112, 90112, 4);
    }

    @Test
    void mixedAndUnknownTypesAreRefused() {
        Tensor half = scope.zeros(DType.FLOAT16, 2, 2);
        Tensor brain = scope.zeros(DType.BFLOAT16, 2, 2);
        Tensor full = scope.zeros(2, 2);
        for (Tensor other : new Tensor[] {brain, full}) {
            assertThatThrownBy(() -> scope.ops().matmul(half, other))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("float16");
            assertThatThrownBy(() -> scope.ops().add(half, other)).isInstanceOf(OpException.class);
        }
        TensorSpec doubles = TensorSpec.of(DType.FLOAT64, 2);
        assertThatThrownBy(() -> scope.empty(doubles))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("float64");
        assertThatThrownBy(() -> scope.one(new Fill(doubles, 1)))
                .isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> scope.ops().cast(half, DType.FLOAT64))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> scope.tensor(DType.INT32, new float[2], 2))
                .isInstanceOf(TataraException.class);
        assertThatThrownBy(half::toInts).isInstanceOf(TataraException.class);
    }

    @Test
    void halvesTakeHalfTheMemoryAndGoBackToTheirOwnPool() {
        long before = device.memory().inUse();
        Tensor t = scope.zeros(DType.BFLOAT16, 1 << 16);
        assertThat(device.memory().inUse() - before).isEqualTo(2 << 16);
        t.close();
        assertThat(device.memory().inUse()).isEqualTo(before);
        Tensor f = scope.zeros(1 << 15); // as many bytes, and not the same array
        assertThat(f.toFloats()).containsOnly(0);
        Tensor h = scope.zeros(DType.FLOAT16, 1 << 16);
        assertThat(h.toFloats()).containsOnly(0);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void aWeightsKeptCopyFollowsItsWrites(DType dtype) {
        int n = 96;
        Tensor w = scope.weight(dtype, new float[n * n], n, n);
        Tensor x = scope.full(dtype, 1, 40, n);
        Ops ops = scope.ops();
        assertThat(ops.linear(x, w, null).toFloats()).containsOnly(0);
        float[] ones = new float[n * n];
        java.util.Arrays.fill(ones, 1);
        w.write(ones);
        assertThat(ops.linear(x, w, null).toFloats()).containsOnly(n);
        Tensor hyper = scope.tensor(new float[] {0.5f, 1}, 2);
        scope.emit(new Sgd(1, 0, false, 0), hyper, w, scope.full(dtype, 1, n, n));
        assertThat(w.toFloats()).containsOnly(0.5f);
        assertThat(ops.linear(x, w, null).toFloats()).containsOnly(n / 2f);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void masterWeightsGetFloat32GradientsThroughCasts(DType dtype) {
        float[] xs = random(12 * 20);
        float[] ws = random(5 * 20);
        Tensor labels = scope.tensor(new int[] {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, 12);
        Tensor w = scope.weight(ws, 5, 20);
        float[] want = gradient(scope.tensor(xs, 12, 20), w, labels, DType.FLOAT32);
        float[] got = gradient(scope.tensor(xs, 12, 20), w, labels, dtype);
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within((float) (16 * dtype.roundoff())));
        }
        assertThat(got).isNotEqualTo(want);
    }

    private float[] gradient(Tensor x, Tensor w, Tensor labels, DType compute) {
        Tape tape = scope.tape().watch(w);
        Ops ops = tape.ops();
        Tensor y = ops.linear(ops.cast(x, compute), ops.cast(w, compute), null);
        Tensor loss = ops.crossEntropy(y, labels, -1, 0);
        assertThat(loss.dtype()).isEqualTo(DType.FLOAT32);
        Tensor g = tape.backward(loss).of(w);
        assertThat(g.spec()).isEqualTo(w.spec());
        return g.toFloats();
    }

    @Test
    void gradientsOfAManyTimesUsedHalfTensorAreSummedInFloat32() {
        // 300 times 1: a running sum in bfloat16 would stay at 256.
        Tensor x = scope.full(DType.BFLOAT16, 1, 1);
        Tape tape = scope.tape().watch(x);
        Ops ops = tape.ops();
        Tensor loss = null;
        for (int i = 0; i < 300; i++) {
            Tensor y = ops.cast(ops.add(x, i), DType.FLOAT32);
            loss = loss == null ? y : ops.add(loss, y);
        }
        Tensor g = tape.backward(loss).of(x);
        assertThat(g.dtype()).isEqualTo(DType.BFLOAT16);
        assertThat(g.item()).isEqualTo(300);
    }

    @Test
    void gradientsOfTwoUsesAreAdded() {
        Tensor x = scope.tensor(DType.FLOAT16, new float[] {3, -2}, 2);
        Tensor unused = scope.tensor(DType.FLOAT16, new float[] {1}, 1);
        Tape tape = scope.tape().watch(x, unused);
        Ops ops = tape.ops();
        Tensor loss = ops.sum(ops.add(ops.mul(x, x), x));
        Gradients g = tape.backward(loss);
        assertThat(g.of(x).toFloats()).containsExactly(7, -3);
        assertThat(g.of(unused).spec()).isEqualTo(unused.spec());
    }

    @Test
    void aPrecisionAskedForByNameReachesProducts() {
        List<Precision> seen = new ArrayList<>();
        Emitter listening =
                new Emitter() {
                    @Override
                    public Value[] emit(Op op, Value... inputs) {
                        if (op instanceof MatMul m) {
                            seen.add(m.precision());
                        }
                        return scope.emit(op, inputs);
                    }
                };
        Ops strict = new Ops(listening);
        Ops tf32 = strict.precision(Precision.TF32);
        Tensor a = scope.tensor(random(6), 2, 3);
        Tensor b = scope.tensor(random(6), 2, 3);
        float[] want = strict.linear(a, b, null).toFloats();
        assertThat(tf32.linear(a, b, null).toFloats()).isEqualTo(want); // no matrix units here
        assertThat(tf32.matmul(a, b, false, true).toFloats()).isEqualTo(want);
        assertThat(seen).containsExactly(Precision.STRICT, Precision.TF32, Precision.TF32);
    }
}
