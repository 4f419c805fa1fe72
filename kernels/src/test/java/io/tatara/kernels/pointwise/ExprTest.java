package io.tatara.kernels.pointwise;

import static io.tatara.kernels.pointwise.Exprs.add;
import static io.tatara.kernels.pointwise.Exprs.constant;
import static io.tatara.kernels.pointwise.Exprs.in;
import static io.tatara.kernels.pointwise.Exprs.mul;
import static io.tatara.kernels.pointwise.Exprs.neg;
import static io.tatara.kernels.pointwise.Exprs.sub;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import org.junit.jupiter.api.Test;

/** Simplification, derivatives and text of expressions. */
class ExprTest {
    private static final Expr X = in(0);
    private static final Expr Y = in(1);
    private static final Expr DY = in(2);

    @Test
    void equalTreesAreEqual() {
        assertThat(Exprs.gelu(X)).isEqualTo(Exprs.gelu(in(0))).hasSameHashCodeAs(Exprs.gelu(in(0)));
        assertThat(Exprs.gelu(X)).isNotEqualTo(Exprs.gelu(Y));
        assertThat(Pointwise.of(Exprs.bias())).isEqualTo(new Pointwise(add(X, Y), 2));
    }

    @Test
    void neutralElementsAndConstantsGo() {
        assertThat(mul(X, constant(1))).isEqualTo(X);
        assertThat(mul(constant(1), X)).isEqualTo(X);
        assertThat(add(constant(0), X)).isEqualTo(X);
        assertThat(sub(X, constant(0))).isEqualTo(X);
        assertThat(sub(constant(0), X)).isEqualTo(neg(X));
        assertThat(neg(neg(X))).isEqualTo(X);
        assertThat(add(X, neg(Y))).isEqualTo(sub(X, Y));
        assertThat(sub(X, neg(Y))).isEqualTo(add(X, Y));
        assertThat(Exprs.div(X, constant(1))).isEqualTo(X);
        assertThat(mul(mul(X, constant(2)), constant(3))).isEqualTo(mul(X, constant(6)));
        assertThat(Exprs.exp(constant(0))).isEqualTo(constant(1));
        assertThat(Exprs.pow(X, constant(2))).isEqualTo(Exprs.square(X));
        assertThat(Exprs.select(constant(0), X, Y)).isEqualTo(Y);
    }

