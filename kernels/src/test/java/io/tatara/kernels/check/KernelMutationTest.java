package io.tatara.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import io.tatara.kernels.jvm.Lanes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A check that cannot fail is worth nothing: right kernels are made subtly wrong, and the suite's
 * check must see each of it.
 */
class KernelMutationTest {
    private static final Set<String> OPS =
            Set.of(
                    "Softmax",
                    "SoftmaxGradient",
                    "MatMul",
                    "Embedding",
                    "EmbeddingGradient",
                    "LstmSequence",
                    "AdditiveAttention",
                    "AdditiveAttentionGradient",
                    "MultiplicativeAttention",
                    "MultiplicativeAttentionGradient");

    /** What goes wrong after a right run. */
    private enum Mutation {
        /** The largest element is off by a thousandth. */
        ONE_ELEMENT {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                int at = 0;
                for (int i = 0; i < n; i++) {
                    at = Math.abs(y[i]) > Math.abs(y[at]) ? i : at;
                }
                y[at] *= 1.001f;
                return y[at] != 0;
            }
        },
        LAST_NOT_WRITTEN {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                boolean changes = y[n - 1] != lastBefore;
                y[n - 1] = lastBefore;
                return changes;
            }
        },
        /** Each row holds what belongs to the row before it. */
        ROW_OFF_BY_ONE {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                boolean changes = false;
                for (int i = n - 1; i >= row; i--) {
                    changes |= y[i] != y[i - row];
                    y[i] = y[i - row];
                }
                return changes;
            }
        },
        BEHIND_THE_END {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                y[n] = 0;
                return true;
            }
        },
        NAN {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                y[n / 2] = Float.NaN;
                return true;
            }
        },
        INPUT_CHANGED {
            @Override
            boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in) {
                for (JvmArray a : in) {
                    if (a != null && a.f() != null && a.f() != y && a.size() > 0) {
                        a.f()[a.size() - 1] += 1;
                        return true;
                    }
                }
                return false;
            }
        };

        /**
         * @param row elements of a row
         * @param lastBefore the last element before the run
         * @return whether anything is wrong now
         */
        abstract boolean spoil(float[] y, int n, int row, float lastBefore, JvmArray[] in);
    }

    /** A right kernel whose result is spoilt. */
    private static final class Broken<O extends Op> implements JvmKernel<O> {
        private final JvmKernel<O> right;
        private final Mutation mutation;
        private final int output;
        boolean spoilt;

        Broken(JvmKernel<O> right, Mutation mutation, int output) {
            this.right = right;
            this.mutation = mutation;
            this.output = output;
        }

        @Override
        public void run(O op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
            JvmArray y = out[output];
            float last = y.f()[y.size() - 1];
            right.run(op, in, out, ctx);
            int rank = y.spec().shape().rank();
            int row = rank < 2 ? 1 : y.spec().shape().dim(-1);
            spoilt = mutation.spoil(y.f(), y.size(), row, last, in);
        }
    }

    @TestFactory
    List<DynamicTest> everyMutationTurnsTheSuiteRed() {
        List<DynamicTest> tests = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (OPS.contains(e.type().getSimpleName())) {
                int outputs =
                        e.cases().get().get(0).op().infer(e.cases().get().get(0).specs()).length;
                for (int j = 0; j < outputs; j++) {
                    for (Mutation m : Mutation.values()) {
                        int output = j;
                        String name = e.name() + " output " + j + " " + m;
                        tests.add(DynamicTest.dynamicTest(name, () -> turnsRed(e, output, m)));
                    }
                }
            }
        }
        assertThat(tests).isNotEmpty();
        return tests;
    }

    private static <O extends Op> void turnsRed(OpEntry<O> e, int output, Mutation m) {
        for (Case c : e.cases().get()) {
            O op = e.type().cast(c.op());
            TensorSpec[] out = op.infer(c.specs());
            boolean suits = !c.isBench() && !c.isLarge() && output < out.length;
            if (!suits
                    || out[output].dtype() != DType.FLOAT32
                    || out[output].size() < 4
                    || special(c)) {
                continue;
            }
            JvmKernel<O> right = e.jvm().get(e.jvm().size() - 1);
            Broken<O> broken = new Broken<>(right, m, output);
            AssertionError red = null;
            try {
                KernelChecks.jvm(broken, op, c, Lanes.best());
            } catch (AssertionError a) {
                red = a;
            }
            if (broken.spoilt) {
                assertThat(red).as("%s with %s passes", c, m).isNotNull();
                KernelChecks.jvm(right, op, c, Lanes.best());
                return;
            }
        }
        throw new AssertionError(
                e.name() + ": no case in which " + m + " changes output " + output);
    }

    /** Whether the data hold NaN or infinities, which hide the mutations. */
    private static boolean special(Case c) {
        for (var a : c.draw(3)) {
            for (int i = 0; a != null && i < a.data().length; i++) {
                if (!Double.isFinite(a.data()[i])) {
                    return true;
                }
            }
        }
        return false;
    }

    /** z = x · y² with a gradient rule that is right, or wrong in one way. */
    private record Product(Rule rule) implements Op {
        enum Rule {
            RIGHT,
            FACTOR_OFF,
            SIGN,
            SWAPPED,
            MISSING,
            WRONG_SHAPE
        }

        @Override
        public String name() {
            return "product";
        }

        @Override
        public TensorSpec[] infer(TensorSpec... in) {
            return new TensorSpec[] {in[0]};
        }

        @Override
        public Cost cost(TensorSpec... in) {
            return new Cost(0, 0);
        }

        @Override
        public boolean differentiable() {
            return true;
        }

        @Override
        public Value[] gradient(Backprop b) {
            var g = b.emit(new ProductGradient(rule), b.input(0), b.input(1), b.grad(0));
            return switch (rule) {
                case SWAPPED -> new Value[] {g[1], g[0]};
                case MISSING -> new Value[] {g[0], null};
                default -> g;
            };
        }
    }

    private record ProductGradient(Product.Rule rule) implements Op {
        @Override
        public String name() {
            return "product_gradient";
        }

        @Override
        public TensorSpec[] infer(TensorSpec... in) {
            TensorSpec dy = rule == Product.Rule.WRONG_SHAPE ? TensorSpec.f32(in[1].size()) : in[1];
            return new TensorSpec[] {in[0], dy};
        }

        @Override
        public Cost cost(TensorSpec... in) {
            return new Cost(0, 0);
        }
    }

    private static final OpEntry<Product> PRODUCT =
            new OpEntry<>(
                    Product.class,
                    "product",
                    (op, in, out) -> {
                        for (int i = 0; i < out[0].data().length; i++) {
                            double y = in[1].data()[i];
                            out[0].data()[i] = in[0].data()[i] * y * y;
                        }
                    },
                    List.of(),
                    List.of(),
                    List::of);

    private static final OpEntry<ProductGradient> PRODUCT_GRADIENT =
            new OpEntry<>(
                    ProductGradient.class,
                    "product_gradient",
                    (op, in, out) -> {
                        double two =
                                switch (op.rule) {
                                    case FACTOR_OFF -> 2.001;
                                    case SIGN -> -2;
                                    default -> 2;
                                };
                        for (int i = 0; i < out[0].data().length; i++) {
                            double y = in[1].data()[i];
                            out[0].data()[i] = y * y * in[2].data()[i];
                            out[1].data()[i] = two * in[0].data()[i] * y * in[2].data()[i];
                        }
                    },
                    List.of(),
                    List.of(),
                    List::of);

    @TestFactory
    List<DynamicTest> everyWrongGradientRuleTurnsTheSuiteRed() {
        List<DynamicTest> tests = new ArrayList<>();
        ReferenceEmitter emitter = new ReferenceEmitter(PRODUCT, PRODUCT_GRADIENT);
        for (Product.Rule rule : Product.Rule.values()) {
            Case c =
                    Case.of("rule", new Product(rule))
                            .in(TensorSpec.f32(3, 4))
                            .in(TensorSpec.f32(3, 4));
            tests.add(
                    DynamicTest.dynamicTest(
                            "" + rule,
                            () -> {
                                if (rule == Product.Rule.RIGHT) {
                                    KernelChecks.gradient(c, emitter);
                                } else {
                                    assertThatThrownBy(() -> KernelChecks.gradient(c, emitter))
                                            .isInstanceOfAny(
                                                    AssertionError.class, TataraException.class)
                                            .hasMessageContaining("gradient");
                                }
                            }));
        }
        return tests;
    }
}
