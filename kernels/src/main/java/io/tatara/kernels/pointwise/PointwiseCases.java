package io.tatara.kernels.pointwise;

import static io.tatara.kernels.TensorSpec.f32;
import static io.tatara.kernels.TensorSpec.i32;
import static io.tatara.kernels.pointwise.Exprs.add;
import static io.tatara.kernels.pointwise.Exprs.constant;
import static io.tatara.kernels.pointwise.Exprs.div;
import static io.tatara.kernels.pointwise.Exprs.dropout;
import static io.tatara.kernels.pointwise.Exprs.greater;
import static io.tatara.kernels.pointwise.Exprs.in;
import static io.tatara.kernels.pointwise.Exprs.mul;
import static io.tatara.kernels.pointwise.Exprs.scale;
import static io.tatara.kernels.pointwise.Exprs.select;
import static io.tatara.kernels.pointwise.Exprs.sigmoid;
import static io.tatara.kernels.pointwise.Exprs.sub;
import static io.tatara.kernels.pointwise.Exprs.tanh;
import static io.tatara.kernels.pointwise.Exprs.unary;
import static io.tatara.kernels.pointwise.Exprs.uniform;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The cases of this room. */
final class PointwiseCases {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final Data SPECIAL =
            Data.normal(0, 3).sprinkled(4, Double.NaN, INF, -INF, 0, -0.0, 1, -1);
    private static final Data SEED = Data.of(1234567, -89);

    private PointwiseCases() {}

    private static Case of(String name, Expr e) {
        return Case.of(name, Pointwise.of(e));
    }

    static List<Case> pointwise() {
        List<Case> c = new ArrayList<>();
        functions(c);
        activations(c);
        broadcasts(c);
        random(c);
        benches(c);
        c.add(
                of("channel of whole pieces", mul(in(0), in(1)))
                        .in(f32(2, 3, 4, 8))
                        .in(f32(3, 1, 1)));
        c.add(
                of("bias and channel of whole pieces", add(mul(in(0), in(1)), in(2)))
                        .in(f32(2, 3, 24))
                        .in(f32(3, 1))
                        .in(f32(24))
                        .noGradient());
        c.add(
                of("a million and more", add(mul(in(0), in(1)), in(2)))
                        .in(f32(1031, 1019))
                        .in(f32(1019))
                        .in(f32(1031, 1))
                        .noGradient()
                        .large());
        return Case.withHalves(
                c,
                "exp",
                "mul",
                "gates",
                "bias",
                "bias of rank 2",
                "column",
                "channel",
                "channel of whole pieces",
                "bias and channel of whole pieces",
                "scalar",
                "ints converted",
                "dropout",
                "max special",
                "one element",
                "empty");
    }

    private static void functions(List<Case> c) {
        for (UnaryOp op : UnaryOp.values()) {
            String name = op.name().toLowerCase(Locale.ROOT);
            boolean positive =
                    op == UnaryOp.LOG
                            || op == UnaryOp.SQRT
                            || op == UnaryOp.RSQRT
                            || op == UnaryOp.LOG1P;
            boolean away = op == UnaryOp.RECIPROCAL;
            Data data =
                    positive ? Data.uniform(0.2, 5) : away ? Data.uniform(0.5, 3) : Data.normal();
            c.add(of(name, unary(op, in(0))).in(f32(7, 13), data));
            c.add(of(name + " special", unary(op, in(0))).in(f32(259), SPECIAL).noGradient());
            c.add(
                    of(name + " of a product", unary(op, mul(in(0), in(1))))
                            .in(f32(5), data)
                            .in(f32(5), Data.uniform(0.5, 1)));
        }
        for (BinaryOp op : BinaryOp.values()) {
            String name = op.name().toLowerCase(Locale.ROOT);
            Expr e = new Expr.Binary(op, in(0), in(1));
            Data data =
                    op == BinaryOp.POW || op == BinaryOp.DIV ? Data.uniform(0.5, 3) : Data.normal();
            c.add(of(name, e).in(f32(3, 11), data).in(f32(3, 11), data));
            c.add(
                    of(name + " special", e)
                            .in(f32(1025), SPECIAL)
                            .in(f32(1025), SPECIAL)
                            .noGradient());
            c.add(
                    of(name + " ints", e)
                            .in(f32(40), Data.integers(0, 3))
                            .in(f32(40), Data.integers(1, 3))
                            .noGradient());
            c.add(
                    of(name + " constant", new Expr.Binary(op, in(0), constant(1.5)))
                            .in(f32(33), data));
            c.add(
                    of(name + " of constant", new Expr.Binary(op, constant(1.5), in(0)))
                            .in(f32(33), data));
        }
        Expr choice = select(greater(in(0), in(1)), in(2), scale(in(0), 3));
        c.add(
                of("rounded product", add(new Expr.Product(in(0), in(1)), in(2)))
                        .in(f32(3, 19))
                        .in(f32(19))
                        .in(f32(3, 19)));
        c.add(of("select", choice).in(f32(19)).in(f32(19)).in(f32(19)));
        c.add(
                of("select special", select(in(0), in(1), constant(2)))
                        .in(f32(50), SPECIAL)
                        .in(f32(50), SPECIAL)
                        .noGradient());
        c.add(
                of("select by a number", select(in(0), in(1), in(2)))
                        .fixed(f32(), Data.of(0))
                        .in(f32(40))
                        .in(f32(40)));
    }

