package io.tatara.kernels.pointwise;

import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Expressions as C text in the neutral macros: for generated kernels and for the epilogues of
 * others. The text uses the functions of {@link PointwiseFunctions}.
 */
public final class ExprSource {
    /**
     * @param statements declarations of temporaries, one a line, each subexpression once
     * @param result the variable or literal that holds the value
     */
    public record Code(String statements, String result) {}

    private ExprSource() {}

    /**
     * Statements for use where declarations are allowed.
     *
     * @param inputs the C text (of type float, read several times) for an input
     * @param uniforms the C text for a random number
     * @param prefix start of the temporaries' names
     */
    public static Code statements(
            Expr e, IntFunction<String> inputs, Function<Uniform, String> uniforms, String prefix) {
        Program p = Program.of(e);
        String[] name = new String[p.nodes.size()];
        StringBuilder s = new StringBuilder();
        for (int k = 0; k < name.length; k++) {
            Program.Node n = p.nodes.get(k);
            String[] args = new String[n.arguments().length];
            for (int j = 0; j < args.length; j++) {
                args[j] = name[n.arguments()[j]];
            }
            String text = text(n.expr(), args, inputs, uniforms);
            if (args.length == 0) {
                name[k] = text;
            } else {
                name[k] = prefix + k;
                s.append("  float ").append(name[k]).append(" = ").append(text).append(";\n");
            }
        }
        return new Code(s.toString(), name[name.length - 1]);
    }

    /**
     * One C expression, for short trees without random numbers: common subexpressions are written
     * out again.
     */
    public static String expression(Expr e, IntFunction<String> inputs) {
        String[] args =
                e.arguments().stream().map(a -> expression(a, inputs)).toArray(String[]::new);
        return text(
                e,
                args,
                inputs,
                u -> {
                    throw new IllegalArgumentException(
                            u + " in a plain expression: use statements");
                });
    }

    private static String text(
            Expr e, String[] a, IntFunction<String> inputs, Function<Uniform, String> uniforms) {
        return switch (e) {
            case Input i -> inputs.apply(i.index());
            case Constant c -> literal((float) c.value());
            case Uniform u -> uniforms.apply(u);
            case Unary u -> unary(u.op(), a[0]);
            case Binary b -> binary(b.op(), a[0], a[1]);
            case Product p -> "tatara_product(" + a[0] + ", " + a[1] + ")";
            case Select s -> "(" + a[0] + " != 0.0f ? " + a[1] + " : " + a[2] + ")";
        };
    }

    /** A float as a C literal. */
    public static String literal(float v) {
        if (Float.isNaN(v)) {
            return "AS_FLOAT(0x7fc00000u)";
        }
        if (Float.isInfinite(v)) {
            return v > 0 ? "POS_INF" : "(-POS_INF)";
        }
        return v < 0 || Float.floatToRawIntBits(v) < 0 ? "(" + v + "f)" : v + "f";
    }

    private static String unary(UnaryOp op, String x) {
        return switch (op) {
            case NEG -> "(-" + x + ")";
            case ABS -> "FABSF(" + x + ")";
            case SIGN -> "tatara_sign(" + x + ")";
            case EXP -> "EXPF(" + x + ")";
            case LOG -> "LOGF(" + x + ")";
            case SQRT -> "SQRTF(" + x + ")";
            case RSQRT -> "RSQRTF(" + x + ")";
            case RECIPROCAL -> "(1.0f / " + x + ")";
            case SQUARE -> "(" + x + " * " + x + ")";
            case TANH -> "TANHF(" + x + ")";
            case SIGMOID -> "tatara_sigmoid(" + x + ")";
            case RELU -> "tatara_relu(" + x + ")";
            case EXPM1 -> "EXPM1F(" + x + ")";
            case LOG1P -> "LOG1PF(" + x + ")";
            case ERF -> "ERFF(" + x + ")";
            case SIN -> "SINF(" + x + ")";
            case COS -> "COSF(" + x + ")";
            case FLOOR -> "FLOORF(" + x + ")";
        };
    }

    private static String binary(BinaryOp op, String x, String y) {
        return switch (op) {
            case ADD -> "(" + x + " + " + y + ")";
            case SUB -> "(" + x + " - " + y + ")";
            case MUL -> "(" + x + " * " + y + ")";
            case DIV -> "(" + x + " / " + y + ")";
            case MAX -> "tatara_max(" + x + ", " + y + ")";
            case MIN -> "tatara_min(" + x + ", " + y + ")";
            case POW -> "tatara_pow(" + x + ", " + y + ")";
            case GREATER -> "(" + x + " > " + y + " ? 1.0f : 0.0f)";
            case GREATER_EQUAL -> "(" + x + " >= " + y + " ? 1.0f : 0.0f)";
            case EQUAL -> "(" + x + " == " + y + " ? 1.0f : 0.0f)";
        };
    }
}
