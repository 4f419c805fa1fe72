package io.tatara.kernels.pointwise;

import static io.tatara.kernels.pointwise.Exprs.add;
import static io.tatara.kernels.pointwise.Exprs.exp;
import static io.tatara.kernels.pointwise.Exprs.in;
import static io.tatara.kernels.pointwise.Exprs.mul;
import static io.tatara.kernels.pointwise.Exprs.neg;
import static io.tatara.kernels.pointwise.Exprs.sub;
import static io.tatara.kernels.pointwise.Exprs.uniform;
import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Cast;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.pointwise.PointwiseCall.Argument;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which ops may be merged, and that what comes out keeps the roundings. */
class PointwiseCallTest {
    private static final TensorSpec ROWS = TensorSpec.f32(4, 6);

    private record In(String key, TensorSpec spec) {}

    private static PointwiseCall<String> call(Expr e, TensorSpec out, In... in) {
        return PointwiseCall.of(Pointwise.of(e), arguments(in), out);
    }

    private static List<Argument<String>> arguments(In... in) {
        return Arrays.stream(in).map(i -> new Argument<>(i.key, i.spec)).toList();
    }

    @Test
    void argumentsStandOnce() {
        PointwiseCall<String> first =
                call(sub(in(0), in(1)), ROWS, new In("a", ROWS), new In("b", ROWS));
        PointwiseCall<String> merged =
                call(add(in(0), in(1)), ROWS, new In("b", ROWS), new In("t", ROWS))
                        .merge("t", first);
        assertThat(merged.arguments())
                .containsExactly(new Argument<>("b", ROWS), new Argument<>("a", ROWS));
        assertThat(merged.op().expr()).hasToString("add(x0, sub(x1, x0))");
    }

    @Test
    void productsAcrossTheSeamAreRounded() {
        In a = new In("a", ROWS);
        In t = new In("t", ROWS);
        PointwiseCall<String> user = call(add(in(0), in(1)), ROWS, t, a);
        assertThat(user.merge("t", call(mul(in(0), in(0)), ROWS, a)).op().expr())
                .hasToString("add(product(x0, x0), x0)");
        PointwiseCall<String> negative = call(neg(mul(in(0), in(1))), ROWS, a, new In("b", ROWS));
        Expr e = user.merge("t", negative).op().expr();
        assertThat(e).hasToString("add(neg(product(x0, x1)), x0)");
        assertThat(ExprSource.statements(e, i -> "x" + i, u -> "", "t").statements())
                .contains("tatara_product(x0, x1)");
    }

    @Test
    void randomNumbersKeepTheirElements() {
        In seed = new In("s", TensorSpec.i32(2));
        TensorSpec flat = TensorSpec.f32(24);
        PointwiseCall<String> noise =
                call(add(in(0), uniform(1, 5)), ROWS, new In("a", ROWS), seed);
        assertThat(call(exp(in(0)), flat, new In("t", flat)).merge("t", noise).op().expr())
                .hasToString("exp(add(x0, uniform(x1, 5)))");
        TensorSpec more = TensorSpec.f32(2, 4, 6);
        assertThat(
                        call(add(in(0), in(1)), more, new In("c", more), new In("t", ROWS))
                                .merge("t", noise))
                .isNull();
    }

    @Test
    void viewsOnlyOfWhatIsNotStretched() {
        TensorSpec flat = TensorSpec.f32(24);
        PointwiseCall<String> user = call(exp(in(0)), flat, new In("t", flat));
        PointwiseCall<String> scaled =
                call(
                        mul(in(0), in(1)),
                        ROWS,
                        new In("a", ROWS),
                        new In("one", TensorSpec.f32(1, 1)));
        assertThat(user.merge("t", scaled).arguments())
                .containsExactly(
                        new Argument<>("a", flat), new Argument<>("one", TensorSpec.f32()));
        PointwiseCall<String> biased =
                call(add(in(0), in(1)), ROWS, new In("a", ROWS), new In("b", TensorSpec.f32(6)));
        assertThat(user.merge("t", biased)).isNull();
    }

    @Test
    void smallTensorsAreRepeatedWhereThatIsCheap() {
        TensorSpec row = TensorSpec.f32(6);
        PointwiseCall<String> user =
                call(add(in(0), in(1)), ROWS, new In("a", ROWS), new In("t", row));
        assertThat(user.merge("t", call(neg(in(0)), row, new In("b", row)))).isNotNull();
        assertThat(user.merge("t", call(exp(in(0)), row, new In("b", row)))).isNull();
    }

    @Test
    void numbersWhereThereWasARun() {
        PointwiseCall<String> fill = PointwiseCall.of(new Fill(ROWS, 0.1), List.of(), ROWS);
        In t = new In("t", ROWS);
        In a = new In("a", ROWS);
        assertThat(call(mul(in(0), in(1)), ROWS, a, t).merge("t", fill).op().expr())
                .isEqualTo(new Expr.Binary(BinaryOp.MUL, in(0), new Expr.Constant(0.1f)));
        assertThat(call(add(in(0), exp(in(1))), ROWS, a, t).merge("t", fill)).isNull();
        assertThat(call(exp(in(0)), ROWS, t).merge("t", fill)).isNull(); // the shape would be lost
    }

    @Test
    void typesAndSizes() {
        TensorSpec half = ROWS.withDType(DType.FLOAT16);
        assertThat(call(exp(in(0)), half, new In("a", half))).isNull();
        PointwiseCall<String> cast =
                PointwiseCall.of(
                        new Cast(DType.FLOAT32),
                        arguments(new In("i", ROWS.withDType(DType.INT32))),
                        ROWS);
        assertThat(call(exp(in(0)), ROWS, new In("t", ROWS)).merge("t", cast).arguments())
                .containsExactly(new Argument<>("i", ROWS.withDType(DType.INT32)));
        Expr sum = in(0);
        for (int i = 1; i < PointwiseCall.MOST_TERMS / 2; i++) {
            sum = add(sum, in(0));
        }
        PointwiseCall<String> longest = call(sum, ROWS, new In("t", ROWS));
        assertThat(longest.merge("t", call(exp(in(0)), ROWS, new In("a", ROWS)))).isNull();
    }
}