    private static void activations(List<Case> c) {
        Object[][] list = {
            {"elu", Exprs.elu(in(0), 1.3)},
            {"gelu", Exprs.gelu(in(0))},
            {"gelu tanh", Exprs.geluTanh(in(0))},
            {"silu", Exprs.silu(in(0))},
            {"softplus", Exprs.softplus(in(0))},
            {"leaky relu", Exprs.leakyRelu(in(0), 0.01)},
            {"clamp", Exprs.clamp(in(0), -0.5, 0.7)},
            {"relu6", Exprs.relu6(in(0))},
            {"hard swish", Exprs.hardSwish(in(0))}
        };
        for (Object[] a : list) {
            c.add(of((String) a[0], (Expr) a[1]).in(f32(3, 37), Data.normal(0, 2)));
            c.add(
                    of(a[0] + " far", (Expr) a[1])
                            .in(f32(301), Data.uniform(-200, 200))
                            .noGradient());
        }
        // A gated cell: subexpressions shared, several registers alive.
        Expr gate = sigmoid(add(in(0), in(1)));
        Expr cell = add(mul(gate, tanh(in(2))), mul(sub(constant(1), gate), in(3)));
        c.add(of("gates", cell).in(f32(5, 31)).in(f32(31)).in(f32(5, 31)).in(f32(5, 31)));
        c.add(
                of("many blocks", cell)
                        .in(f32(3, 2111))
                        .in(f32(2111))
                        .in(f32(3, 1))
                        .in(f32(3, 2111))
                        .noGradient());
    }

    private static void broadcasts(List<Case> c) {
        Expr sum = add(in(0), scale(in(1), 2));
        Expr product = mul(in(0), in(1));
        c.add(of("bias", sum).in(f32(4, 9)).in(f32(9)));
        c.add(of("bias short rows", sum).in(f32(700, 3)).in(f32(3)).noGradient());
        c.add(of("bias long rows", sum).in(f32(5, 1500)).in(f32(1500)).noGradient());
        c.add(of("bias of rank 2", sum).in(f32(4, 9)).in(f32(1, 9)));
        c.add(of("column", product).in(f32(4, 9)).in(f32(4, 1)));
        c.add(of("column long", product).in(f32(3, 1300)).in(f32(3, 1)).noGradient());
        c.add(of("channel", product).in(f32(2, 3, 5, 4)).in(f32(3, 1, 1)));
        c.add(of("channel many", product).in(f32(3, 16, 7, 9)).in(f32(16, 1, 1)).noGradient());
        c.add(of("outer product", product).in(f32(6, 1)).in(f32(1, 7)));
        c.add(of("crossed", sum).in(f32(3, 1, 5)).in(f32(4, 1)));
        c.add(of("scalar", product).in(f32(4, 9)).in(f32()));
        c.add(of("scalar first", sub(in(0), in(1))).in(f32(1)).in(f32(4, 9)));
        c.add(of("both scalars", product).in(f32()).in(f32()));
        c.add(of("one element", sum).in(f32(1, 1)).in(f32(1)));
        c.add(of("empty", sum).in(f32(0, 9)).in(f32(9)));
        c.add(of("constant", constant(3)));
        c.add(
                Case.of("unused input gives the shape", new Pointwise(in(0), 2))
                        .in(f32(3, 1))
                        .in(f32(2, 3, 4)));
        c.add(
                Case.of("a number over a shape", new Pointwise(in(0), 2))
                        .in(f32())
                        .fixed(f32(2, 600), Data.normal()));
        c.add(of("ints converted", sum).in(f32(4, 9)).in(i32(4, 1), Data.integers(-9, 9)));
        c.add(
                of("only ints", product)
                        .in(i32(4, 9), Data.integers(-9, 9))
                        .in(i32(9), Data.integers(-9, 9))
                        .exact());
        c.add(of("an int", sum).in(f32(40)).in(i32(), Data.integers(-9, 9)));
        c.add(of("identity of ints", in(0)).in(i32(4, 9), Data.integers(-9, 9)).exact());
    }

