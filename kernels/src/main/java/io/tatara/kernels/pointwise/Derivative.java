package io.tatara.kernels.pointwise;

import static io.tatara.kernels.pointwise.Exprs.abs;
import static io.tatara.kernels.pointwise.Exprs.add;
import static io.tatara.kernels.pointwise.Exprs.constant;
import static io.tatara.kernels.pointwise.Exprs.div;
import static io.tatara.kernels.pointwise.Exprs.equal;
import static io.tatara.kernels.pointwise.Exprs.exp;
import static io.tatara.kernels.pointwise.Exprs.greater;
import static io.tatara.kernels.pointwise.Exprs.greaterEqual;
import static io.tatara.kernels.pointwise.Exprs.log;
import static io.tatara.kernels.pointwise.Exprs.mul;
import static io.tatara.kernels.pointwise.Exprs.neg;
import static io.tatara.kernels.pointwise.Exprs.offset;
import static io.tatara.kernels.pointwise.Exprs.pow;
import static io.tatara.kernels.pointwise.Exprs.scale;
import static io.tatara.kernels.pointwise.Exprs.select;
import static io.tatara.kernels.pointwise.Exprs.square;
import static io.tatara.kernels.pointwise.Exprs.sub;
import static io.tatara.kernels.pointwise.Exprs.unary;

import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.HashMap;
import java.util.Map;

/**
 * Symbolic derivatives, times the gradient that arrives. That gradient enters at the leaves and a
 * {@link Select} stays outermost, so that a branch not taken cannot put its NaN into the result.
 *
 * <p>Where a function has a kink: relu passes nothing at 0; max and min give a tie's gradient to
 * the first argument; |x| passes nothing at 0.
 */
public final class Derivative {
    private final int input;
    private final Expr seed;
    private final Map<Expr, Expr> known = new HashMap<>();

    private Derivative(int input, Expr seed) {
        this.input = input;
        this.seed = seed;
    }

    /** (d e / d input) * seed, or null where e does not depend on the input (or only in steps). */
    public static Expr of(Expr e, int input, Expr seed) {
        return new Derivative(input, seed).of(e);
    }

    private Expr of(Expr e) {
        if (known.containsKey(e)) {
            return known.get(e);
        }
        Expr d =
                switch (e) {
                    case Input i -> i.index() == input ? seed : null;
                    case Constant c -> null;
                    case Uniform u -> null;
                    case Unary u -> chain(u, of(u.x()));
                    case Binary b -> chain(b, of(b.x()), of(b.y()));
                    case Product p ->
                            chain(new Binary(BinaryOp.MUL, p.x(), p.y()), of(p.x()), of(p.y()));
                    case Select s -> choose(s, of(s.x()), of(s.y()));
                };
        known.put(e, d);
        return d;
    }

    private static Expr chain(Unary e, Expr d) {
        if (d == null) {
            return null;
        }
        Expr x = e.x();
        return switch (e.op()) {
            case NEG -> neg(d);
            case ABS -> mul(unary(UnaryOp.SIGN, x), d);
            case SIGN, FLOOR -> null;
            case EXP -> mul(e, d);
            case LOG -> div(d, x);
            case SQRT -> div(scale(d, 0.5), e);
            case RSQRT -> mul(scale(mul(square(e), e), -0.5), d);
            case RECIPROCAL -> neg(mul(square(e), d));
            case SQUARE -> mul(scale(x, 2), d);
            case TANH -> mul(sub(constant(1), square(e)), d);
            case SIGMOID -> mul(mul(e, sub(constant(1), e)), d);
            case RELU -> select(greater(x, constant(0)), d, constant(0));
            case EXPM1 -> mul(offset(e, 1), d);
            case LOG1P -> div(d, offset(x, 1));
            case ERF -> mul(scale(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)), d);
            case SIN -> mul(unary(UnaryOp.COS, x), d);
            case COS -> neg(mul(unary(UnaryOp.SIN, x), d));
        };
    }

    private static Expr chain(Binary e, Expr dx, Expr dy) {
        if (dx == null && dy == null) {
            return null;
        }
        Expr x = e.x();
        Expr y = e.y();
        return switch (e.op()) {
            case ADD -> sum(dx, dy);
            case SUB -> sum(dx, dy == null ? null : neg(dy));
            case MUL -> sum(dx == null ? null : mul(y, dx), dy == null ? null : mul(x, dy));
            case DIV ->
                    sum(
                            dx == null ? null : div(dx, y),
                            dy == null ? null : neg(div(mul(e, dy), y)));
            case MAX -> select(greaterEqual(x, y), orZero(dx), orZero(dy));
            case MIN -> select(greaterEqual(y, x), orZero(dx), orZero(dy));
            case POW ->
                    sum(
                            dx == null ? null : powerBase(x, y, dx),
                            dy == null ? null : powerExponent(e, dy));
            case GREATER, GREATER_EQUAL, EQUAL -> null;
        };
    }

    /** y x^(y-1) dx; 0 where y is 0, also at x = 0. */
    private static Expr powerBase(Expr x, Expr y, Expr dx) {
        Expr d = mul(mul(y, pow(x, offset(y, -1))), dx);
        return y instanceof Constant ? d : select(equal(y, constant(0)), constant(0), d);
    }

    /** x^y log(x) dy; 0 where x is 0 and y is not negative, the limit. */
    private static Expr powerExponent(Binary e, Expr dy) {
        Expr vanishes = mul(equal(abs(e.x()), constant(0)), greaterEqual(e.y(), constant(0)));
        return select(vanishes, constant(0), mul(mul(e, log(e.x())), dy));
    }

    private static Expr choose(Select s, Expr dx, Expr dy) {
        return dx == null && dy == null ? null : select(s.c(), orZero(dx), orZero(dy));
    }

    private static Expr sum(Expr a, Expr b) {
        if (a == null) {
            return b;
        }
        return b == null ? a : add(a, b);
    }

    private static Expr orZero(Expr e) {
        return e == null ? constant(0) : e;
    }
}