    @Test
    void whatIsTooLargeOrTooDeepIsRefused() {
        Expr deep = X;
        for (int i = 0; i < 400; i++) {
            deep = new Expr.Unary(UnaryOp.TANH, deep);
        }
        assertThat(Pointwise.of(deep).infer(TensorSpec.f32(3))).containsExactly(TensorSpec.f32(3));
        for (int i = 0; i < 100_000; i++) {
            deep = new Expr.Unary(UnaryOp.TANH, deep);
        }
        Expr tooDeep = deep;
        assertThatThrownBy(() -> new Pointwise(tooDeep, 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("500 in one another");
        Expr twice = X;
        for (int i = 0; i < 60; i++) {
            twice = new Expr.Binary(BinaryOp.ADD, twice, twice);
        }
        Expr tooLarge = twice;
        assertThatThrownBy(() -> Pointwise.of(tooLarge))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("65536 terms");
    }

    @Test
    void aProductWithZeroStaysForNan() {
        assertThat(mul(X, constant(0))).isInstanceOf(Expr.Binary.class);
    }

    @Test
    void derivativesAreShort() {
        assertThat(Derivative.of(add(X, Y), 0, DY)).isEqualTo(DY);
        assertThat(Derivative.of(sub(X, Y), 1, DY)).isEqualTo(neg(DY));
        assertThat(Derivative.of(mul(X, Y), 0, DY)).isEqualTo(mul(Y, DY));
        assertThat(Derivative.of(Exprs.exp(X), 0, DY)).isEqualTo(mul(Exprs.exp(X), DY));
        assertThat(Derivative.of(X, 1, DY)).isNull();
        assertThat(Derivative.of(Exprs.unary(UnaryOp.FLOOR, X), 0, DY)).isNull();
        Expr dropped = Exprs.dropout(X, 1, 0.5f);
        assertThat(Derivative.of(dropped, 0, DY)).isEqualTo(Exprs.dropout(DY, 1, 0.5f));
    }

    /**
     * exp overflows in the branch that is not taken; its infinity must not meet the other branch's
     * zero.
     */
    @Test
    void aBranchNotTakenLeavesNoNan() {
        for (Expr e : new Expr[] {Exprs.elu(X, 1), Exprs.softplus(X), Exprs.relu(X)}) {
            Expr d = Derivative.of(e, 0, in(1));
            RefArray[] at = {scalar(1000), scalar(2)};
            RefArray got = new ReferenceEmitter().run(new Pointwise(d, 2), at)[0];
            assertThat(got.data()).as(e.toString()).containsExactly(2);
        }
    }

    @Test
    void kinksAreAsDocumented() {
        assertThat(slope(Exprs.relu(X), 0)).isZero();
        assertThat(slope(Exprs.abs(X), 0)).isZero();
        assertThat(slope(Exprs.clamp(X, 0, 1), 0)).isEqualTo(1);
        assertThat(slope(Exprs.clamp(X, 0, 1), 1)).isEqualTo(1);
        assertThat(slope(Exprs.clamp(X, 0, 1), 1.1)).isZero();
        assertThat(slope(Exprs.softplus(X), 0)).isEqualTo(0.5);
        assertThat(slope(Exprs.pow(X, constant(3)), 0)).isZero();
    }

    private static double slope(Expr e, double x) {
        Expr d = Derivative.of(e, 0, constant(1));
        return new ReferenceEmitter().run(new Pointwise(d, 1), scalar(x))[0].data()[0];
    }

    private static RefArray scalar(double v) {
        return new RefArray(TensorSpec.f32(), new double[] {v});
    }

    @Test
    void handComputedActivations() {
        assertThat(value(Exprs.gelu(X), 1)).isCloseTo(0.8413447460685429, within());
        assertThat(value(Exprs.silu(X), 2)).isCloseTo(2 / (1 + Math.exp(-2)), within());
        assertThat(value(Exprs.elu(X, 2), -1)).isCloseTo(2 * (Math.exp(-1) - 1), within());
        assertThat(value(Exprs.softplus(X), 0)).isCloseTo(Math.log(2), within());
        assertThat(value(Exprs.leakyRelu(X, 0.1), -3)).isCloseTo(-0.3, within());
        assertThat(value(Exprs.hardSwish(X), 1)).isCloseTo(4 / 6.0, within());
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(1e-12);
    }

    private static double value(Expr e, double x) {
        return new ReferenceEmitter().run(new Pointwise(e, 1), scalar(x))[0].data()[0];
    }

    @Test
    void textHasEachSubexpressionOnce() {
        Expr e = mul(Exprs.sigmoid(X), add(Exprs.sigmoid(X), constant(-2)));
        ExprSource.Code code = ExprSource.statements(e, i -> "a" + i, u -> "u", "t");
        assertThat(code.statements()).containsOnlyOnce("tatara_sigmoid(a0)");
        assertThat(code.statements()).contains("(-2.0f)");
        assertThat(code.result()).isEqualTo("t4");
        assertThat(ExprSource.expression(Exprs.relu(add(X, Y)), i -> "v" + i))
                .isEqualTo("tatara_relu((v0 + v1))");
        assertThat(ExprSource.literal(Float.NEGATIVE_INFINITY)).isEqualTo("(-POS_INF)");
    }

    @Test
    void textOfOtherSizesIsTheSame() {
        Pointwise op = Pointwise.of(add(X, Y));
        assertThat(source(op, TensorSpec.f32(4, 9), TensorSpec.f32(9)))
                .isEqualTo(source(op, TensorSpec.f32(70, 33), TensorSpec.f32(33)));
    }

    private static String source(Pointwise op, TensorSpec... in) {
        return PointwiseGpu.plan(
                        op, in, op.infer(in), io.tatara.kernels.gpu.GpuTraits.MINIMAL_OPENCL)
                .launches()
                .getFirst()
                .program()
                .source();
    }

    @Test
    void wrongCallsSayWhatIsWrong() {
        assertThatThrownBy(() -> new Pointwise(add(X, Y), 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("pointwise")
                .hasMessageContaining("x1");
        assertThatThrownBy(() -> new Pointwise(add(X, Exprs.uniform(0, 0)), 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("x0");
        Pointwise sum = Pointwise.of(add(X, Y));
        assertThatThrownBy(() -> sum.infer(TensorSpec.f32(3), TensorSpec.f32(4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'x1'");
        assertThatThrownBy(() -> sum.infer(TensorSpec.f32(3))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> sum.infer(TensorSpec.f32(3), null))
                .isInstanceOf(OpException.class);
        Pointwise drop = Pointwise.of(Exprs.dropout(X, 1, 0.5f));
        assertThatThrownBy(() -> drop.infer(TensorSpec.f32(3), TensorSpec.i32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'x1'");
        assertThatThrownBy(() -> Exprs.dropout(X, 1, 1.5f)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Exprs.clamp(X, 2, 1)).isInstanceOf(OpException.class);
    }
}