    private static void random(List<Case> c) {
        c.add(of("dropout", dropout(in(0), 1, 0.3f)).in(f32(7, 13)).fixed(i32(2), SEED));
        c.add(
                of("dropout half exact", dropout(in(0), 1, 0.5f))
                        .in(f32(2999))
                        .fixed(i32(2), SEED)
                        .exact()
                        .noGradient());
        c.add(of("dropout of all", dropout(in(0), 1, 1)).in(f32(5, 1)).fixed(i32(2), SEED).exact());
        c.add(
                of("uniform", add(uniform(1, 7), mul(in(0), constant(0.5))))
                        .in(f32(1030), Data.constant(0))
                        .fixed(i32(2), SEED)
                        .exact()
                        .noGradient());
        c.add(
                of("noise of two streams", mul(sub(uniform(1, 0), uniform(1, -1)), in(0)))
                        .in(f32(1, 5))
                        .fixed(i32(2), SEED));
        Expr biased = dropout(Exprs.relu(add(in(0), in(1))), 2, 0.25f, 3);
        c.add(
                of("dropout of bias and relu", biased)
                        .in(f32(6, 11))
                        .in(f32(11))
                        .fixed(i32(2), SEED));
    }

    private static void benches(List<Case> c) {
        c.add(of("add", add(in(0), in(1))).in(f32(4096, 1024)).in(f32(4096, 1024)).bench());
        c.add(
                of("bias relu", Exprs.relu(add(in(0), in(1))))
                        .in(f32(4096, 1024))
                        .in(f32(1024))
                        .bench());
        c.add(
                of("bias gelu", Exprs.gelu(add(in(0), in(1))))
                        .in(f32(4096, 1024))
                        .in(f32(1024))
                        .bench());
        c.add(of("tanh", tanh(in(0))).in(f32(4096, 1024)).bench());
        c.add(
                of("dropout", dropout(in(0), 1, 0.1f))
                        .in(f32(4096, 1024))
                        .fixed(i32(2), SEED)
                        .bench());
        c.add(
                of("channel scale", mul(in(0), in(1)))
                        .in(f32(16, 64, 56, 56))
                        .in(f32(64, 1, 1))
                        .bench());
        TensorSpec half = TensorSpec.of(DType.BFLOAT16, 65536, 1024);
        TensorSpec row = TensorSpec.of(DType.BFLOAT16, 1024);
        Expr chain = mul(Exprs.gelu(add(in(0), in(1))), sigmoid(in(2)));
        c.add(
                of("bfloat16 gelu of bias, gated, 64 million", chain)
                        .in(half)
                        .in(row)
                        .in(half)
                        .bench()
                        .large());
        c.add(of("bfloat16 add 64 million", add(in(0), in(1))).in(half).in(half).bench().large());
        c.add(of("small", div(in(0), add(constant(1), in(0)))).in(f32(32, 32)).bench());
    }

    static List<Case> sumTo() {
        List<Case> c = new ArrayList<>();
        c.add(sum("rows", 33, f32(33, 5), 5));
        c.add(sum("columns", 33, f32(5, 33), 5, 1));
        c.add(sum("all", 35, f32(5, 7)));
        c.add(sum("channels", 24, f32(2, 3, 3, 4), 3, 1, 1));
        c.add(sum("both sides and ones", 30, f32(5, 2, 1, 6), 1, 2, 1, 1));
        c.add(sum("ends", 15, f32(4, 3, 2, 5), 4, 1, 2, 1));
        c.add(sum("nothing to sum", 1, f32(4, 3), 4, 3));
        c.add(sum("of nothing", 1, f32(0, 3), 3));
        c.add(sum("to nothing", 1, f32(2, 0), 0));
        c.add(sum("long column", 3001, f32(3001, 2), 2).noGradient());
        c.add(sum("long row", 20000, f32(2, 20000), 2, 1).noGradient());
        c.add(sum("wide", 3, f32(3, 2500), 2500).noGradient());
        c.add(
                Case.of("exact", new SumTo(Shape.of(7, 1)))
                        .in(f32(1100, 7, 3), Data.integers(-8, 8))
                        .exact()
                        .noGradient());
        c.add(sum("three runs", 24, f32(3, 5, 2, 7, 4), 1, 5, 1, 7, 1));
        c.add(sum("rank only", 1, f32(1, 1, 6), 6));
        c.add(sum("columns of whole pieces", 700, f32(700, 24), 24).noGradient());
        c.add(
                sum("bfloat16 columns", 700, TensorSpec.of(DType.BFLOAT16, 700, 24), 24)
                        .noGradient());
        c.add(
                sum("float16 odd columns", 700, TensorSpec.of(DType.FLOAT16, 700, 9), 9)
                        .noGradient());
        for (DType d : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
            c.add(
                    sum(d + " bias 65536x1024", 65536, TensorSpec.of(d, 65536, 1024), 1024)
                            .bench()
                            .large());
        }
        c.add(sum("bench bias", 4096, f32(4096, 1024), 1024).bench());
        return c;
    }

    private static Case sum(String name, int terms, TensorSpec x, int... target) {
        return Case.of(name, new SumTo(Shape.of(target))).in(x).reduction(terms);
    }
}
