package io.tatara.kernels.pointwise;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.Erf;
import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;

/** The oracle of {@link Pointwise}: walks the tree for each element. */
final class PointwiseReference {
    private PointwiseReference() {}

    static void run(Pointwise op, RefArray[] in, RefArray[] out) {
        Shape shape = out[0].shape();
        for (int e = 0; e < out[0].data().length; e++) {
            out[0].data()[e] = evaluate(op.expr(), in, shape, e);
        }
    }

    private static double evaluate(Expr e, RefArray[] in, Shape shape, int element) {
        return switch (e) {
            case Input i -> in[i.index()].data()[place(in[i.index()].shape(), shape, element)];
            case Constant c -> c.value();
            case Unary u -> apply(u.op(), evaluate(u.x(), in, shape, element));
            case Binary b ->
                    apply(
                            b.op(),
                            evaluate(b.x(), in, shape, element),
                            evaluate(b.y(), in, shape, element));
            case Product p ->
                    evaluate(p.x(), in, shape, element) * evaluate(p.y(), in, shape, element);
            case Select s ->
                    evaluate(s.c(), in, shape, element) != 0
                            ? evaluate(s.x(), in, shape, element)
                            : evaluate(s.y(), in, shape, element);
            case Uniform u -> {
                double[] seed = in[u.input()].data();
                yield Philox.uniform((int) seed[0], (int) seed[1], u.stream(), element);
            }
        };
    }

    /** Where the output's element stands in an input that was broadcast. */
    static int place(Shape input, Shape output, int element) {
        int[] strides = input.strides();
        int at = 0;
        for (int d = output.rank() - 1, a = input.rank() - 1; a >= 0; d--, a--) {
            int coordinate = element % output.dim(d);
            element /= output.dim(d);
            at += input.dim(a) == 1 ? 0 : coordinate * strides[a];
        }
        return at;
    }

    static double apply(UnaryOp op, double x) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SQUARE -> x * x;
            case TANH -> Math.tanh(x);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case RELU -> Math.max(x, 0);
            case EXPM1 -> Math.expm1(x);
            case LOG1P -> Math.log1p(x);
            case ERF -> Erf.erf(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case FLOOR -> Math.floor(x);
        };
    }

    static double apply(BinaryOp op, double x, double y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
            case POW -> Math.pow(x, y);
            case GREATER -> x > y ? 1 : 0;
            case GREATER_EQUAL -> x >= y ? 1 : 0;
            case EQUAL -> x == y ? 1 : 0;
        };
    }
}
