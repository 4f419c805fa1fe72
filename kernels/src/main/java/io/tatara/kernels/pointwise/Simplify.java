package io.tatara.kernels.pointwise;

import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;

/**
 * A few rules, so that derivatives come out about as short as by hand. None changes a result but
 * for the sign of a zero: x * 0 stays, since x may be NaN or infinite.
 */
final class Simplify {
    private Simplify() {}

    static Expr unary(UnaryOp op, Expr x) {
        if (x instanceof Constant c) {
            return new Constant(PointwiseReference.apply(op, c.value()));
        }
        if (op == UnaryOp.NEG && x instanceof Unary u && u.op() == UnaryOp.NEG) {
            return u.x();
        }
        boolean even = op == UnaryOp.ABS || op == UnaryOp.SQUARE || op == UnaryOp.COS;
        if (even && x instanceof Unary u && u.op() == UnaryOp.NEG) {
            return unary(op, u.x());
        }
        return new Unary(op, x);
    }

    static Expr binary(BinaryOp op, Expr x, Expr y) {
        if (x instanceof Constant a && y instanceof Constant b) {
            return new Constant(PointwiseReference.apply(op, a.value(), b.value()));
        }
        return switch (op) {
            case ADD -> add(x, y);
            case SUB -> sub(x, y);
            case MUL -> mul(x, y);
            case DIV -> is(y, 1) ? x : new Binary(op, x, y);
            case POW -> pow(x, y);
            default -> new Binary(op, x, y);
        };
    }

    static Expr select(Expr c, Expr x, Expr y) {
        if (c instanceof Constant k) {
            return k.value() != 0 ? x : y;
        }
        return x.equals(y) ? x : new Select(c, x, y);
    }

    private static Expr add(Expr x, Expr y) {
        if (is(x, 0)) {
            return y;
        }
        if (is(y, 0)) {
            return x;
        }
        if (y instanceof Unary u && u.op() == UnaryOp.NEG) {
            return sub(x, u.x());
        }
        if (x instanceof Unary u && u.op() == UnaryOp.NEG) {
            return sub(y, u.x());
        }
        return new Binary(BinaryOp.ADD, x, y);
    }

    private static Expr sub(Expr x, Expr y) {
        if (is(y, 0)) {
            return x;
        }
        if (is(x, 0)) {
            return unary(UnaryOp.NEG, y);
        }
        if (y instanceof Unary u && u.op() == UnaryOp.NEG) {
            return add(x, u.x());
        }
        return new Binary(BinaryOp.SUB, x, y);
    }

    private static Expr mul(Expr x, Expr y) {
        if (x instanceof Constant && !(y instanceof Constant)) {
            return mul(y, x);
        }
        if (is(y, 1)) {
            return x;
        }
        if (is(y, -1)) {
            return unary(UnaryOp.NEG, x);
        }
        if (x.equals(y)) {
            return unary(UnaryOp.SQUARE, x);
        }
        // (x * a) * b = x * (a b), for constants a and b whose product is ordinary.
        if (y instanceof Constant b
                && x instanceof Binary m
                && m.op() == BinaryOp.MUL
                && m.y() instanceof Constant a
                && ordinary(a.value() * b.value())) {
            return mul(m.x(), new Constant(a.value() * b.value()));
        }
        return new Binary(BinaryOp.MUL, x, y);
    }

    private static Expr pow(Expr x, Expr y) {
        if (is(y, 0)) {
            return new Constant(1);
        }
        if (is(y, 1)) {
            return x;
        }
        if (is(y, 2)) {
            return unary(UnaryOp.SQUARE, x);
        }
        return is(y, -1) ? unary(UnaryOp.RECIPROCAL, x) : new Binary(BinaryOp.POW, x, y);
    }

    private static boolean is(Expr e, double v) {
        return e instanceof Constant c && c.value() == v;
    }

    private static boolean ordinary(double v) {
        double a = Math.abs(v);
        return a > 1e-20 && a < 1e20;
    }
}
