package io.tatara.runtime.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.attention.MultiplicativeAttention;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.recurrent.GruSequence;
import io.tatara.kernels.recurrent.LstmSequence;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.softmax.Softmax;
import io.tatara.kernels.softmax.SoftmaxGradient;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.spi.Binding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A check that cannot fail is worth nothing: each kind of defect must turn the suite red. */
class MutationTest {
    private static String name(Class<? extends Op> type) {
        return OpTable.all().stream()
                .filter(e -> e.type() == type)
                .findFirst()
                .orElseThrow()
                .name();
    }

    private static Report run(Class<? extends Op> type, MutantDevice.Mutation mutation) {
        String op = name(type);
        try (Device device = Tatara.open("jvm")) {
            MutantDevice mutant = new MutantDevice(device.backEnd(), op, mutation);
            Options options = Options.all().withOp(op).withSize(Options.Size.QUICK);
            return new CorrectnessSuite(mutant, options).run();
        }
    }

    private static boolean real(Binding b) {
        return b.spec().dtype().isFloating() && b.spec().size() > 0;
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                MatMul.class,
                Softmax.class,
                Pointwise.class,
                Reduce.class,
                LstmSequence.class,
                GruSequence.class
            })
    void soundDeviceIsGreen(Class<? extends Op> type) {
        Report r = run(type, (d, in, out, n) -> {});
        assertThat(r.failures()).isEmpty();
        assertThat(r.passed()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                MatMul.class,
                Softmax.class,
                Pointwise.class,
                Reduce.class,
                LstmSequence.class,
                GruSequence.class
            })
    void oneElementOffByAThousandth(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            if (!real(out[0])) {
                                return;
                            }
                            int[] v = d.bits(out[0], out[0].spec().size());
                            scale(out[0], v, 1.001);
                            d.store(out[0], v);
                        }),
                "error");
    }

    /** The smallest defect of one element that must show in a 16-bit type. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16"})
    void oneHalfElementOffBySixteenRoundoffs(DType dtype) {
        Report r =
                run(
                        MultiplicativeAttention.class,
                        (d, in, out, n) -> {
                            if (out[0].spec().dtype() == dtype && out[0].spec().size() > 0) {
                                int[] v = d.bits(out[0], out[0].spec().size());
                                scale(out[0], v, 1 + 16 * dtype.roundoff());
                                d.store(out[0], v);
                            }
                        });
        assertRed(r, "error");
        assertThat(r.failures()).allMatch(f -> f.name().contains(dtype.toString()));
    }

    private static void scale(Binding b, int[] bits, double factor) {
        DType dtype = b.spec().dtype();
        int at = largest(b, bits);
        bits[at] = HostBits.encode(HostBits.decode(bits[at], dtype) * factor, dtype);
    }

    @ParameterizedTest
    @ValueSource(classes = {MatMul.class, Softmax.class, Pointwise.class, LstmSequence.class})
    void everythingShiftedByOne(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            int size = out[0].spec().size();
                            if (size > 1) {
                                int[] v = d.bits(out[0], size);
                                System.arraycopy(v.clone(), 0, v, 1, size - 1);
                                d.store(out[0], v);
                            }
                        }),
                "error");
    }

    @ParameterizedTest
    @ValueSource(classes = {MatMul.class, Softmax.class, Pointwise.class, LstmSequence.class})
    void lastElementNotWritten(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            int size = out[0].spec().size();
                            if (size > 0) {
                                int[] v = d.bits(out[0], size + 1);
                                v[size - 1] = v[size];
                                d.store(out[0], v);
                            }
                        }),
                "error");
    }

    @ParameterizedTest
    @ValueSource(classes = {MatMul.class, Softmax.class, Pointwise.class, LstmSequence.class})
    void oneElementTooMuch(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            int[] v = d.bits(out[0], out[0].spec().size() + 1);
                            v[v.length - 1] = 0;
                            d.store(out[0], v);
                        }),
                "behind the end");
    }

    @ParameterizedTest
    @ValueSource(classes = {MatMul.class, Softmax.class, Pointwise.class, LstmSequence.class})
    void inputOverwritten(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            if (real(in[0])) {
                                int[] v = d.bits(in[0], in[0].spec().size());
                                v[0] ^= 1;
                                d.store(in[0], v);
                            }
                        }),
                "overwrote input 0");
    }

    @ParameterizedTest
    @ValueSource(classes = {MatMul.class, Softmax.class, Pointwise.class, LstmSequence.class})
    void lastBitFromRunToRun(Class<? extends Op> type) {
        assertRed(
                run(
                        type,
                        (d, in, out, n) -> {
                            if (real(out[0]) && n % 2 == 1) {
                                int[] v = d.bits(out[0], out[0].spec().size());
                                int at = largest(out[0], v);
                                v[at] ^= 1;
                                d.store(out[0], v);
                            }
                        }),
                "two runs differ");
    }

    @Test
    void brokenGradientKernelIsRedForTheOpThatUsesIt() {
        try (Device device = Tatara.open("jvm")) {
            MutantDevice mutant =
                    new MutantDevice(
                            device.backEnd(),
                            name(SoftmaxGradient.class),
                            (d, in, out, n) -> {
                                int[] v = d.bits(out[0], out[0].spec().size());
                                if (v.length > 0) {
                                    scale(out[0], v, 1.01);
                                    d.store(out[0], v);
                                }
                            });
            Report r =
                    new CorrectnessSuite(
                                    mutant,
                                    Options.all()
                                            .withOp(name(Softmax.class))
                                            .withSize(Options.Size.QUICK))
                            .run();
            assertThat(r.failures()).isNotEmpty().allMatch(f -> f.kind() == Result.Kind.GRADIENT);
        }
    }

    @Test
    void anExceptionIsAFailureOfItsCaseAlone() {
        Report r =
                run(
                        Softmax.class,
                        (d, in, out, n) -> {
                            if (n == 0) {
                                throw new TataraException("device on fire");
                            }
                        });
        assertThat(r.failed()).isEqualTo(1);
        assertThat(r.failures().getFirst().message()).isEqualTo("device on fire");
        assertThat(r.passed()).isPositive();
        assertThat(r.summary())
                .isEqualTo(r.passed() + " passed, 1 failed, " + r.skipped() + " skipped");
    }

    private static void assertRed(Report r, String message) {
        assertThat(r.failures()).as(r.summary()).isNotEmpty();
        assertThat(r.failures()).anyMatch(f -> f.message().contains(message));
    }

    private static int largest(Binding b, int[] bits) {
        DType dtype = b.spec().dtype();
        int at = 0;
        for (int i = 1; i < bits.length; i++) {
            double v = Math.abs(HostBits.decode(bits[i], dtype));
            if (Double.isFinite(v) && v > Math.abs(HostBits.decode(bits[at], dtype))) {
                at = i;
            }
        }
        return at;
    }
}
